"""The client limits that a KubeVirt object sets for its components, followed at run time.

Invariant: a component whose limits change gets a new, full token bucket; one that the object says
nothing of has KubeVirt's default.
"""

from typing import Any

from virtslo.hollow.process.component import DEFAULT_LIMITS, Component
from virtslo.model import resources
from virtslo.model.client_limits import LIMIT_KEYS
from virtslo.model.identifiers import Object
from virtslo.model.profile import ComponentLimits


def follow_limits(component: Component) -> None:
    """Keep a component's client as its KubeVirt object says."""

    def seen(before: Object | None, after: Object | None) -> None:
        limits = limits_of(after, component.identity.component)
        if limits != component.limits:
            component.set_limits(limits)

    component.watch(resources.KUBEVIRTS).when_seen(seen)


def limits_of(kubevirt: Object | None, component: str) -> ComponentLimits | None:
    """A component's client limits by a KubeVirt object."""
    key = LIMIT_KEYS.get(component)
    default = DEFAULT_LIMITS.get(component)
    if kubevirt is None or key is None:
        return default
    found: Any = (kubevirt.get("spec") or {}).get("configuration") or {}
    for part in (key, "restClient", "rateLimiter", "tokenBucketRateLimiter"):
        found = found.get(part) or {}
    if "qps" not in found:
        return default
    return ComponentLimits(float(found["qps"]), int(found.get("burst", 0)))
