"""Kinds that are the bodies of subresources alone: no resource of a cluster is of them.

Invariant: a subresource that is not named here takes and gives the object that it is of.
"""

from collections.abc import Mapping
from typing import Final

from msgspec.structs import replace

from virtslo.model.kubernetes.resources import Resource
from virtslo.model.kubernetes.review_resources import TOKEN_REQUESTS

BINDINGS: Final = Resource("", "v1", "bindings", "Binding")
EVICTIONS: Final = Resource("policy", "v1", "evictions", "Eviction")
OLD_EVICTIONS: Final = replace(EVICTIONS, version="v1beta1")
"""Taken although no other kind of that version is served any more."""
SCALES: Final = Resource("autoscaling", "v1", "scales", "Scale")

BODIES: Final[Mapping[str, Resource]] = {
    "scale": SCALES,
    "binding": BINDINGS,
    "eviction": EVICTIONS,
    "token": TOKEN_REQUESTS,
}
"""By subresource."""
