"""A KubeVirt on a real control plane: the real one with hollow nodes, or `virtslo hollow`.

Invariant: whoever asked for one has it working while the context is open, and nothing of it runs
afterwards.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from control_plane.binaries import programs
from control_plane.commands import Shown, account, end, start
from virtslo.model.identifiers import RUN_LABEL
from virtslo.model.kubernetes.resources import NAMESPACES, VMIS
from virtslo.plane.control_plane import ControlPlane
from virtslo.plane.hollow_nodes import hollow_nodes
from virtslo.plane.kubevirt import RealKubeVirt
from virtslo.ports.kube_api import KubeApi, Selection

RESYNC_SECONDS = 32
"""The garbage collector learns of new kinds every 30 s and is busy until then."""


@asynccontextmanager
async def real(
    plane: ControlPlane, *, nodes: int = 4, is_endangered: bool = False
) -> AsyncIterator[RealKubeVirt]:
    """KubeVirt's own components, at rest: the garbage collector has learnt of its kinds.

    Endangered: what ends is started again, as a kubelet would, and nothing is waited for.
    """
    kubevirt = RealKubeVirt(plane, programs())
    try:
        await kubevirt.start()
        async with (
            hollow_nodes(plane, nodes=nodes, kubevirt=kubevirt),
            asyncio.TaskGroup() as group,
        ):
            if is_endangered:
                watching = group.create_task(kubevirt.watch_over())
                yield kubevirt
                watching.cancel()
            else:
                await asyncio.sleep(RESYNC_SECONDS)
                yield kubevirt
    finally:
        kubevirt.stop()


@asynccontextmanager
async def hollow(plane: ControlPlane, *, nodes: int = 4) -> AsyncIterator[Path]:
    """The command at work; yields the kubeconfig of the shipped service account."""
    admin = plane.kubeconfig("admin", "system:masters")
    process = await start(admin, "hollow", "--nodes", str(nodes), "--install-crds", "--yes")
    assert process.stderr is not None
    told = b""
    while b"playing" not in told:
        line = await asyncio.wait_for(process.stderr.readline(), 120)
        assert line, told.decode()
        told += line
    shown: Shown | None = None
    try:
        yield await account(plane)
    finally:
        shown = await end(process)
    assert shown.code == 0, shown.err
    assert "nothing of it is left" in shown.err


async def labelled(api: KubeApi) -> list[str]:
    """What carries a run's label."""
    selection = Selection(label_selector=RUN_LABEL)
    found = [await api.list_objects(resource, selection) for resource in (VMIS, NAMESPACES)]
    return [item["metadata"]["name"] for page in found for item in page.items]
