"""KubeVirt's own virt-controller and the hollow one, measured one after another on a real plane.

Invariant: all but virt-controller is the same: the API server, virt-api and its webhooks, the
hollow nodes, the load. A run is its calls, counted from the audit log; tables are means of runs.
"""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import mean
from typing import Any, Final

from control_plane.binaries import programs
from control_plane.calls import AuditLog, Call
from support.hollow_clusters import NAMESPACE
from support.reference_runs import LOADERS, SETTLE_SECONDS, bodies_of
from virtslo.model.identifiers import RUNNING, Object
from virtslo.model.kubernetes import resources
from virtslo.model.simulated.profile import Profile
from virtslo.plane.control_plane import ControlPlane
from virtslo.plane.hollow_nodes import hollow_nodes
from virtslo.plane.installing import apply
from virtslo.plane.kubevirt import RealKubeVirt
from virtslo.ports.kube_api import KubeApi, Selection

COUNT: Final = 30
NODES: Final = 10
Kind = tuple[str, str, float]
KINDS: Final[tuple[Kind, ...]] = (
    ("vmi", "VMI", 1.0),
    ("vm", "VM", 1.0),
    ("pool", "VMPool", 0.0),
    ("replica set", "VMIRS", 0.0),
)
"""Kind, name in the table, seconds between creates."""
PARTS: Final = (("created", "Creation to Running"), ("deleted", "Deletion to gone"))
RESYNC_SECONDS: Final = 34
_LEFT_OUT: Final = frozenset({"leases", "nodes", "nodes/status", "subjectaccessreviews"})

Run = Mapping[str, Mapping[str, Mapping[str, float]]]
"""Calls per object: kind, part, `VERB resource|code`."""


async def measure(
    folder: Path, *, hollow: bool, kinds: Sequence[Kind] = KINDS, count: int = COUNT
) -> Run:
    """One run of each kind, so many objects, on a plane of its own."""
    async with loaded(folder, nodes=NODES, hollow=hollow) as (api, log):
        return {kind: await make_run(api, log, kind, count, every) for kind, _, every in kinds}


@asynccontextmanager
async def loaded(
    folder: Path, *, nodes: int, hollow: bool, profile: Profile | None = None
) -> AsyncIterator[tuple[KubeApi, AuditLog]]:
    """A real plane at rest, with hollow nodes and either virt-controller: a connection for the load
    and the plane's audit log."""
    plane = ControlPlane(folder, programs())
    real = RealKubeVirt(plane, programs())
    try:
        await plane.start()
        await real.start()
        if hollow:
            real.processes["virt-controller"].stop()
        async with (
            hollow_nodes(
                plane, nodes=nodes, kubevirt=real, with_virt_controller=hollow, profile=profile
            ),
            plane.connect("loader", "system:masters", agent="loader/1") as api,
        ):
            await apply(api, _namespace())
            await asyncio.sleep(RESYNC_SECONDS)
            yield api, AuditLog(plane.audit_log)
    finally:
        real.stop()
        plane.stop()


async def make_run(
    api: KubeApi, log: AuditLog, kind: str, count: int, every: float
) -> dict[str, dict[str, float]]:
    """Create, one `every` seconds or many at once, settle and delete: the calls of both parts."""
    resource, bodies = bodies_of(kind, count)
    creates = asyncio.Semaphore(1 if every else LOADERS)
    deletes = asyncio.Semaphore(LOADERS)

    async def create(body: Object) -> None:
        async with creates:
            await api.create(resource, body, namespace=NAMESPACE)
            await asyncio.sleep(every)

    async def delete(name: str) -> None:
        async with deletes:
            await api.delete(resource, name, namespace=NAMESPACE)

    log.read()
    await asyncio.gather(*map(create, bodies))
    while not await _all_run(api, count):  # noqa: ASYNC110  other processes
        await asyncio.sleep(0.3)
    await asyncio.sleep(SETTLE_SECONDS)
    created = per_object(log.read(), count)
    await asyncio.gather(*(delete(body["metadata"]["name"]) for body in bodies))
    for each in (resource, resources.VMIS, resources.PODS):
        while (await api.list_objects(each, Selection(NAMESPACE))).items:  # noqa: ASYNC110
            await asyncio.sleep(0.3)
    await asyncio.sleep(SETTLE_SECONDS)
    return {"created": created, "deleted": per_object(log.read(), count)}


async def _all_run(api: KubeApi, count: int) -> bool:
    vmis = (await api.list_objects(resources.VMIS, Selection(NAMESPACE))).items
    phases = [(item.get("status") or {}).get("phase") for item in vmis]
    return len(phases) == count and set(phases) == {RUNNING}


def per_object(calls: Counter[Call], count: int) -> dict[str, float]:
    """virt-controller's writes, per object."""
    return {
        f"{call.verb.upper()} {call.resource}|{call.code}": number / count
        for call, number in sorted(calls.items())
        if call.component == "virt-controller"
        and call.verb not in {"get", "list", "watch"}
        and call.resource not in _LEFT_OUT
    }


def markdown(real: Sequence[Run], hollow: Sequence[Run]) -> str:
    """Both tables."""
    return "\n".join(line for part, title in PARTS for line in _table(part, title, real, hollow))


def _table(part: str, title: str, real: Sequence[Run], hollow: Sequence[Run]) -> Iterator[str]:
    heads = " | ".join(f"{name} real | hollow" for _, name, _ in KINDS)
    yield from (f"### {title}", "", f"| call | code | {heads} |", "|---" * 10 + "|")
    rows = {row for run in (*real, *hollow) for kind in run.values() for row in kind[part]}
    for row in sorted(rows, key=lambda row: (row.split(" ")[1], row)):
        cells = [
            _cell([run[kind][part].get(row, 0.0) for run in runs])
            for kind, _, _ in KINDS
            for runs in (real, hollow)
        ]
        yield f"| {' | '.join([*row.split('|'), *cells])} |"
    yield ""


def _cell(values: Iterable[float]) -> str:
    value = mean(values)
    return f"{value:.2f}" if value else "–"


def read_runs(folder: Path, which: str) -> list[Run]:
    """The runs kept in a folder."""
    files = sorted(folder.glob(f"{which}-*.json"))
    return [json.loads(file.read_text(encoding="utf-8")) for file in files]


def _namespace() -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
