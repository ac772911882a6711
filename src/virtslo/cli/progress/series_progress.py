"""Progress of several runs: the current part, the number of parts, an estimate of the time left.

Invariant: time left is an estimate from the parts that have ended, and is labelled so; it is wall
time, since a person waits for it.
"""

from dataclasses import replace

from virtslo.base.clock import SystemClock, to_seconds
from virtslo.base.units import format_duration
from virtslo.load.churn import churn_seconds
from virtslo.model.plan.suite import PartStatus, SuitePart, SuiteRecord
from virtslo.ports.progress import Progress, Snapshot

OWN_SECONDS = 60.0
"""What a part takes beside its churn, where nothing is known yet; a weight, not a promise."""


class SeriesProgress:
    """Adds the whole to every snapshot of a part."""

    def __init__(self, progress: Progress, suite: SuiteRecord) -> None:
        self._progress = progress
        self._clock = SystemClock()
        self._is_simulated = suite.simulated is not None
        self.follow(suite)
        self._number = self._count - len(self._waiting)
        self._began_ns = self._clock.now_ns()
        self._done = 0.0
        self._title = ""

    def follow(self, suite: SuiteRecord) -> None:
        """Take in the parts of a suite as it is now: some were added, or are not run."""
        self._weights = {
            part.key: OWN_SECONDS + churn_seconds(part.scenario) for part in suite.parts
        }
        self._waiting = [part.key for part in suite.pending()]
        self._count = sum(part.status is not PartStatus.SKIPPED for part in suite.parts)

    def begin(self, part: SuitePart) -> None:
        """A part begins."""
        self._number += 1
        self._title = part.key
        seed = "" if part.seed is None else f", seed {part.seed}"
        words = f"part {self._number} of {self._count}: {part.key}{seed}{self._left()}"
        if not self._is_simulated:
            self._progress.note(words)

    def end(self, part: SuitePart) -> None:
        """A part is over."""
        self._done += self._weights[part.key]
        self._waiting = [key for key in self._waiting if key != part.key]

    def update(self, snapshot: Snapshot) -> None:
        """A snapshot of the part under way."""
        note = f"part {self._number}/{self._count} {self._title}{self._left()}"
        if self._is_simulated:
            note = f"{self._count - len(self._waiting)} of {self._count} runs done{self._left()}"
        self._progress.update(replace(snapshot, note=note))

    def note(self, message: str) -> None:
        """A line worth keeping."""
        self._progress.note(message)

    def _left(self) -> str:
        if not self._done:
            return ""
        elapsed = to_seconds(self._clock.now_ns() - self._began_ns)
        left = elapsed / self._done * sum(self._weights[key] for key in self._waiting)
        return f", about {format_duration(float(max(1, round(left))))} to go in all"
