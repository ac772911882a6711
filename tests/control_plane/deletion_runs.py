"""Deletions on a real plane, made again and again: how far runs of one plane differ.

Invariant: virt-controller, virt-api and Kubernetes are the real ones; nodes are hollow, as many as
the reference had, and each step of theirs takes as long as the reference recorded it. A run is what
virt-controller sent, counted from the audit log.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from control_plane.calls import AuditLog
from control_plane.hollow_nodes import hollow_nodes, reference_profile
from control_plane.kubevirt import RealKubeVirt, apply
from control_plane.plane import ControlPlane
from control_plane.side_by_side import (
    RESYNC_SECONDS,
    all_run,
    loads_namespace,
    per_object,
)
from support.hollow_clusters import NAMESPACE
from support.reference_runs import LOADERS, SETTLE_SECONDS, bodies_of
from virtslo.model import resources
from virtslo.model.identifiers import Object
from virtslo.model.profile import Distribution, Profile
from virtslo.ports.kube_api import KubeApi, Selection

COLUMNS: Final[Mapping[str, tuple[str, int, float]]] = {
    "VMI ×30": ("vmi", 30, 1.0),
    "VMI ×100": ("vmi", 100, 0.0),
    "VM ×30": ("vm", 30, 1.0),
}
"""Kind, count, and seconds between creates, by column of the comparison."""
NODES: Final = 50
RECORDED: Final = {
    "pod_start": (0.19, 0.43),
    "domain_define": (0.08, 0.24),
    "boot": (0.08, 0.24),
    "shutdown": (0.25, 0.41),
    "pod_stop": (0.52, 0.87),
}
"""Seconds, from the shortest to the longest that was recorded one at a time."""
WAIT_SECONDS: Final = 0.3
LONGEST_SECONDS: Final = 600


def recorded_profile() -> Profile:
    """Nodes whose steps take as long as the recorded ones."""
    profile = reference_profile()
    delays = {
        name: Distribution(shape="uniform", low=low, high=high)
        for name, (low, high) in RECORDED.items()
    }
    return replace(profile, delays={**profile.delays, **delays})


async def deletion_runs(
    folder: Path, columns: Sequence[str]
) -> AsyncIterator[tuple[str, Mapping[str, float]]]:
    """Make a run for each name of a column, in this order, on one plane."""
    plane = ControlPlane(folder)
    real = RealKubeVirt(plane)
    try:
        await plane.start()
        await real.start()
        nodes = hollow_nodes(
            plane,
            nodes=NODES,
            kubevirt=real,
            with_virt_controller=False,
            profile=recorded_profile(),
        )
        async with nodes, plane.connect("loader", "system:masters", agent="loader/1") as api:
            await apply(api, loads_namespace())
            await asyncio.sleep(RESYNC_SECONDS)
            log = AuditLog(plane.audit_log)
            for column in columns:
                async with asyncio.timeout(LONGEST_SECONDS):
                    calls = await _run(api, log, *COLUMNS[column])
                yield column, calls
    finally:
        real.stop()
        plane.stop()


async def _run(
    api: KubeApi, log: AuditLog, kind: str, count: int, every: float
) -> Mapping[str, float]:
    """Create, settle and delete; virt-controller's writes of the deletion, per object."""
    resource, bodies = bodies_of(kind, count)
    gate = asyncio.Semaphore(1 if every else LOADERS)

    async def create(body: Object) -> None:
        async with gate:
            await api.create(resource, body, namespace=NAMESPACE)
            await asyncio.sleep(every)

    await asyncio.gather(*map(create, bodies))
    while not await all_run(api, count):  # noqa: ASYNC110  other processes
        await asyncio.sleep(WAIT_SECONDS)
    await asyncio.sleep(SETTLE_SECONDS)
    log.read()
    gate = asyncio.Semaphore(LOADERS)

    async def delete(name: str) -> None:
        async with gate:
            await api.delete(resource, name, namespace=NAMESPACE)

    await asyncio.gather(*(delete(body["metadata"]["name"]) for body in bodies))
    for each in (resource, resources.VMIS, resources.PODS):
        while (await api.list_objects(each, Selection(NAMESPACE))).items:  # noqa: ASYNC110
            await asyncio.sleep(WAIT_SECONDS)
    await asyncio.sleep(SETTLE_SECONDS)
    return per_object(log.read(), count)
