"""Faults of the simulated cluster, done to a real control plane: what the pages of faults say.

Whatever happens, a run is valid, or inconclusive with a reason; each VMI has in its record the
phases that a second observer saw, none is lost or counted twice, and nothing is left behind.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from control_plane.binaries import programs
from control_plane.commands import OF_A_BUSY_MACHINE
from control_plane.endurance import (
    BURST,
    PACED,
    STAGES,
    STEADY,
    VMIS,
    Happening,
    Outcome,
    endure,
    folder_with,
    in_every_stage,
    until_stage,
)
from control_plane.faulty_plane import FaultyPlane, faulty_plane
from control_plane.flow_control import ACCOUNT
from control_plane.witness import Witness, assert_as_witnessed, witness
from support.gateway import Asked, Fate, Gateway, Meeting, share
from virtslo.model.run.operations import CREATE, OperationRecord
from virtslo.plane.control_plane import ControlPlane, Options
from virtslo.plane.programs import VIRT_CONTROLLER

LOG = logging.getLogger(__name__)
GRACE: Final = "--node-monitor-grace-period=25s"
OPTIONS: Final = Options(extra_of_manager=(GRACE,))
NODE: Final = "node-00000"
WATCHES: Final = 2
"""Of a run: VMIs and pods."""
STALL_SECONDS: Final = 8.0
VALIDATE_CREATE: Final = "virtualmachineinstances-validate-create"


@dataclass(frozen=True, slots=True)
class Laboratory:
    """Where a fault is done, and who looks on."""

    there: FaultyPlane
    seen: Witness
    folder: Path

    async def run(
        self,
        name: str,
        load: dict[str, Any],
        happening: Happening,
        *,
        rest_calls: str = "none",
        deadline: str = "90s",
    ) -> Outcome:
        """A run to which something happens, held against what was seen, asked and audited."""
        for gateway in (self.there.client, self.there.controller, self.there.webhooks):
            gateway.asked.clear()
        folder = folder_with(
            self.there.kubeconfig,
            self.folder / name,
            load=load,
            rest_calls=rest_calls,
            deadline=deadline,
        )
        outcome = await endure(self.there.plane, folder, happening)
        LOG.info("%s, %s: %s", self.folder.name, name, outcome)
        for code, detail in outcome.findings.items():
            LOG.info("  %s%s: %s", code, " (spoils)" if code in outcome.doubts else "", detail)
        assert_as_witnessed(outcome.record, self.seen, is_valid=outcome.shown.code == 0)
        assert_own_calls_are_those_of_the_gateway(self, outcome)
        return outcome


def assert_own_calls_are_those_of_the_gateway(lab: Laboratory, outcome: Outcome) -> None:
    """What the record counts as asked was asked, and what was passed on is in the audit log."""
    header = outcome.record.header
    audited = Counter(
        event["verb"]
        for event in lab.there.plane.audited()
        if event["user"]["username"] == ACCOUNT
        and "dryRun" not in event["requestURI"]
        and (target := event.get("objectRef", {})).get("resource") == VMIS
        and target.get("namespace") in header.namespaces
    )
    for verb, concerns in (("create", is_create), ("delete", is_delete)):
        fates = [fate for asked, fate in lab.there.client.asked if concerns(asked)]
        assert header.own_calls[f"{verb.upper()} {VMIS}"] == len(fates), (verb, outcome)
        passed = sum(fate.is_served or not fate.is_failed for fate in fates)
        assert audited[verb] == passed, (verb, outcome)


def from_warm_up(gateway: Gateway, meet: Meeting, until: ExitStack) -> Happening:
    """Requests meet a fault from the first stage until the run is over."""

    async def happening(folder: Path) -> None:
        await until_stage(folder, "warm_up")
        until.enter_context(gateway.striking(meet))

    return happening


async def nothing(_: Path) -> None:
    """Do nothing while the run goes on: its faults were set before it began."""


def is_create(asked: Asked) -> bool:
    return asked.is_write and asked.method == "POST" and asked.path.endswith(f"/{VMIS}")


def is_delete(asked: Asked) -> bool:
    return asked.is_write and asked.method == "DELETE" and f"/{VMIS}/" in asked.path


def creates(outcome: Outcome, *stages: str) -> list[OperationRecord]:
    return [
        each
        for each in outcome.record.operations
        if each.verb == CREATE and (not stages or each.stage in stages)
    ]


def was_struck(lab: Laboratory, *, served: bool) -> int:
    """How many creates of VMIs got no good answer, and were carried out or not."""
    return sum(
        is_create(asked) and fate.is_failed and fate.is_served is served
        for asked, fate in lab.there.client.struck
    )


async def latency(lab: Laboratory) -> None:
    """Half of the requests of virtslo and of virt-controller wait 0.3 s."""
    with ExitStack() as until:
        until.enter_context(lab.there.controller.striking(share(0.5, Fate(delay=0.3))))
        meet = share(0.5, Fate(delay=0.3))
        outcome = await lab.run("both", STEADY, from_warm_up(lab.there.client, meet, until))
    assert outcome.doubts <= OF_A_BUSY_MACHINE, outcome
    assert all(each.error is None for each in creates(outcome)), outcome


async def server_error(lab: Laboratory) -> None:
    """A third of virtslo's writes are answered 500, not done, or 504, done; then a tenth of
    virt-controller's requests 500."""
    fates = (Fate(code=500), Fate(code=504, is_served=True))
    with ExitStack() as until:
        meet = share(0.33, *fates, of=lambda asked: asked.is_write)
        outcome = await lab.run("client", STEADY, from_warm_up(lab.there.client, meet, until))
    assert_failed_and_found(lab, outcome)
    await with_a_struck_controller(lab, share(0.1, Fate(code=500)))


async def connection_reset(lab: Laboratory) -> None:
    """A fifth of virtslo's requests are reset, before they are served or after; then a tenth of
    virt-controller's."""
    fates = (Fate(is_reset=True), Fate(is_reset=True, is_served=True))
    with ExitStack() as until:
        meet = share(0.2, *fates)
        outcome = await lab.run("client", STEADY, from_warm_up(lab.there.client, meet, until))
    assert_failed_and_found(lab, outcome)
    await with_a_struck_controller(lab, share(0.1, *fates))


async def with_a_struck_controller(lab: Laboratory, meet: Meeting) -> None:
    """Requests of virt-controller are struck, which tries again: no VMI is lost."""
    with lab.there.controller.striking(meet):
        outcome = await lab.run("controller", BURST, nothing, rest_calls="auto")
    LOG.info("  %d requests of virt-controller were struck", len(lab.there.controller.struck))
    assert lab.there.controller.struck
    assert outcome.doubts <= OF_A_BUSY_MACHINE, outcome
    assert all(each.error is None for each in creates(outcome)), outcome


def assert_failed_and_found(lab: Laboratory, outcome: Outcome) -> None:
    """Creates that were not carried out have failed and spoil the run; others were found."""
    struck, lost = was_struck(lab, served=True), was_struck(lab, served=False)
    LOG.info("  %d creates were struck and done, %d not done", struck, lost)
    assert struck + lost == sum(each.error is not None for each in creates(outcome)), outcome
    assert struck + lost, "which of them chance strikes depends on what else is asked meanwhile"
    if lost:
        assert {"failed_operations", "not_whole"} & outcome.doubts, outcome


async def dropped_watches(lab: Laboratory) -> None:
    """All watches of virtslo and of virt-controller are reset in every stage."""
    dropped: list[int] = []

    async def drop() -> None:
        for _ in range(100):  # they may not have been resumed yet
            if lab.there.client.open_watches == WATCHES:
                break
            await asyncio.sleep(0.1)
        dropped.append(lab.there.client.drop_watches())
        lab.there.controller.drop_watches()

    outcome = await lab.run("both", STEADY, in_every_stage(STAGES, drop))
    assert dropped[:-1] == [WATCHES] * (len(STAGES) - 1), dropped
    broke = f"broke {dropped.count(WATCHES)} times and was resumed"
    assert outcome.findings["watch_resumed"].count(broke) == WATCHES, outcome
    assert outcome.doubts <= OF_A_BUSY_MACHINE, outcome


async def stalled_watches(lab: Laboratory) -> None:
    """virtslo's watches deliver nothing for eight seconds."""

    async def stall() -> None:
        with lab.there.client.holding():
            await asyncio.sleep(STALL_SECONDS)

    for stage, load in (("ramp_up", PACED), ("churn", STEADY)):
        outcome = await lab.run(stage, load, in_every_stage((stage,), stall))
        assert f"watches were late in {stage}" in outcome.findings["watch_lag"], outcome
        assert "watch_lag" in outcome.doubts, outcome


async def slow_webhook(lab: Laboratory) -> None:
    """Each call of a webhook takes a second; then some beyond what the API server waits for."""
    with lab.there.webhooks.striking(share(1, Fate(delay=1.0))):
        outcome = await lab.run("one_second", STEADY, nothing)
    assert outcome.doubts <= OF_A_BUSY_MACHINE, outcome
    assert all(each.error is None for each in creates(outcome)), outcome
    with ExitStack() as until:
        meet = share(0.3, Fate(delay=12.0), of=lambda asked: asked.path.endswith(VALIDATE_CREATE))
        happening = from_warm_up(lab.there.webhooks, meet, until)
        outcome = await lab.run("beyond_ten_seconds", STEADY, happening)
    failed = [each for each in creates(outcome) if each.error is not None]
    assert {each.code for each in failed} == {500}, outcome
    assert len(failed) == len(lab.there.webhooks.struck), outcome
    assert {"failed_operations", "not_whole"} & outcome.doubts, outcome


async def leader_change(lab: Laboratory) -> None:
    """virt-controller's lease is given to the other one; the leader ends when it cannot renew."""
    for stage, load in (("ramp_up", PACED), ("churn", STEADY)):

        async def change() -> None:
            before, after = await lab.there.change_leader()
            LOG.info("  the lease went from %s to %s", before, after)

        outcome = await lab.run(stage, load, in_every_stage((stage,), change), rest_calls="auto")
        assert "leader_change" in outcome.doubts, outcome
        detail = outcome.findings["leader_change"]
        assert all(f"{VIRT_CONTROLLER}-{index}" in detail for index in range(2)), outcome


async def node_loss(lab: Laboratory) -> None:
    """A node falls silent, and is out of service once it is not ready."""
    for stage, load in (("ramp_up", PACED), ("churn", STEADY)):

        async def lose() -> None:
            await lab.there.lose_node(NODE)

        try:
            outcome = await lab.run(stage, load, in_every_stage((stage,), lose), deadline="60s")
        finally:
            await lab.there.return_node(NODE)
        assert NODE in outcome.findings["nodes_not_ready"], outcome
        assert "nodes_not_ready" in outcome.doubts, outcome


FAULTS: Final[tuple[Callable[[Laboratory], Awaitable[None]], ...]] = (
    latency,
    server_error,
    connection_reset,
    slow_webhook,
    dropped_watches,
    stalled_watches,
    leader_change,
    node_loss,
)


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """Whose nodes are not ready after 25 s of silence."""
    made = ControlPlane(tmp_path_factory.mktemp("plane"), programs(), OPTIONS)
    try:
        asyncio.run(made.start())
        yield made
    finally:
        made.stop()


@pytest.mark.timeout(3600)
async def test_a_run_under_a_fault_says_what_was(plane: ControlPlane, tmp_path: Path) -> None:
    async with faulty_plane(plane) as there, witness(plane) as seen:
        failures: list[AssertionError] = []
        for fault in FAULTS:
            try:
                await fault(Laboratory(there, seen, tmp_path / fault.__name__))
            except AssertionError as failure:  # the others are looked at all the same
                failures.append(failure)
        if failures:
            raise ExceptionGroup("faults that did not go as promised", failures)
