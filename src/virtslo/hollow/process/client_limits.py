"""What a KubeVirt object sets for its components, followed at run time: client limits, migrations.

Invariant: a component whose client limits change gets a new, full token bucket; what the object
says nothing of has KubeVirt's default.
"""

from typing import Any

from virtslo.hollow.process.component import DEFAULT_LIMITS, Component
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes import resources
from virtslo.model.kubernetes.client_limits import LIMIT_KEYS
from virtslo.model.simulated.profile import ComponentLimits, MigrationLimits


def follow_limits(component: Component) -> None:
    """Keep a component's client as its KubeVirt object says."""

    def seen(before: Object | None, after: Object | None) -> None:
        component.kubevirt = after
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
    found = _at(kubevirt, key, "restClient", "rateLimiter", "tokenBucketRateLimiter")
    if "qps" not in found:
        return default
    return ComponentLimits(float(found["qps"]), int(found.get("burst", 0)))


def migration_limits(kubevirt: Object | None) -> MigrationLimits:
    """How many migrations there may be at once by a KubeVirt object."""
    found = _at(kubevirt or {}, "migrations")
    default = MigrationLimits()
    return MigrationLimits(
        int(found.get("parallelMigrationsPerCluster", default.parallel_per_cluster)),
        int(found.get("parallelOutboundMigrationsPerNode", default.parallel_outbound_per_node)),
    )


def _at(kubevirt: Object, *path: str) -> Any:
    """The mapping at a path of the object's configuration; empty where there is none."""
    found: Any = (kubevirt.get("spec") or {}).get("configuration") or {}
    for part in path:
        found = found.get(part) or {}
    return found
