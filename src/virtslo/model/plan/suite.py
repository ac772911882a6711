"""A suite: scenarios that are run one after another on one cluster, and how far it came.

Invariant: a part that is `complete` has a whole record and is never run again. What identifies the
cluster is kept, so that a resumed suite cannot go on elsewhere unnoticed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from random import Random

from virtslo.model.plan.scenario import Pattern, Scenario
from virtslo.model.simulated.target import SimulatedTarget

SUITE_VERSION = 1


class PartStatus(StrEnum):
    """How far a part came."""

    PENDING = "pending"
    RUNNING = "running"
    COMPLETE = "complete"
    INTERRUPTED = "interrupted"
    FAILED = "failed"
    SKIPPED = "skipped"
    """A rung of a churn ladder above one that was not absorbed: it is not run."""


class Order(StrEnum):
    """In which order the kinds of a suite are run, in each repetition."""

    STATED = "stated"
    RANDOM = "random"
    """Drawn from the suite's seed, anew for each repetition: what drifts meets every kind alike."""


@dataclass(frozen=True, slots=True)
class Until:
    """Repetitions go on until the 95 % interval of an indicator is narrow enough."""

    share: float
    """The greatest distance of the interval's ends from the value, as a share of the value."""
    indicator: str = ""
    """Empty: the headline of each test."""
    statistic: str = ""
    most: int = 30
    """The number of repetitions at which they end all the same."""


@dataclass(frozen=True, slots=True)
class SuitePart:
    """One scenario of a suite, once."""

    key: str
    """Its name in the suite: `burst-vmi`; with repetitions `burst-vmi-2`."""
    scenario: Scenario
    repetition: int = 1
    seed: int | None = None
    """The seed of the simulated cluster it is run on; None: the suite's, or a real cluster."""
    status: PartStatus = PartStatus.PENDING
    record: str | None = None
    """The folder of its record, inside the suite's."""
    run_label: str | None = None
    place: int = 0
    """Its place among the scenarios as they were stated."""


@dataclass(frozen=True, slots=True)
class SuiteRecord:
    """The contents of `suite.json`."""

    id: str
    name: str
    seed: int
    parts: tuple[SuitePart, ...]
    simulated: SimulatedTarget | None = None
    target: str = ""
    """A real cluster, for people."""
    order: Order = Order.STATED
    until: Until | None = None
    schema_version: int = SUITE_VERSION

    @property
    def is_complete(self) -> bool:
        """Whether every part has been run, or need not be."""
        return not self.pending()

    @property
    def repetitions(self) -> int:
        """How often each scenario is run, as far as that is decided."""
        return max((part.repetition for part in self.parts), default=0)

    def pending(self) -> list[SuitePart]:
        """The parts that are still to be run, in order."""
        return [part for part in self.parts if part.status not in ENDED]

    def as_stated(self) -> list[SuitePart]:
        """The parts, repetition by repetition, each in the order of the scenarios as stated."""
        return sorted(self.parts, key=lambda part: (part.repetition, part.place))

    def rungs_above(self, part: SuitePart) -> list[SuitePart]:
        """The parts of the same churn ladder and repetition with a higher rate."""
        rung = _without_rate(part.scenario)
        if rung is None:
            return []
        return [
            other
            for other in self.parts
            if other.repetition == part.repetition
            and _without_rate(other.scenario) == rung
            and _rate(other.scenario) > _rate(part.scenario)
        ]

    def with_more(self, times: int) -> "SuiteRecord":
        """The suite with as many repetitions more of each scenario."""
        once = [
            (_base_key(part), part.scenario) for part in self.as_stated() if part.repetition == 1
        ]
        seed = None if self.simulated is None else self.seed
        numbers = range(self.repetitions + 1, self.repetitions + times + 1)
        more = _parts(once, numbers, seed=seed, order=self.order, order_seed=self.seed)
        return replace(self, parts=(*self.parts, *more))

    def by_seed(self) -> list["SuiteRecord"]:
        """What is still to be run on a simulated cluster, a suite for each seed, in order."""
        found: dict[int, list[SuitePart]] = {}
        for part in self.pending():
            found.setdefault(self.seed if part.seed is None else part.seed, []).append(part)
        return [
            replace(
                self,
                seed=seed,
                parts=tuple(parts),
                simulated=None if self.simulated is None else replace(self.simulated, seed=seed),
            )
            for seed, parts in found.items()
        ]

    def with_part(self, changed: SuitePart) -> "SuiteRecord":
        """The suite with a part as it is now."""
        parts = [changed if part.key == changed.key else part for part in self.parts]
        return replace(self, parts=tuple(parts))


def repeated(
    scenarios: Sequence[tuple[str, Scenario]],
    times: int,
    *,
    seed: int | None = None,
    order: Order = Order.STATED,
    order_seed: int = 0,
    is_open: bool = False,
) -> tuple[SuitePart, ...]:
    """The parts of a suite: every scenario in turn, and all of them as often as `times` says.

    On a simulated cluster each repetition has a seed of its own, from `seed` on. Open: repetitions
    may be added, so that the first has a number too.
    """
    if times == 1 and not is_open:
        parts = _parts(scenarios, range(1, 2), seed=seed, order=order, order_seed=order_seed)
        return tuple(replace(part, key=_base_key(part)) for part in parts)
    return _parts(scenarios, range(1, times + 1), seed=seed, order=order, order_seed=order_seed)


ENDED = frozenset({PartStatus.COMPLETE, PartStatus.SKIPPED})
"""What is not run again."""


def _parts(
    scenarios: Sequence[tuple[str, Scenario]],
    numbers: range,
    *,
    seed: int | None,
    order: Order,
    order_seed: int,
) -> tuple[SuitePart, ...]:
    return tuple(
        SuitePart(f"{key}-{number}", scenario, number, None if seed is None else seed + number - 1,
                  place=scenarios.index((key, scenario)))
        for number in numbers
        for key, scenario in _ordered(scenarios, number, order, order_seed)
    )  # fmt: skip


def _ordered(
    scenarios: Sequence[tuple[str, Scenario]], number: int, order: Order, seed: int
) -> Sequence[tuple[str, Scenario]]:
    """The scenarios of one repetition. What is of one kind keeps its order: a burst comes before
    its churn, and rungs of a ladder rise."""
    if order is Order.STATED:
        return scenarios
    kinds = list(dict.fromkeys(scenario.workload.kind for _, scenario in scenarios))
    Random(f"{seed} {number}").shuffle(kinds)
    return sorted(scenarios, key=lambda pair: kinds.index(pair[1].workload.kind))


def _base_key(part: SuitePart) -> str:
    return part.key.removesuffix(f"-{part.repetition}")


def _rate(scenario: Scenario) -> float:
    churn = scenario.load.churn
    return 0.0 if churn is None or churn.rate is None else churn.rate


def _without_rate(scenario: Scenario) -> Scenario | None:
    """What the rungs of a ladder share; None of what is no constant churn, which is no rung."""
    churn = scenario.load.churn
    if scenario.load.pattern is not Pattern.CONSTANT_CHURN or churn is None:
        return None
    load = replace(scenario.load, churn=replace(churn, rate=None, objects=0))
    return replace(scenario, name="", load=load)
