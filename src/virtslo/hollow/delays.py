"""How long steps take, drawn from a profile's distributions.

Invariant: a draw depends on the seed, the step and the object alone, never on the order in which
things happen.
"""

import math
import random
from collections.abc import Mapping
from typing import Final

from virtslo.base.clock import Clock, to_nanoseconds
from virtslo.model.profile import ZERO, Distribution

SCHEDULE: Final = "schedule"
POD_CREATE: Final = "pod_create"
POD_START: Final = "pod_start"
DOMAIN_DEFINE: Final = "domain_define"
BOOT: Final = "boot"
SHUTDOWN: Final = "shutdown"
POD_STOP: Final = "pod_stop"
MIGRATION_PREPARE: Final = "migration_prepare"
MIGRATE: Final = "migrate"


def draw(distribution: Distribution, chance: random.Random) -> float:
    """One duration, seconds."""
    match distribution.shape:
        case "constant":
            value = distribution.value
        case "uniform":
            value = chance.uniform(distribution.low, distribution.high)
        case "normal":
            value = chance.gauss(distribution.mean, distribution.deviation)
        case "lognormal":
            value = distribution.median * math.exp(chance.gauss(0.0, distribution.sigma))
        case shape:
            raise ValueError(f"unknown distribution {shape!r}")
    return max(distribution.least, value, 0.0)


class Delays:
    """The delays of one simulated cluster."""

    def __init__(
        self,
        clock: Clock,
        distributions: Mapping[str, Distribution],
        seed: int,
        *,
        node_work: float = 0.0,
    ) -> None:
        self._clock = clock
        self._work_ns = to_nanoseconds(node_work)
        self._free_at_ns = clock.now_ns()
        self._distributions = distributions
        self._seed = seed

    def seconds(self, step: str, key: str) -> float:
        """How long a step takes for one object."""
        distribution = self._distributions.get(step, ZERO)
        if distribution.shape == "constant":
            return distribution.value
        return draw(distribution, random.Random(f"{self._seed}:{step}:{key}"))

    async def wait(self, step: str, key: str) -> None:
        """Let a step take its time."""
        seconds = self.seconds(step, key)
        if seconds > 0:
            await self._clock.sleep_until(self._clock.now_ns() + to_nanoseconds(seconds))

    async def wait_on_node(self, step: str, key: str) -> None:
        """Let a step of a node take its time, and its turn where one process plays every node."""
        await self.wait(step, key)
        await self.until(await self.turn())

    async def turn(self) -> int:
        """Wait until the process that plays every node comes to a step; when it is done, ns.

        At once, and done at once, where every node has processes of its own.
        """
        begin_ns = max(self._free_at_ns, self._clock.now_ns())
        if not self._work_ns:
            return begin_ns
        self._free_at_ns = begin_ns + self._work_ns
        await self.until(begin_ns)
        return begin_ns + self._work_ns

    async def until(self, at_ns: int) -> None:
        """Wait until a time, ns; not at all if it has come."""
        if at_ns > self._clock.now_ns():
            await self._clock.sleep_until(at_ns)
