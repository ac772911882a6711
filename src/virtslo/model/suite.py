"""A suite: scenarios that are run one after another on one cluster, and how far it came.

Invariant: a part that is `complete` has a whole record and is never run again. What identifies the
cluster is kept, so that a resumed suite cannot go on elsewhere unnoticed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from virtslo.model.environment import SimulatedTarget
from virtslo.model.scenario import Scenario

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

    def with_part(self, changed: SuitePart) -> "SuiteRecord":
        """The suite with a part as it is now."""
        parts = [changed if part.key == changed.key else part for part in self.parts]
        return replace(self, parts=tuple(parts))


def repeated(scenarios: Sequence[tuple[str, Scenario]], times: int) -> tuple[SuitePart, ...]:
    """The parts of a suite: every scenario in turn, `repeat` times."""
    return tuple(
        SuitePart(key if times == 1 else f"{key}-{number}", scenario, number)
        for number in range(1, times + 1)
        for key, scenario in scenarios
    )
