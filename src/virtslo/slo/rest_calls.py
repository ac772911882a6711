"""REST calls in a stage's window, from two direct reads of every component's counters.

Invariant: a count is the difference of two integers; a series absent before counts from 0. A pod
that restarted, came or went inside the window is named. A failed read is no data, never 0.
Definition: DESIGN's "REST calls" (docs/reference/definitions.md).
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from virtslo.model.figures import Figure, no_data
from virtslo.model.record import CounterRead

COUNTED_COMPONENTS: Final = ("virt-api", "virt-controller", "virt-handler")
COUNTED_RESOURCES: Final = (
    "virtualmachineinstances",
    "virtualmachines",
    "virtualmachinepools",
    "virtualmachineinstancereplicasets",
    "pods",
    "events",
    "controllerrevisions",
)
SOURCE: Final = "component counters"
UNIT: Final = "requests"

Row = tuple[str, str, str, str]
"""(component, verb, resource, code)."""


@dataclass(frozen=True, slots=True)
class Difference:
    """The requests of a window, and what is to be said of the reads."""

    requests: Mapping[Row, int]
    problems: tuple[str, ...]
    """Reads that failed, pods that restarted, came or went: each a reason to doubt."""
    failed: tuple[str, ...]
    """Reads that failed: without them there is no figure."""
    seconds: float
    """From the end of the reads before to the start of the reads after."""


def difference(before: Sequence[CounterRead], after: Sequence[CounterRead]) -> Difference:
    """Requests between two moments, over every counted component."""
    first = {read.pod: read for read in before if _is_counted(read)}
    last = {read.pod: read for read in after if _is_counted(read)}
    failed = [
        f"{read.component} {read.pod}: {read.error}"
        for read in (*before, *after)
        if read.error and _is_counted(read)
    ]
    requests: Counter[Row] = Counter()
    problems: list[str] = []
    for pod, read in last.items():
        earlier = first.get(pod)
        if earlier is None:
            problems.append(f"{read.component} {pod} came inside the window")
        elif earlier.process_start != read.process_start:
            problems.append(f"{read.component} {pod} restarted inside the window")
            earlier = None
        requests.update(_grown(read, earlier))
    problems += [
        f"{read.component} {pod} went inside the window"
        for pod, read in first.items()
        if pod not in last
    ]
    ends = max((read.ended_ns for read in before), default=0)
    starts = min((read.started_ns for read in after), default=0)
    return Difference(requests, tuple(problems), tuple(failed), max(0, starts - ends) / 1e9)


def cell(verb: str, window: Difference, *, objects: int, idle: Difference | None) -> Figure:
    """The cell of table 3 for a verb."""
    if window.failed:
        return no_data(UNIT, f"a read failed: {window.failed[0]}", source=SOURCE)
    if not window.requests:
        return no_data(UNIT, "no component's counters could be read", source=SOURCE)
    mine = {row: count for row, count in window.requests.items() if row[1] == verb}
    counted = {row: count for row, count in mine.items() if row[2] in COUNTED_RESOURCES}
    good = {row: count for row, count in counted.items() if row[3].startswith("2")}
    value = sum(good.values())
    detail: dict[str, object] = {
        "by_resource": _summed(good, 2),
        "by_component": _summed(good, 0),
        "background": sum(mine.values()) - sum(counted.values()),
        "errors": _summed({row: n for row, n in counted.items() if row not in good}, 3),
        "per_object": value / objects if objects else None,
    }
    if idle is not None and not idle.failed and idle.seconds > 0:
        calls = sum(count for row, count in idle.requests.items() if row[1] == verb)
        detail["idle_per_second"] = calls / idle.seconds
    return Figure(value, UNIT, value, SOURCE, detail=detail)


def _is_counted(read: CounterRead) -> bool:
    return read.component in (*COUNTED_COMPONENTS, "kubevirt")


def _grown(read: CounterRead, earlier: CounterRead | None) -> Mapping[Row, int]:
    known = {row[:3]: row[3] for row in earlier.counters} if earlier else {}
    return {
        (read.component, verb, resource, code): count - known.get((verb, resource, code), 0)
        for verb, resource, code, count in read.counters
    }


def _summed(rows: Mapping[Row, int], part: int) -> Mapping[str, int]:
    sums: Counter[str] = Counter()
    for row, count in rows.items():
        sums[row[part]] += count
    return {key: sums[key] for key in _ordered(sums) if sums[key]}


def _ordered(keys: Iterable[str]) -> Sequence[str]:
    return sorted(keys)
