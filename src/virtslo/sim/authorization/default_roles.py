"""The roles and bindings that every cluster with KubeVirt begins with.

Invariant: they are those of a real control plane, as Kubernetes and KubeVirt install them
(`tools/default_roles.py` reads them); roles of namespaces that are not there are left out.
"""

from collections.abc import Iterator
from functools import cache
from importlib import resources as files
from typing import Final

import msgspec

from virtslo.model.identifiers import Object
from virtslo.model.kubernetes import resources
from virtslo.model.kubernetes.access_resources import ACCESS
from virtslo.model.kubernetes.resources import Resource
from virtslo.sim.storage.object_store import ObjectStore, key_of

_BY_KIND: Final = {resource.kind: resource for resource in ACCESS}


def default_roles(store: ObjectStore) -> Iterator[tuple[Resource, Object]]:
    """What a store lacks of them, for the namespaces that it has."""
    for role in _read():
        resource, key = _BY_KIND[role["kind"]], key_of(role)
        has_place = not key[0] or store.get(resources.NAMESPACES, ("", key[0])) is not None
        if has_place and store.get(resource, key) is None:
            yield resource, role


@cache
def _read() -> tuple[Object, ...]:
    text = files.files("virtslo.sim.authorization").joinpath("default_roles.json").read_bytes()
    return tuple(msgspec.json.decode(text))
