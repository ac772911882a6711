"""Indicators of REST calls and of what components use.

Invariant: names and units are those of `call_catalog`; a figure of a window that is not whole is no
data, with the reason.
"""

from collections.abc import Callable, Iterator, Mapping

from virtslo.model.figures import Figure, no_data
from virtslo.model.operations import RAMP_DOWN
from virtslo.model.rest_calls import COMPONENTS
from virtslo.model.vocabulary import COUNTED_COMPONENTS, COUNTED_RESOURCES, COUNTED_VERBS
from virtslo.slo.catalog.call_definitions import call_name, component_name
from virtslo.slo.record.call_windows import Usage, Window, folded
from virtslo.slo.record.measured import Measured, measured_stage
from virtslo.slo.record.rest_calls import (
    UNIT,
    best_window,
    is_of,
    is_success,
    objects_of,
    reason_of,
    source_window,
)

Row = tuple[str, str, Figure]


def call_rows(run: Measured) -> Iterator[Row]:
    """Requests by verb and resource in the measured stage, and by verb in the ramp-down."""
    stage = measured_stage(run.record)
    window, objects = best_window(run, stage), objects_of(run, stage)
    counts = _counts(window)
    for verb in COUNTED_VERBS:
        for resource in COUNTED_RESOURCES:
            figure = _figure(window, counts.get((verb, resource), 0))
            yield from _both(call_name(verb, resource), figure, objects)
    window, objects = best_window(run, RAMP_DOWN), objects_of(run, RAMP_DOWN)
    counts = _counts(window)
    for verb in COUNTED_VERBS:
        total = sum(count for key, count in counts.items() if key[0] == verb)
        yield from _both(f"ramp_down_rest_calls_{verb.lower()}", _figure(window, total), objects)


def usage_rows(run: Measured) -> Iterator[Row]:
    """Processor time and memory of each component."""
    stage = measured_stage(run.record)
    window = source_window(run, stage, COMPONENTS)
    for component in COUNTED_COMPONENTS:
        usage = None if window is None else window.usage.get(component)
        why = _why_no_usage(window, usage, component)
        cpu = _used(usage, lambda found: found.cpu_seconds, "s", why)
        yield from _both(
            component_name("cpu_seconds", component), cpu, objects_of(run, stage), "value"
        )
        name = component_name("resident_bytes", component)
        yield name, "before", _used(usage, lambda found: found.resident_before, "bytes", why)
        yield name, "peak", _used(usage, lambda found: found.resident_peak, "bytes", why)
        yield name, "after", _used(usage, lambda found: found.resident_after, "bytes", why)


def _counts(window: Window | None) -> Mapping[tuple[str, str], int]:
    """Successful requests of the counted components by (verb, resource)."""
    counts: dict[tuple[str, str], int] = {}
    if window is not None:
        for row, count in folded(window.requests).items():
            if is_of(row) and is_success(row) and row[2] in COUNTED_RESOURCES:
                counts[row[1], row[2]] = counts.get((row[1], row[2]), 0) + count
    return counts


def _figure(window: Window | None, count: int) -> Figure:
    reason = reason_of(window)
    if window is None or reason is not None:
        return no_data(UNIT, reason or "", source="none")
    return Figure(count, UNIT, count, window.source)


def _both(name: str, figure: Figure, objects: int, first: str = "count") -> Iterator[Row]:
    """A figure as it is, and for each object."""
    yield name, first, figure
    if figure.value is None or objects == 0:
        reason = figure.reason or "there are no objects to divide by"
        yield name, "per_object", no_data(figure.unit, reason, source=figure.source)
    else:
        each = float(figure.value) / objects
        yield name, "per_object", Figure(each, figure.unit, objects, figure.source)


def _used(
    usage: Usage | None, what: Callable[[Usage], float | None], unit: str, why: str
) -> Figure:
    value = None if usage is None else what(usage)
    if usage is None or value is None:
        return no_data(unit, why, source=COMPONENTS)
    return Figure(value, unit, usage.processes, COMPONENTS)


def _why_no_usage(window: Window | None, usage: Usage | None, component: str) -> str:
    if window is None:
        return "the components' metrics were not read"
    failed = next((words for words in window.failed if words.startswith(component)), None)
    if failed is not None:
        return f"a read failed: {failed}"
    if usage is None:
        return f"no process of {component} says what it uses"
    return f"a process of {component} restarted, or does not say what it uses"
