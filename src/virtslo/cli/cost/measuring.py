"""Runs of both sides of a cost card, one after another: A B B A and so on.

Invariant: run N of either side has the same seed and plan; while one side runs the other is at
rest. A run that is not valid is left out and that is reported.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Final

from virtslo.app.build_report import build_report
from virtslo.app.history.from_report import history_runs
from virtslo.app.history.samples import sample_of
from virtslo.base.background import first_error, in_background
from virtslo.base.clock import Clock, SystemClock, sleep, to_seconds
from virtslo.base.errors import ClusterError, VirtsloError
from virtslo.cli.running.run_once import Execution, OneRun
from virtslo.cli.wiring import RealTarget, open_cluster, read_record
from virtslo.load.plan import Plan
from virtslo.model.cost.card import CostKey, CostPart, CostRun, CostValue
from virtslo.model.plan.scenario import Scenario
from virtslo.model.plan.workload import Kind
from virtslo.model.run.findings import Finding
from virtslo.model.run.record import RunRecord
from virtslo.model.stage_names import HOLD
from virtslo.plane.running import PlaneSpec, RunningPlane, running_plane
from virtslo.regress.cost_card import cost_rows, precision_of
from virtslo.slo.figures.cost import cost_of, noun_of

Tell = Callable[[str], None]
LEAST_ROUNDS: Final = 2
RESYNC_SECONDS: Final = 32.0
"""The garbage collector learns of new kinds every 30 s, and is busy until then: seconds from when
the API server knows of them."""
PHASES: Final = ("p50", "p95")
ONE_BYTE: Final = 1.0
ONE_MILLISECOND: Final = 0.001
"""What an event's time of receipt is good for, seconds."""
OF_TIMES: Final = frozenset({"watch_lag"})
"""Findings after which a run's calls count, and its phases do not."""
STORED: Final[Mapping[str, tuple[str, ...]]] = {
    "vmi": ("kubevirt.io/virtualmachineinstances", "pods", "events"),
    "vm": (
        "kubevirt.io/virtualmachines",
        "kubevirt.io/virtualmachineinstances",
        "pods",
        "controllerrevisions",
        "events",
    ),
}
"""Resources whose stored objects are weighed, by kind."""


@dataclass(frozen=True, slots=True)
class Budget:
    """When measuring ends."""

    seconds: float
    precision: float
    """Of each count of calls per object: half the width of its interval."""


@dataclass
class SideAtWork:
    """A side that can be run on."""

    name: str
    target: RealTarget
    plane: RunningPlane | None = None
    runs: list[CostRun] = field(default_factory=list)


@asynccontextmanager
async def planes_at_work(
    sides: Sequence[tuple[str, PlaneSpec, Path]], tell: Tell
) -> AsyncIterator[list[SideAtWork]]:
    """Planes for both sides, at rest, that start at once.

    Each is held by a task of its own, so that whatever fails in one of them ends what is inside.
    Raises ClusterError with the side's name and the last words of what failed.
    """
    started = [asyncio.get_running_loop().create_future() for _ in sides]

    async def hold(side: tuple[str, PlaneSpec, Path], ready: asyncio.Future[RunningPlane]) -> None:
        name, spec, folder = side
        try:
            async with running_plane(folder, spec, _prefixed(tell, name)) as plane:
                ready.set_result(plane)
                await asyncio.Event().wait()
        except* VirtsloError as failures:
            # Its hint names a log in a folder that is removed; the words are the end of it.
            raise ClusterError(f"{name}: {first_error(failures)}") from None

    try:
        async with AsyncExitStack() as stack:
            for side, ready in zip(sides, started, strict=True):
                await stack.enter_async_context(in_background(partial(hold, side, ready)))
            found = []
            for (name, spec, _), ready in zip(sides, started, strict=True):
                plane = await ready
                target = RealTarget(plane.kubeconfig, spec.kubernetes.context)
                found.append(SideAtWork(name, target, plane))
            await _rest(found, tell)
            yield found
    except* VirtsloError as failures:
        raise first_error(failures) from None


async def _rest(found: Sequence[SideAtWork], tell: Tell) -> None:
    """Wait until the garbage collectors have learned of KubeVirt's kinds."""
    since_ns = max(side.plane.defined_ns for side in found if side.plane is not None)
    wait = RESYNC_SECONDS - to_seconds(SystemClock().now_ns() - since_ns)
    if wait > 0:
        tell(f"waiting {wait:.0f} s until the garbage collector is at rest")
        await asyncio.sleep(wait)


def _prefixed(tell: Tell, name: str) -> Tell:
    return lambda words: tell(f"{name}: {words}")


async def measure(
    sides: tuple[SideAtWork, SideAtWork],
    scenario: Scenario,
    execution: Execution,
    budget: Budget,
    clock: Clock,
    tell: Tell,
) -> None:
    """Run both sides until the precision or the budget is reached."""
    started_ns = clock.now_ns()
    longest = 0.0
    number = 0
    while True:
        begun_ns = clock.now_ns()
        order = sides if number % 2 == 0 else tuple(reversed(sides))
        for side in order:
            tell(f"run {number + 1} of {side.name}")
            await _run(side, scenario, execution, number, clock, tell)
        number += 1
        longest = max(longest, to_seconds(clock.now_ns() - begun_ns))
        spent = to_seconds(clock.now_ns() - started_ns)
        if number >= LEAST_ROUNDS:
            if _is_precise(sides, budget.precision):
                tell(f"ends: precise to {budget.precision:g} calls per object")
                return
            if spent + longest > budget.seconds:
                tell(f"ends: the budget of {budget.seconds:.0f} s is spent")
                return


def _is_precise(sides: tuple[SideAtWork, SideAtWork], wanted: float) -> bool:
    if min(len(side.runs) for side in sides) < LEAST_ROUNDS:
        return False
    widths = precision_of(cost_rows(sides[0].runs, sides[1].runs))
    return all(half <= wanted for unit, half in widths.items() if "hour" not in unit)


async def _run(
    side: SideAtWork,
    scenario: Scenario,
    execution: Execution,
    number: int,
    clock: Clock,
    tell: Tell,
) -> None:
    if side.plane is not None:
        log = str(side.plane.audit_log)
        scenario = replace(scenario, observe=replace(scenario.observe, audit_log=log))
    run = OneRun(scenario, execution, f"cost{number:04d}", None)
    weighed: dict[CostKey, CostValue] = {}

    async def weigh() -> None:
        if side.plane is not None:
            await run.stages.begun(HOLD)
            await sleep(clock, scenario.load.hold / 2)
            assert run.plan is not None
            weighed.update(await _stored(side.plane, run.plan, scenario.workload.kind))

    async with open_cluster(side.target, clock) as api, in_background(weigh):
        await run.carry_out(api, clock)
    record = read_record(run.directory)
    measured = _valid(record, weighed, is_plane=side.plane is not None)
    if isinstance(measured, CostRun):
        side.runs.append(measured)
    else:
        tell(f"left out: {record.host.run_id} is not valid: {measured}")


def _valid(
    record: RunRecord, extra: Mapping[CostKey, CostValue], *, is_plane: bool
) -> CostRun | str:
    """The costs of a run; why it is not valid where it is not."""
    report = build_report([record])
    (run,) = history_runs([record], report)
    doubts = [each.finding for each in report.findings if each.finding.inconclusive]
    if not is_countable(doubts):
        return "; ".join(f"{each.code}: {each.detail}" for each in doubts[:3])
    phases = {
        CostKey(CostPart.PHASES, key.indicator, key.statistic, "seconds"): CostValue(
            value, resolution=ONE_MILLISECOND
        )
        for key, value in sample_of(run).values.items()
        if key.indicator.endswith("_seconds")
        and key.indicator.startswith(("vmi_creation_to_", "vmi_deletion_to_", "vm_creation_to_"))
        and key.statistic in PHASES
        and not doubts
    }
    return cost_of(record, {**phases, **extra}, is_plane=is_plane)


def is_countable(doubts: Sequence[Finding]) -> bool:
    """Whether findings leave what was counted as it is: only times of receipt are in doubt."""
    return all(each.code in OF_TIMES for each in doubts)


async def _stored(plane: RunningPlane, plan: Plan, kind: Kind) -> Mapping[CostKey, CostValue]:
    """Bytes and number of stored objects of a run, without its warm-up's, while all are there."""
    resources = STORED.get(kind.value, STORED["vm"])
    warm_up = [planned.name for planned in plan.warm_up]
    found: dict[CostKey, CostValue] = {}
    for resource, stored in (await plane.stored(resources, plan.namespaces, warm_up)).items():
        plural = resource.rpartition("/")[2]
        if stored.objects:
            size = CostKey(CostPart.STORED, plural, "size as stored", "bytes per object")
            found[size] = CostValue(stored.bytes / stored.objects, resolution=ONE_BYTE)
        if plural == "events":
            count = CostKey(CostPart.STORED, plural, "stored objects", f"per {noun_of(kind)}")
            members = sum(planned.members for planned in plan.objects)
            found[count] = CostValue(stored.objects, members, is_count=True, is_per_object=True)
    return found


def require_runs(sides: Sequence[SideAtWork]) -> None:
    """Raise ClusterError where a side has no valid run."""
    empty = [side.name for side in sides if not side.runs]
    if empty:
        raise ClusterError(f"no valid run of {' and of '.join(empty)}: there is nothing to compare")
