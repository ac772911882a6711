"""A real control plane that fails in the middle of a stage: nothing lost, nothing counted twice.

Whatever happens, a run is valid, or inconclusive with a reason, and nothing of it is left behind.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from control_plane.commands import account, finish, start
from control_plane.hollow_nodes import hollow_nodes
from control_plane.kubevirt import RealKubeVirt
from control_plane.plane import ControlPlane
from control_plane.test_hollow import labelled
from support.processes import current_header, until_stage

LOG = logging.getLogger(__name__)
COUNT = 10
STAGES = ["warm_up", "ramp_up", "ramp_down"]
RUN = (
    "run",
    "burst",
    "--count",
    str(COUNT),
    "--yes",
    "--settle",
    "2s",
    "--timeout",
    "90s",
    "--format",
    "json",
)
Fault = Callable[[ControlPlane, RealKubeVirt], Awaitable[None]]


async def api_server_is_killed(plane: ControlPlane, _: RealKubeVirt) -> None:
    plane.api_server.kill()
    await asyncio.sleep(2)
    plane.api_server.start()
    await plane.wait_until_ready()


async def etcd_stands_still(plane: ControlPlane, _: RealKubeVirt) -> None:
    plane.etcd.pause()
    await asyncio.sleep(4)
    plane.etcd.go_on()


async def virt_controller_is_killed(_: ControlPlane, kubevirt: RealKubeVirt) -> None:
    controller = kubevirt.processes["virt-controller"]
    controller.kill()
    controller.start()


FAULTS: list[Fault] = [
    api_server_is_killed,
    etcd_stands_still,
    virt_controller_is_killed,
]


@asynccontextmanager
async def kubevirt(plane: ControlPlane) -> AsyncIterator[RealKubeVirt]:
    real = RealKubeVirt(plane)
    try:
        await real.start()
        async with hollow_nodes(plane, nodes=4, kubevirt=real), asyncio.TaskGroup() as group:
            watching = group.create_task(real.watch_over())
            yield real
            watching.cancel()
    finally:
        real.stop()


@pytest.mark.timeout(1500)
def test_no_fault_in_any_stage_loses_an_object_or_leaves_one(
    plane: ControlPlane, tmp_path: Path
) -> None:
    async def main() -> None:
        async with kubevirt(plane) as real:
            kubeconfig = await account(plane, counters=True)
            for fault in FAULTS:
                for stage in STAGES:
                    name = f"{fault.__name__} in {stage}"
                    folder = folder_with(kubeconfig, tmp_path / fault.__name__ / stage)
                    told = await endure(plane, real, fault, stage, folder)
                    LOG.info("%s: %s", name, told)

    asyncio.run(main())


def folder_with(kubeconfig: Path, folder: Path) -> Path:
    """A folder for one run, with the kubeconfig in it."""
    folder.mkdir(parents=True)
    (folder / "account.yaml").write_bytes(kubeconfig.read_bytes())
    return folder


async def endure(
    plane: ControlPlane,
    real: RealKubeVirt,
    fault: Fault,
    stage: str,
    folder: Path,
) -> str:
    """One run with one fault; returns its outcome in words."""
    process = await start(folder / "account.yaml", *RUN)
    waiting = asyncio.ensure_future(finish(process))
    await until_stage(folder, stage)
    await fault(plane, real)
    shown = await waiting

    header = current_header(folder)
    place = f"{fault.__name__} in {stage}: {shown.err[-3000:]}"
    async with plane.admin() as api:
        left = await labelled(api)
    assert left == [], f"{place}\n{header['left_behind']}"
    assert header["left_behind"] == [], place
    assert shown.code in {0, 3, 4}, place
    if shown.code == 3:
        assert header["status"] == "failed", place
        return f"could not run: {shown.err.splitlines()[-1]}"
    assert_nothing_lost_or_counted_twice(shown.document, place)
    codes = sorted({each["code"] for each in shown.document["data_quality"]})
    if shown.code == 4:
        assert codes, f"inconclusive for no reason: {place}"
    return f"{'valid' if shown.code == 0 else 'inconclusive'}: {', '.join(codes) or 'no finding'}"


def assert_nothing_lost_or_counted_twice(document: Any, place: str) -> None:
    created = document["tables"]["creation_rate"]["burst"]["vmi"]["samples"]
    running = [
        each["samples"]
        for each in document["indicators"]
        if each["name"] == "vmi_creation_to_running_seconds"
    ]
    assert created <= COUNT, place
    assert all(samples == created for samples in running), (created, running, place)
