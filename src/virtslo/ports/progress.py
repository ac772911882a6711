"""Live progress of long work.

Invariant: telling progress never changes a run; an implementation may drop any snapshot.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Where a run is now. Times are seconds of the run's clock."""

    stage: str
    elapsed: float
    wanted: int
    """VMIs of the whole population."""
    phases: Mapping[str, int] = field(default_factory=dict)
    """Objects now in each phase; `gone` for those deleted."""
    created: int = 0
    to_create: int = 0
    """Objects created so far, and how many are to be in all: churn creates more than `wanted`, a
    pool is one object."""
    failed: int = 0
    own_calls: int = 0
    rate: float | None = None
    lateness: float | None = None
    """The most that an operation of this stage was sent too late; None: it does not apply."""
    deadline: float | None = None
    note: str = ""
    cycle: int = 0
    """Churn: which cycle has begun last, from 1."""
    cycles: int = 0


class Progress(Protocol):
    """Receives progress."""

    def update(self, snapshot: Snapshot) -> None:
        """A new snapshot."""
        ...

    def note(self, message: str) -> None:
        """A line worth keeping on screen."""
        ...


class Silent:
    """Ignores progress."""

    def update(self, snapshot: Snapshot) -> None:
        """Drop it."""

    def note(self, message: str) -> None:
        """Drop it."""


def drops_snapshots(progress: Progress) -> bool:
    """Whether every snapshot is dropped, as `Silent` does it: none need be made then."""
    return getattr(type(progress), "update", None) is Silent.update
