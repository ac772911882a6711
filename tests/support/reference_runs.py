"""The runs of the reference, made on the simulated cluster: create, settle, delete, count.

Counts are the simulated API server's audit log, per VMI: what its clients sent, whatever they
say themselves.
"""

import asyncio
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from support.hollow_clusters import (
    NAMESPACE,
    Hollow,
    in_hollow_cluster,
    pool,
    replica_set,
    vm,
    vmi,
)
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes import resources
from virtslo.model.kubernetes.resources import Resource
from virtslo.ports.kube_api import Selection

LOADERS = 16
"""Creates and deletes at once, as in the reference's bursts."""
SETTLE_SECONDS = 6.0

Counts = Mapping[tuple[str, str], float]
"""Calls per VMI by (component, `verb resource code`)."""


@dataclass(frozen=True, slots=True)
class ReferenceRun:
    """What one run showed."""

    created: Counts
    deleted: Counts
    running_seconds: float
    """From the first create until every VMI was Running."""
    gone_seconds: float
    """From the first delete until nothing was left."""
    latencies: Sequence[float]
    """Of each VMI, seconds from its creation to Running as a watch tells them, in order of size."""

    def latency(self, share: float) -> float:
        """The latency that so many, as a share, do not exceed."""
        return self.latencies[max(0, math.ceil(share * len(self.latencies)) - 1)]


def reference_run(
    kind: str, count: int, *, every: float = 0.0, seed: int = 1, is_deleted: bool = True
) -> ReferenceRun:
    """Create, settle and delete `count` VMIs' worth of a kind, all together or one `every`.

    A run is made once in a session, however its arguments are written. Without a deletion it ends
    when the creation has settled.
    """
    return _run(kind, count, every, seed, is_deleted)


@cache
def _run(kind: str, count: int, every: float, seed: int, is_deleted: bool) -> ReferenceRun:
    async def test(hollow: Hollow) -> ReferenceRun:
        await asyncio.sleep(5)
        resource, bodies = bodies_of(kind, count)
        latencies: list[float] = []
        hollow.audit_log.clear()
        start_ns = hollow.clock.now_ns()
        async with asyncio.timeout(600), asyncio.TaskGroup() as group:
            group.create_task(_time(hollow, count, latencies))
            await _create(hollow, resource, bodies, every)
        running = (hollow.clock.now_ns() - start_ns) / 1e9
        await asyncio.sleep(SETTLE_SECONDS)
        created = counts(hollow.audit_log, count)
        if not is_deleted:
            return ReferenceRun(created, {}, running, math.nan, sorted(latencies))
        hollow.audit_log.clear()
        start_ns = hollow.clock.now_ns()
        await _delete(hollow, resource, bodies)
        await hollow.until(lambda: _all_gone(hollow, resource), seconds=600)
        gone = (hollow.clock.now_ns() - start_ns) / 1e9
        await asyncio.sleep(SETTLE_SECONDS)
        deleted = counts(hollow.audit_log, count)
        return ReferenceRun(created, deleted, running, gone, sorted(latencies))

    return in_hollow_cluster(test, profile="two-core", nodes=50, seed=seed)


async def _time(hollow: Hollow, count: int, latencies: list[float]) -> None:
    """Note how long each VMI takes from creation to Running; return when so many are."""
    created_ns: dict[str, int] = {}
    running: set[str] = set()
    async with hollow.api.watch(resources.VMIS, Selection(NAMESPACE)) as watch:
        async for event in watch:
            uid = event.object["metadata"].get("uid", "")
            created_ns.setdefault(uid, event.received_ns)
            phase = (event.object.get("status") or {}).get("phase")
            if phase == "Running" and uid not in running:
                running.add(uid)
                latencies.append((event.received_ns - created_ns[uid]) / 1e9)
            if len(running) == count:
                return


def counts(audit_log: Sequence[Mapping[str, Any]], count: int) -> Counts:
    """Calls per VMI of every component; the load's own, lists, watches and leases left out."""
    found: Counter[tuple[str, str]] = Counter()
    for line in audit_log:
        component = line["userAgent"].split("/")[0]
        reference = line["objectRef"]
        if component == "loader" or line["verb"] in {"list", "watch"}:
            continue
        resource = reference["resource"]
        if resource in {"leases", "nodes"}:
            continue
        if reference.get("subresource"):
            resource = f"{resource}/{reference['subresource']}"
        code = line["responseStatus"]["code"]
        found[component, f"{line['verb']} {resource} {code}"] += 1
    return {key: calls / count for key, calls in sorted(found.items())}


def bodies_of(kind: str, count: int) -> tuple[Resource, list[Object]]:
    """What is created for so many VMIs' worth of a kind. Raises ValueError."""
    match kind:
        case "vmi":
            return resources.VMIS, [vmi(f"vmi-{index:05d}") for index in range(count)]
        case "vm":
            return resources.VMS, [vm(f"vm-{index:05d}") for index in range(count)]
        case "pool":
            return resources.VM_POOLS, [pool("vmpool-00000", count)]
        case "replica set":
            return resources.VMI_REPLICA_SETS, [replica_set("vmirs-00000", count)]
    raise ValueError(kind)


async def _create(
    hollow: Hollow, resource: Resource, bodies: Sequence[Object], every: float
) -> None:
    gate = asyncio.Semaphore(LOADERS)

    async def one(body: Object) -> None:
        async with gate:
            await hollow.api.create(resource, body, namespace=NAMESPACE)

    if every:
        for body in bodies:
            await one(body)
            await asyncio.sleep(every)
        return
    async with asyncio.TaskGroup() as group:
        for body in bodies:
            group.create_task(one(body))


async def _delete(hollow: Hollow, resource: Resource, bodies: Sequence[Object]) -> None:
    gate = asyncio.Semaphore(LOADERS)

    async def one(body: Object) -> None:
        async with gate:
            name = body["metadata"]["name"]
            await hollow.api.delete(resource, name, namespace=NAMESPACE)

    async with asyncio.TaskGroup() as group:
        for body in bodies:
            group.create_task(one(body))


async def _all_gone(hollow: Hollow, resource: Resource) -> bool:
    for kind in (resource, resources.VMIS, resources.PODS):
        if await hollow.list_objects(kind):
            return False
    return True
