"""Facts of a source that has ended, put in order of time and turned into a trace's events.

Invariant: whatever order facts were found in, the trace is in order of time; an object whose
deletion alone is known was there before. Facts hold shapes and keys, never objects.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Literal

from virtslo.base.errors import StoreError
from virtslo.base.limits import TRACE_LINES
from virtslo.model.plan.trace import TraceEvent
from virtslo.model.plan.workload import Kind
from virtslo.observe.trace_builder import Key, Sighting, TraceBuilder

Happening = Literal["appeared", "was there", "deleted", "all deleted"]
APPEARED: Final[Happening] = "appeared"
WAS_THERE: Final[Happening] = "was there"
DELETED: Final[Happening] = "deleted"
ALL_DELETED: Final[Happening] = "all deleted"


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that happened to an object; `ALL_DELETED`: to all of a kind in a namespace."""

    at_ns: int
    what: Happening
    key: Key
    seen: Sighting | None = None


@dataclass(slots=True)
class BufferedFacts:
    """Facts as they are found."""

    facts: list[Fact] = field(default_factory=list)

    def add(self, fact: Fact) -> None:
        """Keep a fact. Raises StoreError where there are more than a trace may have."""
        if len(self.facts) >= TRACE_LINES.most:
            raise StoreError(f"the source has more arrivals and deletions than {TRACE_LINES}")
        self.facts.append(fact)

    def play(self, emit: Callable[[TraceEvent], None], *, origin_ns: int) -> TraceBuilder:
        """Hand out the events, in order of time from `origin_ns`; those of one time as found."""
        builder = TraceBuilder(emit)
        for key, seen in self._there_before().items():
            builder.appear(key, seen, 0, is_present=True)
        for fact in sorted(self.facts, key=lambda fact: fact.at_ns):
            at_ns = max(0, fact.at_ns - origin_ns)
            if fact.what == APPEARED and fact.seen is not None:
                builder.appear(fact.key, fact.seen, at_ns)
            elif fact.what == DELETED:
                builder.disappear(fact.key, at_ns)
            elif fact.what == ALL_DELETED:
                for key in builder.living(fact.key[0], fact.key[1]):
                    builder.disappear(key, at_ns)
        return builder

    def _there_before(self) -> dict[Key, Sighting]:
        """What was there at the start: said so, or deleted or seen as an owner before it came."""
        found: dict[Key, Sighting] = {}
        come: dict[Key, None] = {}
        for fact in sorted(self.facts, key=lambda fact: fact.at_ns):
            if fact.what == WAS_THERE and fact.seen is not None:
                found.setdefault(fact.key, fact.seen)
            elif fact.what == APPEARED:
                come.setdefault(fact.key, None)
            elif fact.what == DELETED and fact.key not in come:
                is_owned = fact.seen is not None and fact.seen.is_owned
                found.setdefault(fact.key, Sighting(is_owned=is_owned))
        order = {kind: place for place, kind in enumerate((Kind.VMPOOL, Kind.VMIRS, Kind.VM))}
        return dict(sorted(found.items(), key=lambda pair: order.get(pair[0][0], len(order))))
