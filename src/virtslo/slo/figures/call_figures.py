"""Indicators of REST calls and of what components use.

Invariant: names and units are those of the catalog; a figure of a window that is not whole is no
data, with the reason.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from virtslo.model.report.figures import Figure, no_data
from virtslo.model.report.indicators import Definition
from virtslo.model.run.rest_calls import COMPONENTS, IDLE, ReadStage
from virtslo.model.stage_names import HOLD, RAMP_DOWN
from virtslo.model.vocabulary import COUNTED_RESOURCES
from virtslo.slo.catalog.calls import OF_COMPONENT, OF_VERB
from virtslo.slo.figures.rows import Row
from virtslo.slo.record.call_windows import Usage, Window, folded
from virtslo.slo.record.measured import Measured, measured_stage
from virtslo.slo.record.rest_calls import (
    UNIT,
    best_window,
    is_of,
    objects_of,
    reason_of,
    source_window,
)

SECONDS_PER_HOUR: Final = 3600.0


def call_rows(run: Measured) -> Iterator[Row]:
    """Requests by verb and resource in the measured stage, and by verb in the ramp-down."""
    stage = measured_stage(run.record)
    window, objects = best_window(run, stage), objects_of(run, stage)
    counts = _counts(window)
    for verb, of in OF_VERB.items():
        for resource, definition in of.by_resource.items():
            figure = _figure(window, counts.get((verb, resource), 0))
            yield from _both(definition, figure, objects)
    window, objects = best_window(run, RAMP_DOWN), objects_of(run, RAMP_DOWN)
    counts = _counts(window)
    for verb, of in OF_VERB.items():
        total = sum(count for key, count in counts.items() if key[0] == verb)
        yield from _both(of.ramp_down, _figure(window, total), objects)
    if any(stage.name == HOLD for stage in run.record.header.stages):
        yield from _idle_rows(run)


def _idle_rows(run: Measured) -> Iterator[Row]:
    """Every request while objects are there and nothing happens, by the hour."""
    window = best_window(run, HOLD)
    why = reason_of(window)
    divisors = {
        "per_hour": (1, ""),
        "per_node_hour": (run.record.header.environment.nodes or 0, "nodes"),
        "per_object_hour": (run.record.header.scenario.workload.count, "objects"),
    }
    for verb, of in OF_VERB.items():
        total = 0
        if window is not None:
            made_by = window.requests.items()
            total = sum(n for made, n in made_by if made.call.verb == verb and is_of(made))
        for statistic, (divisor, noun) in divisors.items():
            if window is None or why is not None or window.seconds <= 0:
                figure = no_data(UNIT, why or "the objects were not left alone", source="none")
            elif not divisor:
                figure = no_data(UNIT, f"there are no {noun} to divide by", source=window.source)
            else:
                hourly = total / window.seconds * SECONDS_PER_HOUR / divisor
                figure = Figure(hourly, UNIT, total, window.source)
            yield Row(of.hold, statistic, figure)


def usage_rows(run: Measured) -> Iterator[Row]:
    """Processor time and memory of each component."""
    stage = measured_stage(run.record)
    window = source_window(run, stage, COMPONENTS)
    for component, of in OF_COMPONENT.items():
        usage = None if window is None else window.usage.get(component)
        why = _why_no_usage(window, usage, component)
        spent = _used(of.processor, usage, lambda found: found.cpu_seconds, why)
        yield Row(of.processor, "value", spent)
        yield Row(of.processor, "per_object", _beyond_idle(run, stage, component, spent))
        for statistic, read in _MEMORY.items():
            yield Row(of.memory, statistic, _used(of.memory, usage, read, why))


def _beyond_idle(run: Measured, stage: ReadStage, component: str, spent: Figure) -> Figure:
    """Processor time for each VMI, beyond what the component uses in the same time when idle."""
    window, idle = (source_window(run, name, COMPONENTS) for name in (stage, IDLE))
    objects = objects_of(run, stage)
    if spent.value is None or objects == 0:
        reason = spent.reason or "there are no objects to divide by"
        return no_data(spent.unit, reason, source=COMPONENTS)
    usage = None if idle is None else idle.usage.get(component)
    if window is None or idle is None or usage is None or usage.cpu_seconds is None:
        reason = "the idle component was not measured, whose share is not the VMIs'"
        return no_data(spent.unit, reason, source=COMPONENTS)
    if idle.seconds <= 0:
        reason = "the idle time before the run was too short to measure"
        return no_data(spent.unit, reason, source=COMPONENTS)
    when_idle = usage.cpu_seconds / idle.seconds * window.seconds
    each = max(0.0, float(spent.value) - when_idle) / objects
    detail = {"idle_seconds_of_it": when_idle}
    return Figure(each, spent.unit, objects, COMPONENTS, detail=detail)


def _counts(window: Window | None) -> Mapping[tuple[str, str], int]:
    """Successful requests of the counted components by (verb, resource)."""
    counts: dict[tuple[str, str], int] = {}
    if window is not None:
        for made, count in folded(window.requests).items():
            call = made.call
            if is_of(made) and call.is_success and call.resource in COUNTED_RESOURCES:
                key = (call.verb, call.resource)
                counts[key] = counts.get(key, 0) + count
    return counts


def _figure(window: Window | None, count: int) -> Figure:
    reason = reason_of(window)
    if window is None or reason is not None:
        return no_data(UNIT, reason or "", source="none")
    return Figure(count, UNIT, count, window.source)


def _both(definition: Definition, figure: Figure, objects: int) -> Iterator[Row]:
    """A figure as it is, and for each object."""
    yield Row(definition, "count", figure)
    if figure.value is None or objects == 0:
        reason = figure.reason or "there are no objects to divide by"
        missing = no_data(figure.unit, reason, source=figure.source)
        yield Row(definition, "per_object", missing)
    else:
        each = float(figure.value) / objects
        per_object = Figure(each, figure.unit, objects, figure.source)
        yield Row(definition, "per_object", per_object)


_MEMORY: Final[Mapping[str, Callable[[Usage], float | None]]] = {
    "before": lambda usage: usage.resident_before,
    "peak": lambda usage: usage.resident_peak,
    "after": lambda usage: usage.resident_after,
}


def _used(
    definition: Definition, usage: Usage | None, what: Callable[[Usage], float | None], why: str
) -> Figure:
    value = None if usage is None else what(usage)
    if usage is None or value is None:
        return no_data(definition.unit, why, source=COMPONENTS)
    return Figure(value, definition.unit, usage.processes, COMPONENTS)


def _why_no_usage(window: Window | None, usage: Usage | None, component: str) -> str:
    if window is None:
        return "the components' metrics were not read"
    failed = next((words for words in window.failed if words.startswith(component)), None)
    if failed is not None:
        return f"a read failed: {failed}"
    if usage is None:
        return f"no process of {component} says what it uses"
    return f"a process of {component} restarted, or does not say what it uses"
