"""Facts in any order become events in order of time."""

from itertools import permutations

import pytest

from virtslo.base.errors import StoreError
from virtslo.base.limits import Limit
from virtslo.model.plan.trace import TraceEvent
from virtslo.model.plan.workload import Kind
from virtslo.observe import buffered_trace
from virtslo.observe.buffered_trace import ALL_DELETED, APPEARED, DELETED, BufferedFacts, Fact
from virtslo.observe.trace_builder import Sighting


def key(name: str, kind: Kind = Kind.VMI) -> tuple[Kind, str, str]:
    return kind, "n", name


FACTS = (
    Fact(10, APPEARED, key("a"), Sighting()),
    Fact(15, DELETED, key("old")),
    Fact(20, APPEARED, key("b"), Sighting()),
    Fact(30, ALL_DELETED, key("")),
)


@pytest.mark.parametrize("facts", list(permutations(FACTS)))
def test_the_order_of_facts_does_not_matter(facts: tuple[Fact, ...]) -> None:
    events: list[TraceEvent] = []
    BufferedFacts(list(facts)).play(events.append, origin_ns=10)

    assert [(event.at_ns, event.event, event.object) for event in events] == [
        (0, "present", 1),
        (0, "arrival", 2),
        (5, "deletion", 1),
        (10, "arrival", 3),
        (20, "deletion", 2),
        (20, "deletion", 3),
    ]


def test_there_is_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buffered_trace, "TRACE_LINES", Limit("lines", 1, "lines"))
    found = BufferedFacts()
    found.add(FACTS[0])

    with pytest.raises(StoreError, match="more arrivals and deletions"):
        found.add(FACTS[1])
