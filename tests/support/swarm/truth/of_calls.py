"""The true counts of REST calls, from the exchanges of the server.

Invariant: a count is of exchanges that ended inside a window; those that ended while the window's
edge was being read may be in it or not. A call whose answer was lost may have succeeded.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

from support.swarm.door import GIVEN_UP, NO_ANSWER, Exchange
from support.swarm.truth.happened import Happened
from support.swarm.truth.of_answers import VERBS, of_everybodys_calls
from support.swarm.truth.spans import Claim, Span, exactly
from virtslo.model.run.rest_calls import CounterRead
from virtslo.model.stage_names import HOLD, RAMP_DOWN

COMPONENTS: Final = ("virt-api", "virt-controller", "virt-handler")
RESOURCES: Final = (
    "virtualmachineinstances",
    "virtualmachines",
    "virtualmachinepools",
    "virtualmachineinstancereplicasets",
    "pods",
    "events",
    "controllerrevisions",
)


class Edges(NamedTuple):
    """When the reads at both ends of a window were made, of the run's clock."""

    before: tuple[int, int]
    after: tuple[int, int]


def of_calls(truth: Happened) -> Iterator[Claim]:
    """Every count of calls."""
    yield from _at_rest(truth)
    deleted = _to_delete(truth)
    for stage, objects in ((truth.measured, made_in(truth)), (RAMP_DOWN, deleted)):
        edges = _edges(truth, stage)
        if edges is None:
            continue
        inside = _Inside(truth, edges)
        for verb in sorted(set(VERBS.values())):
            if stage == RAMP_DOWN:
                total = inside.count(_successes(verb, RESOURCES))
                yield from _both(f"ramp_down_rest_calls_{verb}", total, objects)
                continue
            for resource in RESOURCES:
                counted = inside.count(_successes(verb, (resource,)))
                yield from _both(f"rest_calls_{verb}_{resource}", counted, objects)
        if stage == truth.measured:
            each = inside.count(_takes_token).over(objects)
            yield ("controller_calls_per_vmi", "per_object"), each
            waited = inside.seconds(_is_of_components).over(objects)
            yield ("api_answer_wait_seconds", "per_object"), waited
            yield from of_everybodys_calls(inside.surely, inside.maybe)


def _at_rest(truth: Happened) -> Iterator[Claim]:
    """Every request of the components by the hour, while objects are there and left alone."""
    edges = _edges(truth, HOLD)
    if edges is None:
        return
    inside = _Inside(truth, edges)
    seconds = Span(*(_apart(edges, is_long=is_long) for is_long in (False, True)))
    header = truth.played.record.header
    divisors = {
        "per_hour": 1,
        "per_node_hour": header.environment.nodes or 0,
        "per_object_hour": truth.scenario.workload.count,
    }
    for verb in sorted(set(VERBS.values())):
        total = inside.count(_any_answer(verb))
        for statistic, divisor in divisors.items():
            hours = Span(*(end / 3600 * divisor for end in seconds))
            yield (f"idle_rest_calls_{verb}", statistic), total.over(hours)


def _apart(edges: Edges, *, is_long: bool) -> float:
    """Seconds from the reads before to those after: between them, or with them."""
    if is_long:
        return (edges.after[1] - edges.before[0]) / 1e9
    return (edges.after[0] - edges.before[1]) / 1e9


def made_in(truth: Happened) -> Span:
    """How many VMIs the measured stage was to bring; every one was asked for."""
    churn = truth.scenario.load.churn
    if truth.measured == "ramp_up" or churn is None:
        return exactly(truth.scenario.workload.count)
    requests = [item for item in truth.requests if item.operation.stage == truth.measured]
    cycles = {item.operation.cycle for item in requests}
    creates = sum(item.operation.verb == "create" for item in requests)
    if creates:
        return exactly(creates)
    deletes = sum(item.operation.verb == "delete" for item in requests)
    return exactly(deletes or len(cycles) * churn.objects)


def _both(name: str, count: Span, objects: Span) -> Iterator[Claim]:
    yield (name, "count"), count
    yield (name, "per_object"), count.over(objects)


Suits = Callable[[Exchange], tuple[bool, bool]]
"""Whether an exchange is counted, and whether it may be."""


def _successes(verb: str, resources: Sequence[str]) -> Suits:
    def suits(item: Exchange) -> tuple[bool, bool]:
        is_it = item.caller in COMPONENTS and item.resource in resources
        is_it = is_it and VERBS.get(item.verb) == verb
        return is_it and item.is_success, is_it and (item.is_success or item.outcome == NO_ANSWER)

    return suits


def _any_answer(verb: str) -> Suits:
    def suits(item: Exchange) -> tuple[bool, bool]:
        is_it = item.caller in COMPONENTS and VERBS.get(item.verb) == verb
        is_seen = item.outcome not in {GIVEN_UP, NO_ANSWER}  # an audit log knows no others
        return is_it and is_seen, is_it

    return suits


def _takes_token(item: Exchange) -> tuple[bool, bool]:
    """Calls of virt-controller but leases and watches, whatever came of them."""
    is_it = item.caller == "virt-controller" and item.verb != "watch" and item.resource != "leases"
    return is_it and item.outcome != GIVEN_UP, is_it


def _is_of_components(item: Exchange) -> tuple[bool, bool]:
    """Calls of the counted components, watches until they are open."""
    is_it = item.caller in COMPONENTS
    return is_it and item.outcome != GIVEN_UP, is_it


class _Inside:
    """The exchanges of a window."""

    def __init__(self, truth: Happened, edges: Edges) -> None:
        begun, over = edges.before[0], edges.after[1]
        surely = (edges.before[1], edges.after[0])
        self._found = [
            (item, surely[0] < at < surely[1])
            for item in truth.played.exchanges
            if begun <= (at := item.ended_ns - truth.origin_ns) <= over
        ]

    def count(self, suits: Suits) -> Span:
        """How many exchanges suit: surely, and at most."""
        sure = most = 0
        for item, is_inside in self._found:
            is_counted, may_be = suits(item)
            sure += is_counted and is_inside
            most += may_be
        return Span(sure, most)

    def seconds(self, suits: Suits) -> Span:
        """How long the exchanges that suit took together."""
        sure = most = 0.0
        for item, is_inside in self._found:
            is_counted, may_be = suits(item)
            sure += item.seconds if is_counted and is_inside else 0.0
            most += item.seconds if may_be else 0.0
        return Span(sure, most)

    @property
    def surely(self) -> list[Exchange]:
        """Those that ended between the reads."""
        return [item for item, is_inside in self._found if is_inside]

    @property
    def maybe(self) -> list[Exchange]:
        """Those that may have ended between the reads."""
        return [item for item, _ in self._found]


def _edges(truth: Happened, stage: str) -> Edges | None:
    """The reads around a stage: those before it are the last ones of another."""
    moments: dict[tuple[str, str], list[CounterRead]] = {}
    for read in truth.played.record.rest_calls.reads:
        moments.setdefault((read.stage, read.moment.value), []).append(read)
    labels = list(moments)
    if (stage, "after") not in labels[1:]:
        return None
    place = labels.index((stage, "after"))
    return Edges(_span(moments[labels[place - 1]]), _span(moments[labels[place]]))


def _span(reads: Sequence[CounterRead]) -> tuple[int, int]:
    return min(read.started_ns for read in reads), max(read.ended_ns for read in reads)


def _to_delete(truth: Happened) -> Span:
    """How many VMIs the ramp-down found."""
    stage = truth.stages.get(RAMP_DOWN)
    begun = 0.0 if stage is None else stage.started_ns / 1e9
    gone = [truth.gone(life) for life in truth.vmis.values()]
    return Span(sum(g.low >= begun for g in gone), sum(g.high >= begun for g in gone))
