"""REST calls in a stage's window: the cells of the third table, and the figures beside them.

Invariant: a count from counters that were read directly is an integer and exact; where a process
restarted or went, or a read failed, there is no count and the cell says why. Definition: DESIGN's
"REST calls" (docs/reference/definitions.md).
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Final

from virtslo.model.kubernetes.calls import ComponentCall
from virtslo.model.kubernetes.components import COUNTED_COMPONENTS
from virtslo.model.plan.scenario import CountsFrom
from virtslo.model.report.figures import Figure, no_data
from virtslo.model.run.rest_calls import (
    API_SERVER,
    AUDIT_LOG,
    COMPONENTS,
    IDLE,
    PROMETHEUS,
    CallSource,
    ReadStage,
)
from virtslo.model.vocabulary import COUNTED_RESOURCES, EVERYONE
from virtslo.slo.record.call_windows import Window, folded
from virtslo.slo.record.measured import Measured, measured_stage
from virtslo.slo.record.scraped_window import scraped_window

UNIT: Final = "requests"
NOT_COUNTED: Final = "REST calls were not counted in this run"

SOURCES: Final[Mapping[CountsFrom, tuple[CallSource, ...]]] = {
    "auto": (COMPONENTS, AUDIT_LOG, PROMETHEUS),
    "components": (COMPONENTS,),
    "audit-log": (AUDIT_LOG,),
    "api-server": (API_SERVER,),
    "prometheus": (PROMETHEUS,),
    "none": (),
}
"""Which sources a scenario's `observe.restCalls` lets a cell come from, best first."""


def objects_of(run: Measured, stage: ReadStage) -> int:
    """How many VMIs a stage's calls are for: made, replaced, or deleted."""
    return run.expected_vmis() if stage == measured_stage(run.record) else run.vmis_to_delete()


def source_window(run: Measured, stage: ReadStage, source: CallSource) -> Window | None:
    """What one source says of a stage's window; None: it was not read."""
    if source == PROMETHEUS:
        return scraped_window(run.record.rest_calls.scraped, stage)
    return run.windows.of(stage, source)


def best_window(run: Measured, stage: ReadStage) -> Window | None:
    """What the best source that could be read says; the best one's failure where none could."""
    windows = [
        window
        for source in SOURCES[run.record.header.scenario.observe.rest_calls]
        if (window := source_window(run, stage, source)) is not None
    ]
    return next((window for window in windows if reason_of(window) is None), None) or next(
        iter(windows), None
    )


def reason_of(
    window: Window | None, components: Collection[str] = COUNTED_COMPONENTS
) -> str | None:
    """Why there is no count of these components' calls; None where there is one."""
    if window is None:
        return NOT_COUNTED
    missing = [name for name in window.missing if name in components]
    if missing:
        whose = "its" if len(missing) == 1 else "their"
        return f"no pods of {' and '.join(missing)} were found: {whose} calls are not known"
    failed = [words for words in window.failed if _is_of(words, components)]
    if failed:
        more = f" and {len(failed) - 1} more" if len(failed) > 1 else ""
        return f"a read failed: {failed[0]}{more}"
    gone = [words for words in (*window.restarted, *window.went) if _is_of(words, components)]
    if gone:
        return f"calls are lost with a process that ended inside the window: {', '.join(gone[:3])}"
    fallen = [words for words in window.fell if _is_of(words, components)]
    if fallen:
        return f"counters fell though their process is the same: {'; '.join(fallen[:3])}"
    if not window.processes:
        return "no component's counters could be read"
    return None


def cell(run: Measured, verb: str, stage: ReadStage | None = None) -> Figure:
    """The cell of table 3 for a verb."""
    stage = stage or measured_stage(run.record)
    window = best_window(run, stage)
    reason = reason_of(window)
    if window is None or reason is not None:
        return _partial_cell(window, verb, reason or NOT_COUNTED)
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
        "covers": covered(window),
        "by_resource": summed(good, lambda made: made.call.resource),
        "by_component": summed(good, lambda made: made.component),
        "background": sum(
            n for made, n in mine.items() if made not in counted and made.call.is_success
        ),
        "errors": summed(
            {made: n for made, n in mine.items() if not made.call.is_success},
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


def refused(run: Measured) -> Figure:
    """Calls of the counted components that were answered with an error, of any verb, in the
    measured stage."""
    window = best_window(run, measured_stage(run.record))
    reason = reason_of(window)
    if window is None or reason is not None:
        return no_data(UNIT, reason or NOT_COUNTED)
    errors = {
        made: n
        for made, n in folded(window.requests).items()
        if is_of(made) and not made.call.is_success
    }
    value = sum(errors.values())
    by_code = summed(errors, lambda made: made.call.code)
    return Figure(value, UNIT, value, window.source, detail={"by_code": by_code})


def covered(window: Window, components: Sequence[str] = COUNTED_COMPONENTS) -> list[str]:
    """The components whose calls in a window are all known; `*`: all callers together."""
    if any(words.startswith((f"{EVERYONE} ", "kubevirt ")) for words in window.failed):
        return []
    if any(made.component == EVERYONE for made in window.requests):
        return [EVERYONE]
    return [component for component in components if not window.lacks(component)]


def _partial_cell(window: Window | None, verb: str, reason: str) -> Figure:
    """A cell without a count: what the covered components made is its least."""
    if window is None:
        return no_data(UNIT, reason)
    known = [component for component in covered(window) if component != EVERYONE]
    if not known:
        return no_data(UNIT, reason, source=window.source)
    parts = {
        made: n
        for made, n in folded(window.requests).items()
        if made.call.verb == verb
        and made.component in known
        and made.call.resource in COUNTED_RESOURCES
        and made.call.is_success
    }
    lacking = {name: lacks[0] for name in COUNTED_COMPONENTS if (lacks := window.lacks(name))}
    least = sum(parts.values())
    detail = {
        "covers": known,
        "no_data_of": lacking,
        "by_component": summed(parts, lambda made: made.component),
    }
    return Figure(
        None,
        UNIT,
        least,
        window.source,
        reason=f"{reason}; {' and '.join(known)} alone made {least}",
        lower_bound=least,
        detail=detail,
    )


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


def _is_of(words: str, components: Collection[str]) -> bool:
    component = words.split(" ", 1)[0]
    return component in components or component in {"kubevirt", EVERYONE}


def _ordered(keys: Iterable[str]) -> Sequence[str]:
    return sorted(keys)
