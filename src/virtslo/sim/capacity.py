"""The API server as a queue: how long a request waits and is served, in virtual or real time.

Invariant: the queue is computed, not played: first come, first served by so many workers; a request
costs one timer at most, and none where the profile says that nothing takes time.
"""

import heapq
from random import Random

from virtslo.base.clock import Clock, to_nanoseconds
from virtslo.model.profile import ServerProfile

_READS = frozenset({"get", "list", "watch"})


class Capacity:
    """Service times and the queue before them."""

    def __init__(self, clock: Clock, profile: ServerProfile, *, seed: int = 0) -> None:
        self._clock = clock
        self._profile = profile
        self._read_ns = to_nanoseconds(profile.read)
        self._write_ns = to_nanoseconds(profile.write)
        self._chance = Random(f"{seed}:capacity")
        self._after_ns = to_nanoseconds(profile.after_write)
        self._webhook_ns = {key: to_nanoseconds(value) for key, value in profile.webhook.items()}
        now_ns = clock.now_ns()
        self._free_at_ns = [now_ns] * profile.workers
        heapq.heapify(self._free_at_ns)
        self.in_flight_reading = 0
        self.in_flight_writing = 0
        self.is_instant = not (
            self._read_ns or self._write_ns or profile.list_base or self._webhook_ns
        )

    def service_ns(self, verb: str, what: str, objects: int = 0) -> int:
        """How long serving takes, without waiting."""
        if verb == "list":
            listing = self._profile.list_base + self._profile.list_per_object * objects
            return max(self._read_ns, to_nanoseconds(listing))
        base = self._read_ns if verb in _READS else self._write_ns
        return base + self._webhook_ns.get(f"{verb} {what}", 0)

    async def serve(self, verb: str, what: str, objects: int = 0) -> None:
        """Wait for a worker and be served."""
        if self.is_instant:
            return
        service_ns = self._spread(self.service_ns(verb, what, objects))
        now_ns = self._clock.now_ns()
        start_ns = now_ns
        if self._free_at_ns:
            start_ns = max(now_ns, self._free_at_ns[0])
            after_ns = 0 if verb in _READS else self._after_ns
            heapq.heapreplace(self._free_at_ns, start_ns + service_ns + after_ns)
        if start_ns + service_ns > now_ns:
            await self._clock.sleep_until(start_ns + service_ns)

    def _spread(self, mean_ns: int) -> int:
        """A service time about its mean: requests that come together are not answered so."""
        spread = self._profile.spread
        return round(mean_ns * self._chance.uniform(1 - spread, 1 + spread)) if spread else mean_ns

    async def store_again(self) -> None:
        """Take the time of a second write to the store within one request: a write."""
        if self._write_ns:
            await self._clock.sleep_until(self._clock.now_ns() + self._write_ns)
