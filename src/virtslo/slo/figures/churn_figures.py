"""The figures of the churn stage: per cycle, and pooled over cycles.

Invariant: every figure covers the churn stage only; a cycle whose events cannot be told from a
neighbour's is left out of a throughput and counted; a cycle that did not recover is never dropped
from a quantile.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from virtslo.base.clock import to_seconds
from virtslo.model.identifiers import Phase
from virtslo.model.plan.scenario import ChurnMode
from virtslo.model.plan.workload import Kind
from virtslo.model.report.figures import Figure, no_data
from virtslo.model.run.operations import CREATE
from virtslo.model.vocabulary import QUANTILES
from virtslo.slo.catalog.churn import (
    CYCLE_RECOVERY,
    DURATION,
    OVERLAPPING_CYCLES,
    REPLACED_OBJECTS,
    REPLACEMENT,
    SCALE_IN,
    TIME_BELOW_CAPACITY,
)
from virtslo.slo.catalog.family import OPERATIONS, WATCH
from virtslo.slo.catalog.vmis import CONTROLLER_MADE_RATE, CREATION_RATE, OF_PHASE
from virtslo.slo.figures.rows import Row
from virtslo.slo.record.churn import ChurnFacts, Cycle, Victim
from virtslo.slo.statistics.quantiles import quantile
from virtslo.slo.statistics.throughput import Load, throughput

FORMS: Final[Mapping[tuple[bool, ChurnMode], str]] = {
    (False, ChurnMode.OBJECTS): "delete and create",
    (True, ChurnMode.OBJECTS): "delete the pool's VMs",
    (True, ChurnMode.SCALE): "scale in and out",
    (False, ChurnMode.RESTART): "restart",
}
"""How a churn is named in cells: forms measure different things and are never mixed."""


def form_of(churn: ChurnFacts) -> str:
    """What a replacement is, in words."""
    return FORMS[is_by_controller(churn), churn.churn.mode]


def churn_creation_rate(churn: ChurnFacts) -> Figure:
    """Throughput of objects that came in place of others, pooled over cycles."""
    if churn.churn.mode is ChurnMode.RESTART:
        reason = "a restart creates no VM: the VM's controller starts another VMI"
        return no_data(CREATION_RATE.unit, reason, source=OPERATIONS)
    if is_by_controller(churn):
        return _pooled(churn, _added, unit=CREATION_RATE.unit, source=WATCH)
    return _pooled(churn, _accepted, unit=CREATION_RATE.unit, source=OPERATIONS)


def churn_made_rate(churn: ChurnFacts) -> Figure:
    """Throughput of VMIs that a controller made in place of others, pooled over cycles."""

    def made(cycle: Cycle) -> list[int]:
        if not cycle.is_by_identity:
            return [vmi.added_ns for vmi in cycle.created if vmi.added_ns is not None]
        firsts = (
            min((vmi.added_ns for vmi in item.vmis if vmi.added_ns is not None), default=None)
            for item in cycle.replacements
        )
        return [moment for moment in firsts if moment is not None]

    return _pooled(churn, made, unit=CONTROLLER_MADE_RATE.unit, source=WATCH)


def churn_phase_rate(churn: ChurnFacts, phase: Phase) -> Figure:
    """Throughput of VMIs entering a phase, pooled over cycles."""

    def entered(cycle: Cycle) -> list[int]:
        if not cycle.is_by_identity:
            return [vmi.phases[phase] for vmi in cycle.created if phase in vmi.phases]
        firsts = (
            min((vmi.phases[phase] for vmi in item.vmis if phase in vmi.phases), default=None)
            for item in cycle.replacements
        )
        return [moment for moment in firsts if moment is not None]

    return _pooled(churn, entered, unit=OF_PHASE[phase].rate.unit, source=WATCH)


def is_by_controller(churn: ChurnFacts) -> bool:
    """Whether a controller, not the run, makes what comes in place of others."""
    return churn.kind in {Kind.VMPOOL, Kind.VMIRS}


def churn_rows(churn: ChurnFacts) -> Iterator[Row]:
    """Every indicator that only a churn stage has."""
    if churn.is_constant:
        yield from _replacements(churn)
    else:
        yield from _recoveries(churn)
        yield from _replacements(churn)
        overlapping = sum(1 for cycle in churn.cycles if cycle.is_overlapped)
        figure = Figure(overlapping, OVERLAPPING_CYCLES.unit, len(churn.cycles), WATCH)
        yield Row(OVERLAPPING_CYCLES, "value", figure)
    yield Row(TIME_BELOW_CAPACITY, "value", _below_capacity(churn))
    duration = _duration(churn)
    figure = (
        no_data("s", "the churn stage did not end", source=WATCH)
        if duration is None
        else Figure(duration, "s", len(churn.cycles), WATCH)
    )
    yield Row(DURATION, "value", figure)
    figure = Figure(churn.replaced, REPLACED_OBJECTS.unit, len(churn.cycles), WATCH)
    yield Row(REPLACED_OBJECTS, "value", figure)


def recovery_of(cycle: Cycle) -> Figure:
    """How long a cycle took, or why that is not known."""
    if cycle.recovered_ns is None:
        reason = cycle.reason or "not recovered"
        return no_data("s", reason, samples=cycle.expected, source=WATCH)
    return Figure(to_seconds(cycle.recovered_ns - cycle.since_ns), "s", cycle.expected, WATCH)


def _recoveries(churn: ChurnFacts) -> Iterator[Row]:
    figures = [recovery_of(cycle) for cycle in churn.cycles]
    values = [float(figure.value) for figure in figures if figure.value is not None]
    unfinished = len(figures) - len(values)
    for statistic in QUANTILES:
        found = quantile(statistic, values, unfinished=unfinished, deadline=_waited(churn))
        yield Row(CYCLE_RECOVERY, statistic, found)
    for cycle, figure in zip(churn.cycles, figures, strict=True):
        yield Row(CYCLE_RECOVERY, f"{CYCLE_RECOVERY.numbered}_{cycle.number + 1}", figure)
    if churn.churn.mode is ChurnMode.SCALE:
        inwards = [
            to_seconds(cycle.scaled_in_ns - cycle.start_ns)
            for cycle in churn.cycles
            if cycle.scaled_in_ns is not None
        ]
        missing = len(churn.cycles) - len(inwards)
        for statistic in QUANTILES:
            found = quantile(statistic, inwards, unfinished=missing)
            yield Row(SCALE_IN, statistic, found)


def _waited(churn: ChurnFacts) -> float | None:
    """What every cycle without a recovery time took at least."""
    ends = []
    for cycle in churn.cycles:
        if cycle.recovered_ns is not None:
            continue
        end = cycle.next_start_ns if cycle.next_start_ns is not None else churn.end_ns
        if end is None:
            return None
        ends.append(to_seconds(max(0, end - cycle.since_ns)))
    return min(ends, default=None)


def _replacements(churn: ChurnFacts) -> Iterator[Row]:
    """From the intent of each replacement to its victim gone and itself Running."""
    if is_by_controller(churn):
        return
    pairs = [seconds for cycle in churn.cycles for seconds in _pairs(cycle)]
    values = [seconds for seconds in pairs if seconds is not None]
    unfinished = len(pairs) - len(values)
    waited = churn.waited_seconds
    for statistic in QUANTILES:
        found = quantile(statistic, values, unfinished=unfinished, deadline=waited)
        yield Row(REPLACEMENT, statistic, found)


def _pairs(cycle: Cycle) -> Iterator[float | None]:
    """Each replacement's seconds; None for one that was not completed."""
    victims: dict[int, list[Victim]] = {}
    for gone in sorted(cycle.victims, key=lambda victim: victim.operation.intended_ns):
        victims.setdefault(gone.operation.index, []).append(gone)
    for item in sorted(cycle.replacements, key=lambda item: item.operation.intended_ns):
        waiting = victims.get(item.operation.index)
        victim = waiting.pop(0) if waiting else None
        if victim is None or victim.gone_ns is None or item.running_ns is None:
            yield None
        else:
            end_ns = max(victim.gone_ns, item.running_ns)
            yield to_seconds(max(0, end_ns - item.operation.intended_ns))
    yield from (None for waiting in victims.values() for _ in waiting)


def _added(cycle: Cycle) -> list[int]:
    return [item.added_ns for item in cycle.objects if item.added_ns is not None]


def _accepted(cycle: Cycle) -> list[int]:
    return [
        operation.finished_ns
        for operation in cycle.operations
        if operation.verb == CREATE
        and operation.error is None
        and operation.finished_ns is not None
    ]


def _pooled(
    churn: ChurnFacts, moments: Callable[[Cycle], list[int]], *, unit: str, source: str
) -> Figure:
    """Throughput over the cycles whose events can be told from those of their neighbours."""
    detail: dict[str, Any] = {"churn": form_of(churn)}
    begun = [cycle for cycle in churn.cycles if cycle.operations]
    told = [cycle for cycle in begun if cycle.is_by_identity or not _is_mixed(churn, cycle)]
    loads = [Load(cycle.since_ns, cycle.intended, tuple(moments(cycle))) for cycle in told]
    if not churn.is_constant:
        detail |= {"cycles": len(told), "cycles_without": len(churn.cycles) - len(told)}
    if not told:
        reason = "no cycle took place"
        if begun:
            reason = "every cycle overlapped with the one before or after it"
        return replace(no_data(unit, reason, source=source), detail=detail)
    figure = throughput(loads, unit=unit, source=source, waited=churn.waited_seconds)
    if not churn.is_constant:
        each = [throughput([load], unit=unit, source=source).value for load in loads]
        values = [float(value) for value in each if value is not None]
        if values:
            detail["cycle_range"] = [min(values), max(values)]
    return replace(figure, detail={**(figure.detail or {}), **detail})


def _is_mixed(churn: ChurnFacts, cycle: Cycle) -> bool:
    """Whether events of a cycle may be those of another: it is not over when the next one begins,
    or more came in it than were replaced, since the one before was not over.
    """
    if cycle.is_overlapped:
        return True
    is_early = cycle.number > 0 and churn.cycles[cycle.number - 1].is_overlapped
    return is_early and max(len(cycle.created), len(cycle.objects)) > cycle.expected


def _below_capacity(churn: ChurnFacts) -> Figure:
    duration, end = _duration(churn), churn.end_ns
    if duration is None or end is None or duration <= 0:
        return no_data(TIME_BELOW_CAPACITY.unit, "the churn stage did not end", source=WATCH)
    missing = churn.capacity.missing_ns(churn.count, churn.stage.t0_ns, end)
    share = to_seconds(missing) / (churn.count * duration)
    return Figure(share, TIME_BELOW_CAPACITY.unit, churn.count, WATCH)


def _duration(churn: ChurnFacts) -> float | None:
    end = churn.end_ns
    return None if end is None else to_seconds(end - churn.stage.t0_ns)
