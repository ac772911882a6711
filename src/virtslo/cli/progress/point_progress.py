"""Progress of many runs: how many points are finished, and how long the rest will take.

Invariant: everything goes to standard error; a line at most every half second on a terminal, every
ten seconds elsewhere.
"""

import sys
from typing import Final

from virtslo.base.clock import SystemClock
from virtslo.base.plain_text import harmless
from virtslo.base.units import format_duration
from virtslo.model.whatif.sweep import PointResult, PointStatus

ON_TERMINAL_NS: Final = 500_000_000
ELSEWHERE_NS: Final = 10_000_000_000


class PointProgress:
    """Shows how far a sweep is; nothing where it is quiet."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._clock = SystemClock()
        self._is_terminal = sys.stderr.isatty()
        self._next_ns = 0
        self._began_ns = 0
        self._total = self._done = self._before = self._failed = 0

    def begin(self, total: int, *, done: int, where: str) -> None:
        """The number of points, of which some are finished already."""
        self._total, self._done, self._before = total, done, done
        self._began_ns = self._clock.now_ns()
        finished = f", {done} of them finished before" if done else ""
        self.note(f"{total} points{finished}, on {where}")

    def finished(self, result: PointResult) -> None:
        """One more is finished."""
        self._done += 1
        self._failed += result.status is PointStatus.FAILED
        now = self._clock.now_ns()
        if now >= self._next_ns and not self._quiet:
            self._next_ns = now + (ON_TERMINAL_NS if self._is_terminal else ELSEWHERE_NS)
            end = "\r" if self._is_terminal else "\n"
            print(self.line(), end=end, file=sys.stderr, flush=True)  # noqa: T201

    def line(self) -> str:
        """How far it is, in words."""
        elapsed = (self._clock.now_ns() - self._began_ns) / 1e9
        fresh = self._done - self._before
        left = self._total - self._done
        rest = format_duration(round(elapsed / fresh * left)) if fresh and left else "0s"
        failed = f" · {self._failed} failed" if self._failed else ""
        share = f"{self._done}/{self._total} points"
        return f"{share}{failed} · {format_duration(round(elapsed))} · about {rest} to go   "

    def note(self, message: str) -> None:
        """A line worth keeping on screen."""
        if not self._quiet:
            print(f"virtslo: {harmless(message, lines=True)}", file=sys.stderr, flush=True)  # noqa: T201

    def end(self) -> None:
        """Nothing more comes."""
        if not self._quiet:
            print(self.line(), file=sys.stderr, flush=True)  # noqa: T201
