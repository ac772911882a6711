"""The population of a run as its watches tell it, and waiting for it to be as wanted.

Invariant: fed by observations alone; an object is known by its uid. A waiter is woken by a
change and has an absolute deadline; nothing polls.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Collection
from typing import Final

from virtslo.base.clock import Clock, to_seconds
from virtslo.model.identifiers import RUNNING
from virtslo.model.kubernetes import resources
from virtslo.model.run.observations import (
    ADDED,
    DELETED,
    DELETING,
    MIGRATED,
    MIGRATION_FAILED,
    NOT_READY,
    PAUSED,
    PHASE,
    READY,
    UNPAUSED,
    Fact,
    Observation,
)

Predicate = Callable[[], bool]

VMI: Final = resources.VMIS.kind
POD: Final = resources.PODS.kind
GONE: Final = "gone"
_OF_NO_COUNT: Final = frozenset({READY, NOT_READY})
"""Facts that nothing here depends on."""


class Population:
    """Counts of what lives, kept up to date in constant time an observation."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._phases: dict[str, str] = {}
        self._counts: defaultdict[str, int] = defaultdict(int)
        """By phase. No `Counter`: to set an item of one takes twice as long."""
        self._running_of: defaultdict[int, int] = defaultdict(int)
        self._alive: dict[str, str | None] = {}
        """Owner's uid by uid."""
        self._uids: dict[tuple[str, str, str], str] = {}
        """Of what lives and was measured, by (kind, namespace, name)."""
        self._owned: Counter[str] = Counter()
        self._deleting: dict[str, None] = {}
        self._running_by_name: dict[tuple[str, str], str] = {}
        self._paused: dict[str, None] = {}
        self._migrations: Counter[str] = Counter()
        """Live migrations that came to their end, of what lives, by uid."""
        self._warm_alive: dict[str, None] = {}
        self._warm_running: dict[str, None] = {}
        self._waiters: list[asyncio.Future[None]] = []

    def apply(self, observation: Observation) -> None:
        """Take one observation into account."""
        if observation.kind == POD or observation.fact in _OF_NO_COUNT:
            return
        if observation.stage is not None:
            self._apply_warm_up(observation)
        else:
            self._apply(observation)
        self._wake()

    def counts(self) -> dict[str, int]:
        """Measured VMIs by phase now, and those that are gone."""
        return {phase: count for phase, count in self._counts.items() if count}

    def running(self) -> int:
        """Measured VMIs that are Running now."""
        return self._counts.get(RUNNING, 0)

    def uid_of(self, key: tuple[str, str, str]) -> str | None:
        """The uid of a measured object that lives, by (kind, namespace, name)."""
        return self._uids.get(key)

    def running_uid(self, place: tuple[str, str]) -> str | None:
        """The uid of the Running VMI of this namespace and name."""
        return self._running_by_name.get(place)

    def is_paused(self, uid: str) -> bool:
        """Whether a VMI is paused."""
        return uid in self._paused

    def migrations_of(self, uid: str) -> int:
        """How many live migrations of a VMI came to their end, well or not."""
        return self._migrations[uid]

    def is_whole(self, indices: frozenset[int], members: int) -> Predicate:
        """Whether every one of these slots has a Running VMI, and `count` run in all."""

        def whole() -> bool:
            if self.running() < members:
                return False
            return all(self._running_of.get(index, 0) > 0 for index in indices)

        return whole

    def is_replaced(
        self,
        *,
        gone: Collection[str],
        running: Collection[tuple[str, str]],
        members: int | None = None,
    ) -> Predicate:
        """Whether these uids are gone with what they own, and others run in their place.

        `running`: VMIs by (namespace, name) that must run, none of them one of `gone`. `members`:
        how many must run in all and not be marked for deletion.
        """

        def replaced() -> bool:
            if members is not None and self._lasting() != members:
                return False
            if any(uid in self._alive or self._owned[uid] > 0 for uid in gone):
                return False
            found = (self._running_by_name.get(key) for key in running)
            return all(uid is not None and uid not in gone for uid in found)

        return replaced

    def _lasting(self) -> int:
        marked = sum(1 for uid in self._deleting if self._phases.get(uid) == RUNNING)
        return self.running() - marked

    def is_gone(self, *, kept: Collection[str] = ()) -> Predicate:
        """Whether nothing measured is left, but for these uids and what they own."""
        if not kept:
            return lambda: not self._alive
        return lambda: all(self._root(uid) in kept for uid in self._alive)

    def _root(self, uid: str) -> str:
        """The uid at the end of the chain of owners that are there."""
        while (owner := self._alive.get(uid)) is not None:
            uid = owner
        return uid

    def warm_up_is_running(self, count: int) -> Predicate:
        """Whether `count` warm-up VMIs run."""
        return lambda: len(self._warm_running) >= count

    def warm_up_is_gone(self) -> Predicate:
        """Whether nothing of the warm-up is left."""
        return lambda: not self._warm_alive

    async def wait_for(self, is_as_wanted: Predicate, deadline_ns: int) -> bool:
        """Wait until it is as wanted; False if the deadline came first."""
        loop = asyncio.get_running_loop()
        timer: asyncio.TimerHandle | None = None
        try:
            while not is_as_wanted():
                left_ns = deadline_ns - self._clock.now_ns()
                if left_ns <= 0:
                    return False
                if timer is None or timer.when() <= loop.time():
                    timer = loop.call_later(to_seconds(left_ns), self._wake)
                await self._changed(loop)
        finally:
            if timer is not None:
                timer.cancel()
        return True

    async def _changed(self, loop: asyncio.AbstractEventLoop) -> None:
        """Return after the next observation, or when something's deadline comes."""
        waiter: asyncio.Future[None] = loop.create_future()
        self._waiters.append(waiter)
        try:
            await waiter
        finally:
            if waiter in self._waiters:
                self._waiters.remove(waiter)

    def _apply(self, observation: Observation) -> None:
        fact = observation.fact
        if fact == ADDED:
            self._came(observation)
        elif fact == DELETED:
            self._went(observation)
        if observation.kind != VMI:
            return
        uid = observation.uid
        if fact == PHASE:
            if observation.phase is not None:
                self._move(observation, observation.phase)
        elif fact == DELETING:
            self._deleting[uid] = None
        elif fact == DELETED:
            self._deleting.pop(uid, None)
            self._paused.pop(uid, None)
            self._migrations.pop(uid, None)
            self._move(observation, GONE)
        else:
            self._note_action(uid, fact)

    def _note_action(self, uid: str, fact: Fact) -> None:
        """What an action on a VMI brought about, if this is that."""
        if fact == PAUSED:
            self._paused[uid] = None
        elif fact == UNPAUSED:
            self._paused.pop(uid, None)
        elif fact in {MIGRATED, MIGRATION_FAILED}:
            self._migrations[uid] += 1

    def _came(self, observation: Observation) -> None:
        uid, owner = observation.uid, observation.owner_uid
        if uid in self._alive:
            return
        self._alive[uid] = owner
        self._uids[observation.kind, observation.namespace, observation.name] = uid
        if owner is not None:
            self._owned[owner] += 1

    def _went(self, observation: Observation) -> None:
        uid = observation.uid
        if uid not in self._alive:
            return
        owner = self._alive.pop(uid)
        key = (observation.kind, observation.namespace, observation.name)
        if self._uids.get(key) == uid:
            del self._uids[key]
        if owner is not None:
            self._owned[owner] -= 1

    def _move(self, observation: Observation, phase: str) -> None:
        """A VMI is in another phase, or gone."""
        uid, index = observation.uid, observation.index
        place = (observation.namespace, observation.name)
        if phase == RUNNING:
            self._running_by_name[place] = uid
        elif self._running_by_name.get(place) == uid:
            del self._running_by_name[place]
        before = self._phases.pop(uid, None)
        if before is not None:
            self._counts[before] -= 1
            if before == RUNNING and index is not None:
                self._running_of[index] -= 1
        self._counts[phase] += 1
        if phase == GONE:
            return
        self._phases[uid] = phase
        if phase == RUNNING and index is not None:
            self._running_of[index] += 1

    def _apply_warm_up(self, observation: Observation) -> None:
        uid = observation.uid
        if observation.fact == ADDED:
            self._warm_alive[uid] = None
        elif observation.fact == DELETED:
            self._warm_alive.pop(uid, None)
            self._warm_running.pop(uid, None)
        elif observation.kind == VMI and observation.phase == RUNNING:
            self._warm_running[uid] = None

    def _wake(self) -> None:
        if self._waiters:
            waiters, self._waiters = self._waiters, []
            for waiter in waiters:
                if not waiter.done():
                    waiter.set_result(None)
