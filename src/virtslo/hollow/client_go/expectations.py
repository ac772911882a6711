"""What a controller has asked for and not yet seen: client-go's expectations.

Invariant: a controller that expects something makes no decision about that key until it has seen
it, or until five minutes have passed; so a stale cache never makes it act twice.
"""

from typing import Final

import msgspec

from virtslo.base.clock import Clock, to_nanoseconds
from virtslo.model.identifiers import NamespacedName

PATIENCE_SECONDS: Final = 300.0


class _Expected(msgspec.Struct):
    creations: int = 0
    deletions: dict[str, None] = {}
    since_ns: int = 0


class Expectations:
    """Creations counted, deletions by uid, for each key."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._expected: dict[NamespacedName, _Expected] = {}
        self._patience_ns = to_nanoseconds(PATIENCE_SECONDS)

    def expect_creations(self, key: NamespacedName, count: int) -> None:
        """Expect this number of creates for the key."""
        entry = self._entry(key)
        entry.creations += count
        entry.since_ns = self._clock.now_ns()

    def expect_one(self, key: NamespacedName) -> None:
        """Expect one create for the key, and nothing that was expected before."""
        self._expected[key] = _Expected(creations=1, since_ns=self._clock.now_ns())

    def expect_deletion(self, key: NamespacedName, uid: str) -> None:
        """An object of this key's is about to be deleted."""
        entry = self._entry(key)
        entry.deletions[uid] = None
        entry.since_ns = self._clock.now_ns()

    def creation_observed(self, key: NamespacedName) -> None:
        """One of them was seen, or could not be created."""
        entry = self._expected.get(key)
        if entry is not None and entry.creations > 0:
            entry.creations -= 1
            self._tidy(key, entry)

    def deletion_observed(self, key: NamespacedName, uid: str) -> None:
        """It was seen to go, or could not be deleted."""
        entry = self._expected.get(key)
        if entry is not None and uid in entry.deletions:
            del entry.deletions[uid]
            self._tidy(key, entry)

    def are_met(self, key: NamespacedName) -> bool:
        """Whether a decision may be made."""
        entry = self._expected.get(key)
        if entry is None:
            return True
        return self._clock.now_ns() - entry.since_ns > self._patience_ns

    def creations(self, key: NamespacedName) -> int:
        """How many creations are awaited."""
        entry = self._expected.get(key)
        return 0 if entry is None else entry.creations

    def deletions(self, key: NamespacedName) -> int:
        """How many deletions are awaited."""
        entry = self._expected.get(key)
        return 0 if entry is None else len(entry.deletions)

    def forget(self, key: NamespacedName) -> None:
        """The key is gone."""
        self._expected.pop(key, None)

    def _entry(self, key: NamespacedName) -> _Expected:
        entry = self._expected.get(key)
        if entry is None:
            entry = self._expected[key] = _Expected()
        return entry

    def _tidy(self, key: NamespacedName, entry: _Expected) -> None:
        if not entry.creations and not entry.deletions:
            del self._expected[key]
