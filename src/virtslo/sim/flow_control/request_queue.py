"""The API server as a queue: how long a request waits and is served, in virtual or real time.

Invariant: the queue is computed, not played: first come, first served by a number of workers; a
request costs one timer at most, and none where the profile says that nothing takes time. Where the
profile names cores, requests being served share them with whatever else works on that machine, and
where it says so all are served at once, with what as many pieces of work as there are workers would
get. What is answered 429 took no place and no time.
"""

import asyncio
import heapq
from collections.abc import Awaitable
from contextlib import nullcontext
from random import Random
from typing import Final

from virtslo.base.clock import Clock, to_nanoseconds
from virtslo.base.errors import TooManyRequests
from virtslo.model.simulated.profile import SHARED, ServerProfile
from virtslo.sim.flow_control.cores import Pace, SharedCores

_READS = frozenset({"get", "list", "watch"})
REFUSAL: Final = "Too many requests, please try again later."
RETRY_SECONDS: Final = 1.0
"""What kube-apiserver's Retry-After says."""


class RequestQueue:
    """Service times and the queue before them."""

    def __init__(self, clock: Clock, profile: ServerProfile, *, seed: int = 0) -> None:
        self._clock = clock
        self._profile = profile
        self._read_ns = to_nanoseconds(profile.read)
        self._write_ns = to_nanoseconds(profile.write)
        self._draw = Random(f"{seed}:capacity").random
        self._low = 1 - profile.spread
        self._width = (1 + profile.spread) - self._low
        """Of service times about their mean: requests that come together are not answered so."""
        self._after_ns = to_nanoseconds(profile.after_write)
        self._second_ns = round(self._write_ns * profile.second_write)
        self._webhook_ns = {
            tuple(key.split(" ", 1)): to_nanoseconds(value)
            for key, value in profile.webhook.items()
        }
        """By verb and `resource` or `resource/subresource`."""
        now_ns = clock.now_ns()
        self._free_at_ns = [now_ns] * profile.workers
        heapq.heapify(self._free_at_ns)
        self._limits = {True: profile.reads_in_flight, False: profile.writes_in_flight}
        self.has_limits = any(self._limits.values())
        """Whether any request may be turned away."""
        self._in_flight = {True: 0, False: 0}
        """Reads and writes that wait or are being served, where they have a limit."""
        self._cores = (
            SharedCores(clock, profile.cores, served_at_once=profile.workers)
            if profile.cores
            else None
        )
        self._turns = asyncio.Semaphore(profile.workers) if profile.workers else nullcontext()
        """Of requests that are served at once, where cores are shared and they take turns."""
        self._is_shared = profile.serving == SHARED
        self.is_instant = not (
            self._read_ns or self._write_ns or profile.list_base or self._webhook_ns
        )

    @property
    def pace(self) -> Pace:
        """How time passes for what waits its turn on the machine: slower the busier its cores."""
        return self._cores or self._clock

    def serve(
        self, verb: str, what: str, objects: int = 0, *, is_exempt: bool = False
    ) -> Awaitable[None] | None:
        """Take a place in the queue: what to await until served, None for at once.

        Raises TooManyRequests where too many wait already. `is_exempt`: of those whom a real server
        never turns away, `system:masters` among them.
        """
        if self.is_instant:
            return None
        if not self.has_limits:
            return self._served(verb, what, objects)
        is_read = verb in _READS
        limit = self._limits[is_read]
        if not limit or verb == "watch":
            return self._served(verb, what, objects)
        is_full = self._in_flight[is_read] >= limit
        if is_full and is_exempt:
            return self._served(verb, what, objects)
        if is_full:
            raise TooManyRequests(REFUSAL, retry_after_seconds=RETRY_SECONDS)
        return self._counted(verb, what, objects)

    async def _counted(self, verb: str, what: str, objects: int) -> None:
        """Be served as one of those that have a limit."""
        is_read = verb in _READS
        self._in_flight[is_read] += 1
        try:
            served = self._served(verb, what, objects)
            if served is not None:
                await served
        finally:
            self._in_flight[is_read] -= 1

    def _served(self, verb: str, what: str, objects: int) -> Awaitable[None] | None:
        is_read = verb in _READS
        service_ns = self._read_ns if is_read else self._write_ns
        if verb == "list":
            listing = self._profile.list_base + self._profile.list_per_object * objects
            service_ns = max(service_ns, to_nanoseconds(listing))
        elif self._webhook_ns:
            service_ns += self._webhook_ns.get((verb, what), 0)
        after_ns = 0 if is_read else self._after_ns
        if self._width:
            service_ns = round(service_ns * (self._low + self._width * self._draw()))
        if self._cores is not None:
            return self._work(self._cores, service_ns, after_ns)
        now_ns = self._clock.now_ns()
        end_ns = now_ns + service_ns
        free_at_ns = self._free_at_ns
        if free_at_ns:
            if free_at_ns[0] > now_ns:
                end_ns = free_at_ns[0] + service_ns
            heapq.heapreplace(free_at_ns, end_ns + after_ns)
        return self._clock.sleep_until(end_ns) if end_ns > now_ns else None

    async def _work(self, cores: SharedCores, service_ns: int, after_ns: int) -> None:
        """Be served on shared cores."""
        if self._is_shared:
            await cores.serve(service_ns)
        else:
            async with self._turns:
                await cores.work(service_ns)
        await cores.work(0, after_ns=after_ns)

    async def work(self, seconds: float) -> None:
        """Work that is no request, on the machine the server is on: it shares its cores, if any."""
        size_ns = to_nanoseconds(seconds)
        if self._cores is not None:
            await self._cores.work(size_ns)
        elif size_ns > 0:
            await self._clock.sleep_until(self._clock.now_ns() + size_ns)

    async def store_again(self) -> None:
        """Take the time of a second write to the store within one request: a write."""
        if self._cores is not None:
            await self._cores.work(self._second_ns)
        elif self._second_ns:
            await self._clock.sleep_until(self._clock.now_ns() + self._second_ns)
