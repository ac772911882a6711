"""Pods that fitted nowhere, as kube-scheduler keeps them: until something changes, or too long.

Invariant: a pod is tried again no sooner than its back-off after its last attempt, at an event
that may have made room; without any event, when five minutes have passed.
"""

from typing import Final

from virtslo.base.clock import Clock, to_nanoseconds, to_seconds
from virtslo.model.identifiers import NamespacedName

FIRST_BACKOFF_SECONDS: Final = 1.0
LONGEST_BACKOFF_SECONDS: Final = 10.0
"""Between attempts at a pod that fits nowhere: from one second, doubled, to this."""
LONGEST_STAY_SECONDS: Final = 300.0
"""How long a pod is left alone when nothing happens that could have made room."""
FLUSH_EVERY_SECONDS: Final = 30.0
"""How often it is looked whether some have stayed too long."""


class Unschedulable:
    """Which pods wait for room, and when each may be tried again."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tries: dict[NamespacedName, int] = {}
        self._waiting: dict[NamespacedName, int] = {}

    def __contains__(self, key: NamespacedName) -> bool:
        return key in self._tries

    def add(self, key: NamespacedName) -> None:
        """An attempt has just failed; the pod waits from now on."""
        self._tries[key] = self._tries.get(key, 0) + 1
        self._waiting[key] = self._clock.now_ns()

    def discard(self, key: NamespacedName) -> None:
        """The pod is placed, or gone."""
        self._tries.pop(key, None)
        self._waiting.pop(key, None)

    def take_all(self) -> list[tuple[NamespacedName, float]]:
        """There may be room: everything that waits, with the seconds left of its back-off.

        Those that have waited longest come first.
        """
        now_ns = self._clock.now_ns()
        taken = [(key, self._left(key, since, now_ns)) for key, since in self._waiting.items()]
        self._waiting.clear()
        return taken

    def take_stale(self) -> list[NamespacedName]:
        """What has waited for so long that it is tried without a reason."""
        now_ns = self._clock.now_ns()
        longest_ns = to_nanoseconds(LONGEST_STAY_SECONDS)
        stale = [key for key, since in self._waiting.items() if now_ns - since > longest_ns]
        for key in stale:
            del self._waiting[key]
        return stale

    def _left(self, key: NamespacedName, since_ns: int, now_ns: int) -> float:
        backoff = FIRST_BACKOFF_SECONDS * 2.0 ** min(self._tries[key] - 1, 8)
        waited = to_seconds(now_ns - since_ns)
        return max(0.0, min(LONGEST_BACKOFF_SECONDS, backoff) - waited)
