"""A client-side token bucket with client-go's meaning of queries per second and burst.

Invariant: callers are served in the order they came; a reservation is computed at once, so a
waiting call costs one timer.
"""

from typing import Final

from virtslo.base.clock import NANOSECONDS_PER_SECOND, Clock

LONGEST_NS: Final = 1e18
"""A token in three decades: a rate that is smaller has no other meaning, and no end as a number."""


class TokenRate:
    """How buckets are refilled that are alike: each is no more than the moment it is full again."""

    __slots__ = ("burst_ns", "interval_ns")

    def __init__(self, *, qps: float, burst: int) -> None:
        self.interval_ns = min(NANOSECONDS_PER_SECOND / qps, LONGEST_NS) if qps > 0 else 0.0
        self.burst_ns = self.interval_ns * max(1, burst)

    def full_after(self, full_at_ns: float, now_ns: int) -> float | None:
        """When a bucket is full again of which a token is taken now; None if it has none."""
        full_at_ns = max(full_at_ns, float(now_ns)) + self.interval_ns
        return None if full_at_ns - self.burst_ns > now_ns else full_at_ns


class TokenBucket:
    """`burst` tokens at most, refilled at `qps` a second; qps of 0 or less turns it off."""

    __slots__ = ("_burst_ns", "_clock", "_full_at_ns", "_interval_ns")

    def __init__(self, clock: Clock, *, qps: float, burst: int) -> None:
        rate = TokenRate(qps=qps, burst=burst)
        self._clock = clock
        self._interval_ns = rate.interval_ns
        self._burst_ns = rate.burst_ns
        self._full_at_ns = float(clock.now_ns())

    def reserve(self, now_ns: int) -> int:
        """Take a token at this moment; returns the one from which the call may go, nanoseconds."""
        if not self._interval_ns:
            return now_ns
        full_at_ns = self._full_at_ns
        if full_at_ns <= now_ns:  # it is full, and holds one token at least
            self._full_at_ns = now_ns + self._interval_ns
            return now_ns
        self._full_at_ns = full_at_ns = full_at_ns + self._interval_ns
        when_ns = full_at_ns - self._burst_ns
        return now_ns if when_ns <= now_ns else round(when_ns)

    async def acquire(self) -> int:
        """Take a token and wait until it may be used; returns the nanoseconds waited."""
        if not self._interval_ns:
            return 0
        now_ns = self._clock.now_ns()
        when_ns = self.reserve(now_ns)
        if when_ns <= now_ns:
            return 0
        await self._clock.sleep_until(when_ns)
        return when_ns - now_ns
