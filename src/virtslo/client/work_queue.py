"""A work queue as client-go's: it deduplicates, keeps order, and backs off for what fails.

Invariant: a key that is being worked on is never handed out a second time; what is added meanwhile
is worked on once more after. Nothing polls.
"""

import asyncio
from collections import deque
from collections.abc import Hashable
from typing import Final, Generic, TypeVar

from virtslo.base.clock import NANOSECONDS_PER_SECOND, Clock, to_nanoseconds, to_seconds
from virtslo.client.histogram import Histogram, exponential_bounds

K = TypeVar("K", bound=Hashable)

BASE_DELAY: Final = 0.005
LONGEST_DELAY: Final = 1000.0
DURATION_BOUNDS: Final = exponential_bounds(1e-8, 10, 10)
"""Bucket bounds of client-go's queue metrics, seconds."""
RETRY_QPS: Final = 10.0
RETRY_BURST: Final = 100
"""client-go's default limiter for controllers: per item 5 ms doubled to 1000 s; over all 10/s."""


class WorkQueue(Generic[K]):
    """Keys to be worked on."""

    def __init__(self, clock: Clock, name: str) -> None:
        self._clock = clock
        self.name = name
        self._queue: deque[K] = deque()
        self._dirty: dict[K, int] = {}
        self._processing: dict[K, int] = {}
        self._failures: dict[K, int] = {}
        self._waiting: dict[K, int] = {}
        self._getters: deque[asyncio.Future[None]] = deque()
        self._retry_full_at_ns = 0
        self.adds = 0
        self.retries = 0
        self.queued = Histogram(DURATION_BOUNDS)
        """Seconds from being added to being worked on."""
        self.worked = Histogram(DURATION_BOUNDS)
        """Seconds of work on a key."""

    def __len__(self) -> int:
        return len(self._queue)

    def add(self, key: K) -> None:
        """Work on the key, soon; nothing happens if it waits already."""
        if key in self._dirty:
            return
        self.adds += 1
        self._dirty[key] = self._clock.now_ns()
        if key not in self._processing:
            self._queue.append(key)
            self._wake()

    def add_after(self, key: K, seconds: float) -> None:
        """Enqueue the key after this many seconds."""
        if seconds <= 0:
            self.add(key)
            return
        due_ns = self._clock.now_ns() + to_nanoseconds(seconds)
        known = self._waiting.get(key)
        if known is not None and known <= due_ns:
            return
        self._waiting[key] = due_ns
        asyncio.get_running_loop().call_later(seconds, self._due, key, due_ns)

    def add_rate_limited(self, key: K) -> None:
        """Work on the key again, after its back-off."""
        failures = self._failures.get(key, 0)
        self._failures[key] = failures + 1
        self.retries += 1
        delay = min(LONGEST_DELAY, BASE_DELAY * 2 ** min(failures, 30))
        self.add_after(key, max(delay, self._retry_wait()))

    def failures(self, key: K) -> int:
        """How often the key has failed since it was last forgotten."""
        return self._failures.get(key, 0)

    def forget(self, key: K) -> None:
        """Reset the key's failure count."""
        if self._failures:
            self._failures.pop(key, None)

    async def get(self) -> K:
        """The next key to work on; `done` must follow."""
        while not self._queue:
            getter = asyncio.get_running_loop().create_future()
            self._getters.append(getter)
            try:
                await getter
            except asyncio.CancelledError:
                if getter.done() and not getter.cancelled():
                    self._wake()
                raise
        key = self._queue.popleft()
        now_ns = self._clock.now_ns()
        self.queued.observe((now_ns - self._dirty.pop(key)) / NANOSECONDS_PER_SECOND)
        self._processing[key] = now_ns
        return key

    def done(self, key: K) -> None:
        """Work on the key is over; if it was added meanwhile, it is queued again."""
        work_ns = self._clock.now_ns() - self._processing.pop(key)
        self.worked.observe(work_ns / NANOSECONDS_PER_SECOND)
        if key in self._dirty:
            self._queue.append(key)
            self._wake()

    def unfinished_seconds(self) -> tuple[float, float]:
        """Seconds that the keys in work have taken so far: all together, and the longest."""
        now_ns = self._clock.now_ns()
        spans = [to_seconds(now_ns - since_ns) for since_ns in self._processing.values()]
        return sum(spans), max(spans, default=0.0)

    def _due(self, key: K, due_ns: int) -> None:
        if self._waiting.get(key) == due_ns:
            del self._waiting[key]
            self.add(key)

    def _retry_wait(self) -> float:
        """Seconds that the limit over all keys asks for."""
        interval_ns = round(NANOSECONDS_PER_SECOND / RETRY_QPS)
        now_ns = self._clock.now_ns()
        self._retry_full_at_ns = max(self._retry_full_at_ns, now_ns) + interval_ns
        wait_ns = self._retry_full_at_ns - RETRY_BURST * interval_ns - now_ns
        return max(0, wait_ns) / NANOSECONDS_PER_SECOND

    def _wake(self) -> None:
        while self._getters:
            getter = self._getters.popleft()
            if not getter.done():
                getter.set_result(None)
                return
