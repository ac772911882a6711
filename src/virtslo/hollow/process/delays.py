"""How long steps take, drawn from a profile's distributions.

Invariant: a draw depends on the seed, the step and the object alone, never on the order in which
things happen.
"""

import asyncio
import math
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from typing import Final

from virtslo.base.clock import Clock, sleep
from virtslo.model.simulated.profile import ZERO, Distribution, Profile, Step

SCHEDULE: Final[Step] = "schedule"
POD_CREATE: Final[Step] = "pod_create"
POD_START: Final[Step] = "pod_start"
DOMAIN_DEFINE: Final[Step] = "domain_define"
BOOT: Final[Step] = "boot"
SHUTDOWN: Final[Step] = "shutdown"
POD_STOP: Final[Step] = "pod_stop"
MIGRATION_PREPARE: Final[Step] = "migration_prepare"
MIGRATE: Final[Step] = "migrate"

_AT_ONCE: Final = nullcontext()
"""The turn of a step that waits for no other."""


class _NoTime:
    """What a step takes that is over at once: awaiting it is no turn of the loop."""

    def __await__(self) -> Generator[None, None, None]:
        yield from ()


_NO_TIME: Final = _NoTime()

Work = Callable[[float], Awaitable[None]]
"""Does a number of seconds of work, on a machine whose cores may be shared."""


def working_alone(clock: Clock) -> Work:
    """Work on a machine of its own: it takes as long as stated."""

    async def work(seconds: float) -> None:
        if seconds > 0:
            await sleep(clock, seconds)

    return work


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
        case "quantiles":
            value = between(distribution.values, chance.random())
        case shape:
            raise ValueError(f"unknown distribution {shape!r}")
    return max(distribution.least, value, 0.0)


def between(quantiles: Sequence[float], share: float) -> float:
    """The quantile at a share of 0 to 1, of quantiles at equal steps from 0 to 1."""
    place = share * (len(quantiles) - 1)
    below = min(int(place), len(quantiles) - 2)
    return quantiles[below] + (place - below) * (quantiles[below + 1] - quantiles[below])


def run_factor(deviation: float, seed: int) -> float:
    """What every delay of a run is multiplied by: its median over seeds is 1."""
    if deviation == 0:
        return 1.0
    return math.exp(random.Random(f"{seed}:between runs").gauss(0.0, deviation))


class Delays:
    """The delays of one simulated cluster."""

    def __init__(
        self,
        clock: Clock,
        distributions: Mapping[str, Distribution],
        seed: int,
        *,
        node_work: float = 0.0,
        pod_work: float = 0.0,
        work: Work | None = None,
        between_runs: float = 0.0,
    ) -> None:
        self._clock = clock
        self._factor = run_factor(between_runs, seed)
        self._node_work = node_work
        self._pod_work = pod_work
        self._work = work or working_alone(clock)
        self._turn = asyncio.Lock()
        self._distributions = distributions
        self._seed = seed
        self._chance = random.Random(0)
        """Seeded anew for each draw: half the price of a new one."""

    @classmethod
    def of(cls, profile: Profile, clock: Clock, seed: int, *, work: Work | None = None) -> "Delays":
        """The delays that a profile says."""
        return cls(
            clock,
            profile.delays,
            seed,
            node_work=profile.node_work,
            pod_work=profile.pod_work,
            work=work,
            between_runs=profile.between_runs,
        )

    def seconds(self, step: Step, key: str) -> float:
        """How long a step takes for one object."""
        distribution = self._distributions.get(step, ZERO)
        if distribution.shape == "constant":
            return distribution.value * self._factor
        self._chance.seed(f"{self._seed}:{step}:{key}")
        return draw(distribution, self._chance) * self._factor

    def wait(self, step: Step, key: str) -> Awaitable[None]:
        """Await it, once, to let a step take its time."""
        seconds = self.seconds(step, key)
        return sleep(self._clock, seconds) if seconds > 0 else _NO_TIME

    async def wait_for_pod(self, step: Step, key: str) -> None:
        """Let a pod's step take its time, and its turn where one process plays every node."""
        seconds = self.seconds(step, key)
        if seconds > 0:
            await sleep(self._clock, seconds)
        if self._pod_work > 0:
            await self.turn_of_pod()

    async def turn_of_pod(self) -> None:
        """The turn of a pod's step at the process that plays every node: it is work, no body."""
        if self._pod_work > 0:
            async with self._turn_of(self._pod_work):
                pass

    def turn(self) -> AbstractAsyncContextManager[None]:
        """The turn of a VMI's step at the process that plays every node: its body, then the work.

        At once where every node has processes of its own.
        """
        return self._turn_of(self._node_work) if self._node_work > 0 else _AT_ONCE

    @asynccontextmanager
    async def _turn_of(self, seconds: float) -> AsyncIterator[None]:
        async with self._turn:
            yield
            await self._work(seconds)
