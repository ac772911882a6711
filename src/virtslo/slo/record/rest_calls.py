"""REST calls in a stage's window: the cells of the third table, and the figures beside them.

Invariant: a count from counters that were read directly is an integer and exact; where a process
restarted or went, or a read failed, there is no count and the cell says why. Definition: DESIGN's
"REST calls" (docs/reference/definitions.md).
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from virtslo.model.calls import ComponentCall
from virtslo.model.figures import Figure, no_data
from virtslo.model.rest_calls import API_SERVER, AUDIT_LOG, COMPONENTS, IDLE, PROMETHEUS
from virtslo.model.vocabulary import COUNTED_COMPONENTS, COUNTED_RESOURCES, EVERYONE
from virtslo.slo.record.call_windows import Window, folded, window_of
from virtslo.slo.record.measured import Measured, measured_stage
from virtslo.slo.record.scraped_window import scraped_window

UNIT: Final = "requests"
NOT_COUNTED: Final = "REST calls were not counted in this run"

SOURCES: Final[Mapping[str, tuple[str, ...]]] = {
    "auto": (COMPONENTS, AUDIT_LOG, PROMETHEUS),
    "components": (COMPONENTS,),
    "audit-log": (AUDIT_LOG,),
    "api-server": (API_SERVER,),
    "prometheus": (PROMETHEUS,),
    "none": (),
}
"""Which sources a scenario's `observe.restCalls` lets a cell come from, best first."""


def objects_of(run: Measured, stage: str) -> int:
    """How many VMIs a stage's calls are for: made, replaced, or deleted."""
    return run.expected_vmis() if stage == measured_stage(run.record) else run.vmis_to_delete()


def source_window(run: Measured, stage: str, source: str) -> Window | None:
    """What one source says of a stage's window; None: it was not read."""
    if source == PROMETHEUS:
        return scraped_window(run.record.rest_calls.scraped, stage)
    return window_of(run.record.rest_calls.reads, stage, source=source)


def best_window(run: Measured, stage: str) -> Window | None:
    """What the best source that could be read says; the best one's failure where none could."""
    windows = [
        window
        for source in SOURCES[run.record.header.scenario.observe.rest_calls]
        if (window := source_window(run, stage, source)) is not None
    ]
    return next((window for window in windows if reason_of(window) is None), None) or next(
        iter(windows), None
    )


def reason_of(window: Window | None) -> str | None:
    """Why there is no count; None where there is one."""
    if window is None:
        return NOT_COUNTED
    failed = [words for words in window.failed if _is_of_counted(words)]
    if failed:
        more = f" and {len(failed) - 1} more" if len(failed) > 1 else ""
        return f"a read failed: {failed[0]}{more}"
    gone = [words for words in (*window.restarted, *window.went) if _is_of_counted(words)]
    if gone:
        return f"calls are lost with a process that ended inside the window: {', '.join(gone[:3])}"
    fallen = [words for words in window.fell if _is_of_counted(words)]
    if fallen:
        return f"counters fell though their process is the same: {'; '.join(fallen[:3])}"
    if not window.processes:
        return "no component's counters could be read"
    return None


def cell(run: Measured, verb: str, stage: str | None = None) -> Figure:
    """The cell of table 3 for a verb."""
    stage = stage or measured_stage(run.record)
    window = best_window(run, stage)
    reason = reason_of(window)
    if window is None or reason is not None:
        return no_data(UNIT, reason or NOT_COUNTED, source="none" if window is None else
                       window.source)  # fmt: skip
    mine = {
        made: n
        for made, n in folded(window.requests).items()
        if made.call.verb == verb and is_of(made)
    }
    counted = {made: n for made, n in mine.items() if made.call.resource in COUNTED_RESOURCES}
    good = {made: n for made, n in counted.items() if made.call.is_success}
    value = sum(good.values())
    objects = objects_of(run, stage)
    detail: dict[str, object] = {
        "by_resource": summed(good, lambda made: made.call.resource),
        "by_component": summed(good, lambda made: made.component),
        "background": sum(mine.values()) - sum(counted.values()),
        "errors": summed(
            {made: n for made, n in counted.items() if made not in good},
            lambda made: made.call.code,
        ),
        "per_object": value / objects if objects else None,
        "window_seconds": window.seconds,
        "edge_seconds": list(window.edge_seconds),
    }
    idle = source_window(run, IDLE, window.source)
    if idle is not None and reason_of(idle) is None and idle.seconds > 0:
        calls = sum(
            n for made, n in idle.requests.items() if made.call.verb == verb and is_of(made)
        )
        detail["idle_per_second"] = calls / idle.seconds
        detail["idle_seconds"] = idle.seconds
    return Figure(value, UNIT, value, window.source, detail=detail)


def is_of(made: ComponentCall) -> bool:
    """Whether calls are of a counted component (or of all callers, where they are not known)."""
    return made.component in COUNTED_COMPONENTS or made.component == EVERYONE


def summed(
    counts: Mapping[ComponentCall, int], part: Callable[[ComponentCall], str]
) -> Mapping[str, int]:
    """The counts by one part of what was called, zeros left out."""
    sums: Counter[str] = Counter()
    for made, count in counts.items():
        sums[part(made)] += count
    return {key: sums[key] for key in _ordered(sums) if sums[key]}


def _is_of_counted(words: str) -> bool:
    component = words.split(" ", 1)[0]
    return component in COUNTED_COMPONENTS or component in {"kubevirt", EVERYONE}


def _ordered(keys: Iterable[str]) -> Sequence[str]:
    return sorted(keys)
