"""From facts about objects to the events of a trace, in which objects are numbers.

Invariant: what an object was called is held only while it lives, and never handed on. An object
arrives once and is deleted once; what is deleted without having arrived was there before.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from virtslo.model.plan.trace import ARRIVAL, DELETION, PRESENT, EventName, Shape, TraceEvent
from virtslo.model.plan.workload import Kind
from virtslo.observe.shapes import members_of, owner_of, shape_of

Key = tuple[Kind, str, str]
"""(kind, namespace, name) of an object, while it lives."""


@dataclass(frozen=True, slots=True)
class _Known:
    number: int
    uid: str
    is_deleted: bool = False


@dataclass(frozen=True, slots=True)
class Sighting:
    """What is kept of an object that was seen."""

    shape: Shape | None = None
    members: int | None = None
    owner: Key | None = None
    is_owned: bool = False
    uid: str = ""


def sighting_of(key: Key, target: Any, *, uid: str = "") -> Sighting:
    """Read an object; what is no mapping says nothing."""
    kind, namespace, _ = key
    made_by = owner_of(target)
    owner = None if made_by is None else (made_by[0], namespace, made_by[1])
    return Sighting(shape_of(kind, target), members_of(kind, target), owner, owner is not None, uid)


class TraceBuilder:
    """Gives objects their numbers and hands out events."""

    def __init__(self, emit: Callable[[TraceEvent], None]) -> None:
        self._emit = emit
        self._known: dict[Key, _Known] = {}
        self._count = 0
        self.counts: Counter[tuple[str, Kind]] = Counter()
        """Events by (event, kind)."""

    def knows(self, key: Key) -> bool:
        """Whether an object lives under this name."""
        return key in self._known

    def appear(
        self,
        key: Key,
        seen: Sighting,
        at_ns: int,
        *,
        is_present: bool = False,
        is_late: bool = False,
    ) -> None:
        """Take note of an object that arrived, or was there (`is_present`)."""
        known = self._known.get(key)
        if known is not None:
            is_same = known.uid == seen.uid or not seen.uid or not known.uid
            if is_same and not (known.is_deleted and not seen.uid):
                return
            self.disappear(key, at_ns, is_late=True)
        self._count += 1
        self._known[key] = _Known(self._count, seen.uid)
        kind = key[0]
        owner = None if seen.owner is None else self._known.get(seen.owner)
        event: EventName = PRESENT if is_present else ARRIVAL
        self.counts[event, kind] += 1
        self._emit(
            TraceEvent(
                at_ns,
                event,
                object=self._count,
                kind=kind,
                members=seen.members,
                owner=None if owner is None else owner.number,
                is_owned=seen.is_owned or seen.owner is not None,
                shape=seen.shape,
                approximate=is_late,
            )
        )

    def ask_to_delete(self, key: Key, at_ns: int, *, is_late: bool = False) -> None:
        """Take note of a deletion's begin; the object is there until it has gone."""
        known = self._known.get(key)
        if known is not None and not known.is_deleted:
            self._known[key] = _Known(known.number, known.uid, is_deleted=True)
            self._tell_deletion(key[0], known.number, at_ns, is_late=is_late)

    def disappear(self, key: Key, at_ns: int, *, is_late: bool = False) -> None:
        """Take note that an object has gone; its deletion, where that was not seen before."""
        self.ask_to_delete(key, at_ns, is_late=is_late)
        self._known.pop(key, None)

    def living(self, kind: Kind, namespace: str | None = None) -> list[Key]:
        """What is there of a kind."""
        return [
            key
            for key, known in self._known.items()
            if key[0] is kind and namespace in (None, key[1]) and not known.is_deleted
        ]

    def _tell_deletion(self, kind: Kind, number: int, at_ns: int, *, is_late: bool) -> None:
        self.counts[DELETION, kind] += 1
        self._emit(TraceEvent(at_ns, DELETION, object=number, approximate=is_late))
