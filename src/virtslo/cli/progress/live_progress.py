"""Live progress on the terminal: population by phase, rates, REST calls, lateness, time left.

Invariant: everything goes to standard error; where that is no terminal, plain lines, few of them.
The display is drawn at most ten times a second of the machine's time, whatever clock a run is on.
"""

import sys

from virtslo.base.clock import SystemClock
from virtslo.base.plain_text import harmless
from virtslo.base.terminal import terminal_environment
from virtslo.base.units import format_duration
from virtslo.cli.progress.live_view import LiveView, created_words
from virtslo.model.identifiers import FAILED, SUCCEEDED
from virtslo.model.vocabulary import TABLE_PHASES
from virtslo.ports.progress import Progress, Silent, Snapshot

PHASE_ORDER = (*TABLE_PHASES, SUCCEEDED, FAILED, "gone")
DRAW_EVERY_NS = 100_000_000
LINE_EVERY_NS = 5_000_000_000


def describe(snapshot: Snapshot) -> str:
    """A snapshot as one line."""
    known = [phase for phase in PHASE_ORDER if snapshot.phases.get(phase)]
    phases = "  ".join(f"{phase} {snapshot.phases[phase]}" for phase in known)
    parts = [snapshot.note] if snapshot.note else []
    parts += [
        f"{snapshot.stage.replace('_', ' '):<9}",
        f"{snapshot.elapsed:7.1f} s",
        created_words(snapshot),
        phases or "nothing yet",
    ]
    if snapshot.cycles > 1:
        parts.insert(-1, f"cycle {snapshot.cycle}/{snapshot.cycles}")
    if snapshot.rate is not None:
        parts.append(f"{snapshot.rate:.1f} Running/s")
    parts.append(f"{snapshot.own_calls} own calls")
    if snapshot.lateness is not None:
        parts.append(f"late {snapshot.lateness * 1000:.0f} ms")
    if snapshot.failed:
        parts.append(f"failed {snapshot.failed}")
    if snapshot.deadline is not None:
        parts.append(f"at most {format_duration(max(0.0, round(snapshot.deadline)))} left")
    return " · ".join(parts)


class PlainProgress:
    """A line every few seconds, for logs."""

    def __init__(self) -> None:
        self._clock = SystemClock()
        self._next_ns = 0

    def update(self, snapshot: Snapshot) -> None:
        """Print it, if the last line is old enough."""
        now = self._clock.now_ns()
        if now >= self._next_ns:
            self._next_ns = now + LINE_EVERY_NS
            print(describe(snapshot), file=sys.stderr, flush=True)  # noqa: T201

    def note(self, message: str) -> None:
        """Print it."""
        print(harmless(message, lines=True), file=sys.stderr, flush=True)  # noqa: T201

    def close(self) -> None:
        """Nothing is open."""


class NotesAlone(Silent):
    """Lines worth keeping, and nothing of what is under way: for virtual time without a terminal,
    where a run is over before a log needs a sign of life."""

    def note(self, message: str) -> None:
        """Print it."""
        print(harmless(message, lines=True), file=sys.stderr, flush=True)  # noqa: T201

    def close(self) -> None:
        """Nothing is open."""


class LiveProgress:
    """A small picture that is drawn again and again, with notes above it."""

    def __init__(self, *, is_virtual: bool = False) -> None:
        from rich.console import Console
        from rich.live import Live

        self._clock = SystemClock()
        self._next_ns = 0
        console = Console(stderr=True, _environ=terminal_environment())
        self._view = LiveView(columns=console.width, is_virtual=is_virtual)
        self._live: Live = Live(
            console=console, auto_refresh=False, transient=True, redirect_stdout=False
        )
        self._live.start()

    def update(self, snapshot: Snapshot) -> None:
        """Draw it, if the last drawing is old enough."""
        now = self._clock.now_ns()
        if now >= self._next_ns:
            self._next_ns = now + DRAW_EVERY_NS
            self._live.update(self._view.draw(snapshot), refresh=True)

    def note(self, message: str) -> None:
        """Print it above the line."""
        self._live.console.print(harmless(message, lines=True), highlight=False, markup=False)

    def close(self) -> None:
        """Take the picture away."""
        self._live.stop()


def open_progress(
    *, quiet: bool, is_virtual: bool = False
) -> "PlainProgress | LiveProgress | QuietProgress | NotesAlone":
    """The progress that suits standard error, and the run's clock."""
    if quiet:
        return QuietProgress()
    if sys.stderr.isatty():
        return LiveProgress(is_virtual=is_virtual)
    return NotesAlone() if is_virtual else PlainProgress()


class QuietProgress(Silent):
    """Nothing is shown."""

    def close(self) -> None:
        """Nothing is open."""


__all__ = [
    "LiveProgress",
    "NotesAlone",
    "PlainProgress",
    "Progress",
    "QuietProgress",
    "describe",
    "open_progress",
]
