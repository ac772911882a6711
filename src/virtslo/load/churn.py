"""The churn stage, planned: which slots are replaced when.

Invariant: pure; victims are slots of the plan, chosen by the seed and never by observed state.
Starts follow the schedule, whatever became of the cycle before.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from virtslo.base.clock import to_nanoseconds
from virtslo.load.arrivals import offsets
from virtslo.model.plan.scenario import (
    Arrival,
    ArrivalProcess,
    Churn,
    ChurnMode,
    Pattern,
    Scenario,
    Victims,
)
from virtslo.model.plan.workload import Kind


@dataclass(frozen=True, slots=True)
class CycleSchedule:
    """One cycle: when it starts, which slots go, and when each is intended to go."""

    number: int
    start_ns: int
    victims: tuple[int, ...]
    """Slots; for a pool, members counted through all pools."""
    offsets_ns: tuple[int, ...]
    """Intended times of the victims, from the stage's t0."""


def churn_schedule(scenario: Scenario, rng: Random) -> tuple[CycleSchedule, ...]:
    """Every cycle of the churn stage; none for a burst. Constant churn is one long cycle."""
    churn = scenario.load.churn
    if churn is None or not scenario.load.pattern.has_churn:
        return ()
    if scenario.load.pattern is Pattern.CONSTANT_CHURN:
        return (_constant(scenario, churn, rng),)
    chosen = _victims(scenario, churn, rng)
    cycles = []
    for number in range(churn.cycles):
        start_ns = to_nanoseconds(number * churn.every)
        victims = tuple(next(chosen) for _ in range(churn.objects))
        times = offsets(scenario.load.arrival, churn.objects, rng)
        cycles.append(
            CycleSchedule(number, start_ns, victims, tuple(start_ns + time for time in times))
        )
    return tuple(cycles)


def churn_seconds(scenario: Scenario) -> float:
    """How long the churn stage is intended to last."""
    churn = scenario.load.churn
    if churn is None or not scenario.load.pattern.has_churn:
        return 0.0
    if scenario.load.pattern is Pattern.CONSTANT_CHURN:
        return churn.duration or 0.0
    return churn.cycles * churn.every


def _constant(scenario: Scenario, churn: Churn, rng: Random) -> CycleSchedule:
    times = offsets(Arrival(ArrivalProcess.CONSTANT, churn.rate), churn.objects, rng)
    chosen = _victims(scenario, churn, rng)
    victims = tuple(next(chosen) for _ in times)
    return CycleSchedule(0, 0, victims, tuple(times))


def _victims(scenario: Scenario, churn: Churn, rng: Random) -> Iterator[int]:
    """Slots, one after another, without end where a slot can be a victim again.

    No slot comes twice in one cycle.
    """
    count = scenario.workload.count
    if scenario.workload.kind is Kind.VMPOOL and churn.mode is ChurnMode.OBJECTS:
        return iter(_once(churn.victims, count, rng))
    if churn.victims is Victims.NEWEST:
        return _newest(
            count, churn.objects, is_endless=scenario.load.pattern is Pattern.CONSTANT_CHURN
        )
    if churn.victims is Victims.OLDEST:
        return _oldest(count)
    return _random(count, churn.objects, rng)


def _once(victims: Victims, count: int, rng: Random) -> list[int]:
    slots = list(range(count))
    if victims is Victims.RANDOM:
        rng.shuffle(slots)
    return slots[::-1] if victims is Victims.NEWEST else slots


def _oldest(count: int) -> Iterator[int]:
    slots = deque(range(count))
    while True:
        yield slots[0]
        slots.rotate(-1)


def _newest(count: int, objects: int, *, is_endless: bool) -> Iterator[int]:
    size = 1 if is_endless else objects
    while True:
        yield from range(count - 1, count - 1 - size, -1)


def _random(count: int, objects: int, rng: Random) -> Iterator[int]:
    """Random slots; a slot rests until `objects` others have come, or all of them."""
    resting: deque[int] = deque()
    free = list(range(count))
    rest = min(objects, count) - 1
    while True:
        place = rng.randrange(len(free))
        free[place], free[-1] = free[-1], free[place]
        slot = free.pop()
        yield slot
        resting.append(slot)
        if len(resting) > rest:
            free.append(resting.popleft())
