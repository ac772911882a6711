"""A real control plane that fails in the middle of a stage: nothing lost, nothing counted twice.

Whatever happens, a run is valid, or inconclusive with a reason, and nothing of it is left behind.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from control_plane.clusters import real
from control_plane.commands import account
from control_plane.endurance import (
    BURST,
    PACED,
    STAGES,
    STEADY,
    endure,
    folder_with,
    in_every_stage,
    until_stage,
)
from control_plane.flow_control import closed, limited, refused, refused_in_audit_log
from virtslo.plane.control_plane import ControlPlane
from virtslo.plane.kubevirt import RealKubeVirt

LOG = logging.getLogger(__name__)
MANY = 60
HOLD_SECONDS = 3
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


@dataclass(frozen=True, slots=True)
class Storm:
    """When priority and fairness refuses what: from a stage on, until it hit the stage that is
    meant."""

    hits: str
    begins: str | None
    load: dict[str, Any]
    verbs: Sequence[str] = ("*",)


STORMS = [
    # Deletions go at once: they must be refused before the stage, or the run, begins.
    Storm("warm_up", None, BURST, verbs=("delete",)),
    Storm("ramp_up", "ramp_up", PACED),
    Storm("churn", "churn", STEADY),
    Storm("ramp_down", "ramp_up", BURST, verbs=("delete",)),
]


@pytest.mark.timeout(1500)
async def test_no_fault_in_any_stage_loses_an_object_or_leaves_one(
    plane: ControlPlane, tmp_path: Path
) -> None:
    async with real(plane, is_endangered=True) as kubevirt:
        kubeconfig = await account(plane)
        for storm in STORMS:
            await weather(plane, storm, kubeconfig, tmp_path / "storm" / storm.hits)
        await be_one_of_many(plane, kubeconfig, tmp_path / "many")
        for fault in FAULTS:
            folder = folder_with(kubeconfig, tmp_path / fault.__name__, load=STEADY)
            strike = partial(fault, plane, kubevirt)
            outcome = await endure(plane, folder, in_every_stage(STAGES, strike))
            LOG.info("%s: %s", fault.__name__, outcome)


async def weather(plane: ControlPlane, storm: Storm, kubeconfig: Path, folder: Path) -> None:
    """Every request is refused for a while: 429, as the server itself counts and audits."""
    folder_with(kubeconfig, folder, load=storm.load)
    before = await refused(plane), refused_in_audit_log(plane)

    async def happening(folder: Path) -> None:
        if storm.begins is not None:
            await until_stage(folder, storm.begins)
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(closed(plane, verbs=storm.verbs))
            await until_stage(folder, storm.hits)
            while await refused(plane) == before[0]:  # noqa: ASYNC110  the server's own counter
                await asyncio.sleep(0.2)
            await asyncio.sleep(HOLD_SECONDS)

    outcome = await endure(plane, folder, happening)
    counted, audited = (
        (await refused(plane)) - before[0],
        refused_in_audit_log(plane) - before[1],
    )
    LOG.info("429 in %s, %d times: %s", storm.hits, counted, outcome)
    assert counted == audited > 0
    struck = [each for each in outcome.record.operations if each.code == 429]
    assert {each.stage for each in struck} == {storm.hits}, outcome
    refused_creates = [each for each in struck if each.verb == "create" and each.stage != "warm_up"]
    assert outcome.shown.code == (4 if refused_creates else 0), outcome


async def be_one_of_many(plane: ControlPlane, kubeconfig: Path, folder: Path) -> None:
    """A few seats for a burst: some requests are refused, some not, and each is accounted for."""
    folder_with(kubeconfig, folder, load=BURST, count=MANY)
    before = await refused(plane), refused_in_audit_log(plane)
    async with limited(plane, shares=1):

        async def nothing(_: Path) -> None: ...

        outcome = await endure(plane, folder, nothing)
    counted = await refused(plane) - before[0]
    LOG.info("few seats for %d, refused %d times: %s", MANY, counted, outcome)
    assert counted == refused_in_audit_log(plane) - before[1] > 0
    creates = [
        each
        for each in outcome.record.operations
        if each.verb == "create" and each.stage == "ramp_up"
    ]
    struck = [each for each in creates if each.code == 429]
    assert 0 < len(struck) < MANY, outcome
    assert len(creates) == MANY
    assert (
        f"{len(struck)} of {MANY} creates were not accepted"
        in outcome.findings["failed_operations"]
    )
    assert outcome.shown.code == 4
