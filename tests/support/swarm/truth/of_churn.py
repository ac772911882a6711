"""The true figures of a churn stage: each cycle's recovery, replacements, capacity.

Invariant: as of a burst's: worked out from what happened by the text of the definitions. A cycle
ends with its own objects, or, where a controller replaces, with the population.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from support.swarm.truth.capacity import Capacity
from support.swarm.truth.happened import Happened, Request, answered_moments
from support.swarm.truth.of_bursts import PHASES, RUNNING, of_machines, of_success, of_vmis
from support.swarm.truth.spans import (
    ANYTHING,
    NEVER,
    Claim,
    Load,
    Span,
    earliest,
    exactly,
    latest,
    quantiles,
    throughput,
)
from support.swarm.witness import Life
from virtslo.model.kubernetes.resources import VMS
from virtslo.model.plan.scenario import ChurnMode, Pattern
from virtslo.model.plan.workload import Kind
from virtslo.model.run.operations import CREATE, DELETE, SCALE
from virtslo.model.stage_names import CHURN

UNHAPPENED: Final = Span(NEVER, NEVER)


@dataclass(frozen=True, slots=True)
class Replaced:
    """One create of a cycle, or a delete after which a VM starts another VMI, and what came."""

    request: Request
    vmis: tuple[Life, ...]
    """The VMIs that came of it."""
    running: Span
    """When one of them ran first, or of a restart one after it."""


@dataclass(frozen=True, slots=True)
class TrueCycle:
    """What happened in one cycle. Times are seconds since the run's start."""

    start: float
    following: float | None
    deletes: tuple[Request, ...]
    replaced: tuple[Replaced, ...]
    came: tuple[Life, ...]
    """VMIs that were added from its start to the next."""
    machines: tuple[Life, ...]
    """VMs that were."""
    recovered: Span
    since: float
    scaled_in: Span
    expected: int


def of_churn(truth: Happened) -> Iterator[Claim]:
    """Every figure of a churn stage that ended."""
    stage = truth.stages.get(CHURN)
    if stage is None or stage.ended_ns is None or not stage.cycle_starts_ns:
        return
    creates, deletes = truth.of_stage(CHURN, CREATE), truth.of_stage(CHURN, DELETE)
    cycles = _cycles(truth)
    is_group = truth.kind in {Kind.VMPOOL, Kind.VMIRS}
    yield from _rates(truth, cycles, is_group=is_group)
    yield from _recoveries(truth, cycles, is_group=is_group)
    vmis = _once(life for cycle in cycles for life in _vmis_of(cycle, is_group=is_group))
    missing = max(0, sum(cycle.expected for cycle in cycles) - len(vmis))
    yield from of_vmis(truth, vmis, creates, missing)
    yield from of_success(truth, creates, deletes)
    gone = [_all_gone(truth, item).minus(exactly(item.begun)) for item in deletes if _is_new(item)]
    yield from quantiles("vmi_deletion_to_gone_seconds", gone)
    if truth.kind in {Kind.VM, Kind.VMPOOL}:
        begun, ended = stage.t0_ns / 1e9, stage.ended_ns / 1e9
        machines = [
            (uid, life)
            for uid, life in truth.of_kind(VMS.kind).items()
            if begun <= truth.seconds(life.added_ns) < ended
        ]
        yield from of_machines(truth, creates, machines)


def _cycles(truth: Happened) -> list[TrueCycle]:
    starts = [start / 1e9 for start in truth.stages[CHURN].cycle_starts_ns]
    capacity = Capacity(truth)
    by_number: dict[int, list[Request]] = defaultdict(list)
    for item in truth.requests:
        if item.operation.stage == CHURN:
            by_number[item.operation.cycle or 0].append(item)
    return [
        _cycle(truth, by_number[number], start, following, capacity)
        for number, (start, following) in enumerate(zip(starts, [*starts[1:], None], strict=True))
    ]


def _cycle(
    truth: Happened,
    requests: Sequence[Request],
    start: float,
    following: float | None,
    capacity: Capacity,
) -> TrueCycle:
    deletes = tuple(item for item in requests if item.operation.verb == DELETE)
    creates = [item for item in requests if item.operation.verb == CREATE]
    scales = [item for item in requests if item.operation.verb == SCALE]
    churn = truth.scenario.load.churn
    assert churn is not None
    since, scaled_in = start, UNHAPPENED
    replaced = tuple(_created(truth, item) for item in creates)
    if churn.mode is ChurnMode.RESTART:
        replaced = tuple(_restarted(truth, item) for item in deletes)
    if scales:
        since = max(item.intended for item in scales)
        scaled_in = capacity.at_most(capacity.count - churn.objects, exactly(start))
        recovered = capacity.at_least(latest([scaled_in, exactly(since)]))
    elif truth.kind is Kind.VMPOOL:
        recovered = capacity.at_least(latest([_all_gone(truth, item) for item in deletes]))
    else:
        ran = [item.running for item in replaced]
        recovered = latest([*(_all_gone(truth, item) for item in deletes), *ran])
    # What came after the churn is of no cycle: controllers that had not seen a deletion made it.
    ended_ns = truth.stages[CHURN].ended_ns
    assert ended_ns is not None
    end = ended_ns / 1e9 if following is None else following
    added = [life for life in truth.vmis.values() if start <= truth.seconds(life.added_ns) < end]
    machines = truth.of_kind(VMS.kind).values()
    return TrueCycle(
        start=start,
        following=following,
        deletes=deletes,
        replaced=replaced,
        came=tuple(added),
        machines=tuple(life for life in machines if start <= truth.seconds(life.added_ns) < end),
        recovered=recovered,
        since=since,
        scaled_in=scaled_in,
        expected=churn.objects if scales else len(creates) or len(deletes),
    )


def _rates(truth: Happened, cycles: Sequence[TrueCycle], *, is_group: bool) -> Iterator[Claim]:
    """Throughputs pooled over the cycles whose events can be told from the next one's."""
    told = [cycle for cycle in cycles if not (is_group and _is_mixed(cycles, cycle, _overlaps))]
    if is_group and any(_is_unclear(truth, cycles, cycle) for cycle in told):
        names = ["creation_rate", "controller_made_rate"]
        names += [f"phase_rate_{phase.lower()}" for phase in PHASES]
        yield from (((name, "mean"), ANYTHING) for name in names)
        return

    def pooled(moments: Callable[[TrueCycle], list[Span]]) -> Span | None:
        loads = []
        for cycle in told:
            came = [moment for moment in moments(cycle) if moment.low < NEVER]
            loads.append(Load(cycle.since, cycle.expected, came))
        return throughput(loads)

    def firsts(cycle: TrueCycle, moment: Callable[[Life], Span]) -> list[Span]:
        if is_group:
            return [moment(life) for life in cycle.came]
        return [earliest([moment(life) for life in item.vmis]) for item in cycle.replaced]

    is_restart = any(item.request.operation.verb == DELETE for item in cycles[0].replaced)
    created = None if is_restart else pooled(lambda cycle: _made(truth, cycle))
    yield ("creation_rate", "mean"), created
    if truth.kind is not Kind.VMI:
        made = pooled(lambda cycle: firsts(cycle, lambda life: truth.seen(life.added_ns)))
        yield ("controller_made_rate", "mean"), made
    for phase in PHASES:
        entered = pooled(
            lambda cycle, phase=phase: firsts(  # type: ignore[misc]
                cycle, lambda life: truth.phase(life, phase)
            )
        )
        yield (f"phase_rate_{phase.lower()}", "mean"), entered


def _made(truth: Happened, cycle: TrueCycle) -> list[Span]:
    """When what a cycle counts as created was: by answers, or by the controller's writes."""
    if truth.kind in {Kind.VMPOOL, Kind.VMIRS}:
        lives = cycle.machines if truth.kind is Kind.VMPOOL else cycle.came
        return [truth.seen(life.added_ns) for life in lives]
    return answered_moments(item.request for item in cycle.replaced)


def _recoveries(truth: Happened, cycles: Sequence[TrueCycle], *, is_group: bool) -> Iterator[Claim]:
    is_constant = truth.scenario.load.pattern is Pattern.CONSTANT_CHURN
    if not is_constant:
        taken = []
        for number, cycle in enumerate(cycles, 1):
            span = cycle.recovered.minus(exactly(cycle.since))
            if is_group and _may_overlap(cycle):
                span = Span(NEVER if _overlaps(cycle) else span.low, NEVER)
            taken.append(span)
            shown = None if span.low == NEVER else span
            yield ("cycle_recovery_seconds", f"cycle_{number}"), shown
        yield from quantiles("cycle_recovery_seconds", taken)
        overlapping = Span(sum(map(_overlaps, cycles)), sum(map(_may_overlap, cycles)))
        yield ("overlapping_cycles", "value"), overlapping
        if any(cycle.scaled_in != UNHAPPENED for cycle in cycles):
            inwards = [cycle.scaled_in.minus(exactly(cycle.start)) for cycle in cycles]
            yield from quantiles("scale_in_seconds", inwards)
    if not is_group:
        pairs = [span for cycle in cycles for span in _pairs(truth, cycle)]
        yield from quantiles("replacement_seconds", pairs)
    yield ("replaced_objects", "value"), exactly(sum(cycle.expected for cycle in cycles))
    duration = _duration(truth, cycles, is_constant=is_constant)
    yield ("churn_duration_seconds", "value"), duration
    begun = truth.stages[CHURN].t0_ns / 1e9
    below = Capacity(truth).below(begun, duration) if duration.is_sure else ANYTHING
    yield ("time_below_capacity_share", "value"), below


def _duration(truth: Happened, cycles: Sequence[TrueCycle], *, is_constant: bool) -> Span:
    """To the last start + max(every, its recovery), or the duration of constant churn."""
    churn, begun = truth.scenario.load.churn, truth.stages[CHURN].t0_ns / 1e9
    assert churn is not None
    scheduled = begun + (churn.duration or 0.0)
    if not is_constant:
        scheduled = cycles[-1].start + churn.every
    recovered = cycles[-1].recovered
    if not recovered.is_sure:
        return Span(max(scheduled, min(recovered.low, scheduled)) - begun, NEVER)
    return Span(max(scheduled, recovered.low) - begun, max(scheduled, recovered.high) - begun)


def _pairs(truth: Happened, cycle: TrueCycle) -> Iterator[Span]:
    """From the intent of each replacement to its victim gone and itself Running."""
    waiting: Mapping[int, list[Request]] = defaultdict(list)
    for item in sorted(cycle.deletes, key=lambda delete: delete.intended):
        waiting[item.operation.index].append(item)
    for replaced in sorted(cycle.replaced, key=lambda item: item.request.intended):
        victims = waiting[replaced.request.operation.index]
        gone = _all_gone(truth, victims.pop(0)) if victims else UNHAPPENED
        both = latest([gone, replaced.running])
        yield both.minus(exactly(replaced.request.intended))
    yield from (UNHAPPENED for left in waiting.values() for _ in left)


def _all_gone(truth: Happened, item: Request) -> Span:
    """When a victim is gone with what it owns."""
    if item.life is None:
        return UNHAPPENED
    uid = next(uid for uid, life in truth.lives.items() if life is item.life)
    owned = [life for _, life in truth.owned(uid) if life.kind != "Pod"]
    return latest([truth.gone(life, CHURN) for life in (item.life, *owned)])


def _vmis_for(truth: Happened, item: Request) -> list[Life]:
    if item.life is None:
        return []
    if truth.kind is Kind.VMI:
        return [item.life]
    uid = next(uid for uid, life in truth.lives.items() if life is item.life)
    return [life for _, life in truth.owned(uid)]


def _created(truth: Happened, item: Request) -> Replaced:
    vmis = _vmis_for(truth, item)
    return Replaced(item, tuple(vmis), _running(truth, vmis))


def _restarted(truth: Happened, item: Request) -> Replaced:
    """The VMI that came after the victim, of the same VM."""
    victim = item.life
    if victim is None:
        return Replaced(item, (), UNHAPPENED)
    after = [
        life
        for life in truth.vmis.values()
        if life.owner == victim.owner and life is not victim and life.added_ns >= victim.added_ns
    ]
    victims = [each.life for each in truth.of_stage(CHURN, DELETE)]
    if after and any(after[0] is each for each in victims):
        after = after[:1]
    return Replaced(item, tuple(after[:1]), _running(truth, after))


def _running(truth: Happened, vmis: Sequence[Life]) -> Span:
    return earliest([truth.phase(life, RUNNING) for life in vmis])


def _vmis_of(cycle: TrueCycle, *, is_group: bool) -> Sequence[Life]:
    return cycle.came if is_group else [life for item in cycle.replaced for life in item.vmis]


def _once(lives: Iterator[Life]) -> list[Life]:
    return list({id(life): life for life in lives}.values())


def _is_new(item: Request) -> bool:
    return item.life is not None


def _overlaps(cycle: TrueCycle) -> bool:
    """Whether the next cycle surely began before this one was over."""
    return cycle.following is not None and cycle.recovered.low > cycle.following


def _is_mixed(
    cycles: Sequence[TrueCycle], cycle: TrueCycle, overlaps: Callable[[TrueCycle], bool]
) -> bool:
    """Whether events of a cycle may be those of the one before or after it."""
    place = cycles.index(cycle)
    is_early = place > 0 and overlaps(cycles[place - 1])
    are_more = max(len(cycle.came), len(cycle.machines)) > cycle.expected
    return overlaps(cycle) or (is_early and are_more)


def _is_unclear(truth: Happened, cycles: Sequence[TrueCycle], cycle: TrueCycle) -> bool:
    """Whether a watch that is a little late gives a cycle other events, or leaves it out."""
    edges = [edge for edge in (cycle.start, cycle.following) if edge is not None]
    born = [truth.seen(life.added_ns) for life in truth.lives.values()]
    crosses = any(moment.low < edge <= moment.high for edge in edges for moment in born)
    is_surely, may_be = (_is_mixed(cycles, cycle, way) for way in (_overlaps, _may_overlap))
    return crosses or is_surely != may_be


def _may_overlap(cycle: TrueCycle) -> bool:
    return cycle.following is not None and cycle.recovered.high > cycle.following
