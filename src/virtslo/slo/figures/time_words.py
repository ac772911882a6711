"""Where the time goes, in sentences.

Invariant: every number in a sentence is one of the indicators; a sentence whose figures are missing
says why, once.
"""

from collections.abc import Iterator, Mapping

from virtslo.base.clock import to_seconds
from virtslo.model.identifiers import RUNNING
from virtslo.model.plan.ceiling import needed_calls
from virtslo.slo.catalog.time_spent import (
    API_ANSWER_WAIT,
    IN_PHASE,
    RATE_LIMITER_WAIT,
    TO_PENDING,
    WORK_QUEUE_WAIT,
    WORK_QUEUE_WORK,
)
from virtslo.slo.figures.rows import Row
from virtslo.slo.figures.time_spent import (
    BOUND_SHARE,
    Ceiling,
    ceiling_of,
    time_rows,
)
from virtslo.slo.record.measured import Measured, released

_PARTS: Mapping[str, str] = {
    TO_PENDING.name: "to the first phase",
    **{part.name: phase for phase, part in IN_PHASE.items()},
}
_WAITS: Mapping[str, str] = {
    RATE_LIMITER_WAIT.name: "in KubeVirt's own client rate limits",
    API_ANSWER_WAIT.name: "for answers of the API server",
    WORK_QUEUE_WAIT.name: "in virt-controller's work queues",
    WORK_QUEUE_WORK.name: "being worked on by virt-controller",
}


def time_lines(run: Measured) -> tuple[str, ...]:
    """The sentences about a run's time."""
    rows = list(time_rows(run))
    return (*_phases(rows), *_waits(rows), *_ceiling(run))


def ceiling_sentence(ceiling: Ceiling) -> str:
    """What virt-controller's client limit allows: the least time, and calls as counted."""
    calls = f"virt-controller made {ceiling.calls_per_object:.1f} calls per VMI"
    rate = ceiling.objects_per_second
    if rate is None:
        return f"{calls}, and its client has no limit"
    limit = f"{ceiling.limit.qps:g}/s after a burst of {ceiling.limit.burst}"
    bound = f"{ceiling.count} VMIs cannot be Running before {_time(ceiling.least_seconds)}"
    if ceiling.least_seconds <= 0:
        bound = f"{ceiling.count} VMIs need not wait for it"
    return (
        f"{calls}, of which {needed_calls(ceiling.kind)} are needed before Running; at {limit}, "
        f"{bound}; at the calls counted, in the long run {rate:.3g} VMIs/s"
    )


def _phases(rows: list[Row]) -> Iterator[str]:
    parts = [
        (definition, float(figure.value))
        for definition, _, figure in rows
        if definition.name in _PARTS and figure.value is not None
    ]
    if not parts:
        yield "by phase: no data: no VMI was seen from its create to Running"
        return
    total = sum(seconds for _, seconds in parts)
    told = ", ".join(
        f"{_time(seconds)} {_PARTS[part.name]}{_share(seconds, total)}" for part, seconds in parts
    )
    yield f"from creation to Running a VMI took {_time(total)} on average: {told}"


def _waits(rows: list[Row]) -> Iterator[str]:
    told = []
    for definition, _, figure in rows:
        name = definition.name
        if name in _WAITS and figure.value is not None:
            told.append(f"{_time(float(figure.value))} {_WAITS[name]}{_largest(figure.detail)}")
    if told:
        yield f"time spent per VMI, in parallel: {', '.join(told)}"


def _ceiling(run: Measured) -> Iterator[str]:
    ceiling = ceiling_of(run)
    if isinstance(ceiling, str):
        yield f"ceiling: no data: {ceiling}"
        return
    sentence = ceiling_sentence(ceiling)
    measured = _time_to_all(run)
    if measured is None or run.churn is not None:
        yield sentence
        return
    counted = ceiling.counted_seconds
    share = counted / measured if measured > 0 else 0.0
    bound = (
        "the client's limit is what bounds this run most"
        if share >= BOUND_SHARE
        else "something else bounds this run"
    )
    after = ", some of them after the last was Running" if counted > measured else ""
    yield (
        f"{sentence}. Measured: all Running after {_time(measured)}; all calls of the stage take "
        f"{_time(counted)} of the limit{after}: {bound}"
    )


def _time_to_all(run: Measured) -> float | None:
    moments = run.phase_moments(RUNNING)
    if not run.creations or len(moments) < run.expected_vmis():
        return None
    return to_seconds(max(moments) - min(released(item) for item in run.creations))


def _largest(detail: Mapping[str, object] | None) -> str:
    """The largest of several parts, named."""
    for parts in (detail or {}).values():
        if isinstance(parts, dict) and len(parts) > 1:
            name, seconds = max(parts.items(), key=lambda item: (item[1], item[0]))
            return f" ({name} {_time(seconds)})" if seconds > 0 else ""
    return ""


def _share(seconds: float, total: float) -> str:
    return f" ({100 * seconds / total:.0f} %)" if total > 0 else ""


def _time(seconds: float) -> str:
    return f"{seconds:.3g} s" if seconds >= 1 else f"{1000 * seconds:.3g} ms"
