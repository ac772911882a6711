"""A suite: scenarios that are run one after another on one cluster, and how far it came.

Invariant: a part that is `complete` has a whole record and is never run again. What identifies the
cluster is kept, so that a resumed suite cannot go on elsewhere unnoticed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from virtslo.model.plan.scenario import Scenario
from virtslo.model.simulated.target import SimulatedTarget

SUITE_VERSION = 1


class PartStatus(StrEnum):
    """How far a part came."""

    PENDING = "pending"
    RUNNING = "running"
    COMPLETE = "complete"
    INTERRUPTED = "interrupted"
    FAILED = "failed"


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
    schema_version: int = SUITE_VERSION

    @property
    def is_complete(self) -> bool:
        """Whether every part has been run."""
        return all(part.status is PartStatus.COMPLETE for part in self.parts)

    def pending(self) -> list[SuitePart]:
        """The parts that are still to be run, in order."""
        return [part for part in self.parts if part.status is not PartStatus.COMPLETE]

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
    scenarios: Sequence[tuple[str, Scenario]], times: int, *, seed: int | None = None
) -> tuple[SuitePart, ...]:
    """The parts of a suite: every scenario in turn, and all of them as often as `times` says.

    On a simulated cluster each repetition has a seed of its own, from `seed` on.
    """
    return tuple(
        SuitePart(
            key if times == 1 else f"{key}-{number}",
            scenario,
            number,
            None if seed is None else seed + number - 1,
        )
        for number in range(1, times + 1)
        for key, scenario in scenarios
    )
