"""What live progress looks like: the population as one stacked bar, and the figures under it.

Invariant: a drawing is a function of the snapshots so far; colours repeat what letters say, so that
nothing is lost without them.
"""

from collections import deque
from typing import TYPE_CHECKING, Final

from virtslo.base.units import format_duration
from virtslo.ports.progress import Snapshot

if TYPE_CHECKING:
    from rich.text import Text

WIDTH: Final = 60
HISTORY: Final = 30
BARS: Final = "▁▂▃▄▅▆▇█"
LOOKS: Final = {
    "Pending": ("yellow", "░"),
    "Scheduling": ("cyan", "▒"),
    "Scheduled": ("blue", "▓"),
    "Running": ("green", "█"),
    "Succeeded": ("bright_black", "▪"),
    "Failed": ("red", "x"),
    "gone": ("bright_black", "·"),
}
"""By phase: a colour, and the letter of which the bar is made."""


class LiveView:
    """Draws snapshots, and remembers the rate of the last few."""

    def __init__(self, *, columns: int = 2 * WIDTH, is_virtual: bool = False) -> None:
        self._rates: deque[float] = deque(maxlen=HISTORY)
        self._stage = ""
        self._columns = columns
        self._width = max(1, min(WIDTH, columns - 2))
        self._is_virtual = is_virtual

    def draw(self, snapshot: Snapshot) -> "Text":
        """The drawing after this snapshot: one line in virtual time; never wrapped."""
        from rich.text import Text

        if self._is_virtual:
            return self._cut(Text(simulating(snapshot)))
        if snapshot.stage != self._stage:
            self._stage = snapshot.stage
            self._rates.clear()
        if snapshot.rate is not None:
            self._rates.append(snapshot.rate)
        parts = [
            self._head(snapshot),
            bar(snapshot, self._width),
            legend(snapshot),
            self._figures(snapshot),
        ]
        return Text("\n").join(map(self._cut, parts))

    def _cut(self, line: "Text") -> "Text":
        """The line, no wider than the terminal."""
        line.truncate(self._columns, overflow="ellipsis")
        return line

    def _head(self, snapshot: Snapshot) -> "Text":
        from rich.text import Text

        head = Text(snapshot.stage.replace("_", "-"), style="bold")
        head.append(f"  {snapshot.elapsed:.1f} s", style="not bold")
        if snapshot.deadline is not None:
            left = format_duration(max(0.0, round(snapshot.deadline)))
            head.append(f"  at most {left} left", style="dim")
        return head

    def _figures(self, snapshot: Snapshot) -> "Text":
        from rich.text import Text

        text = Text(created_words(snapshot))
        if snapshot.failed:
            text.append(f"  failed {snapshot.failed}", style="bold red")
        figures = [""]
        if snapshot.rate is not None:
            figures.append(f"{spark(self._rates)} {snapshot.rate:.1f} Running/s")
        figures.append(f"{snapshot.own_calls} own calls")
        if snapshot.lateness is not None:
            figures.append(f"late {snapshot.lateness * 1000:.0f} ms")
        return text.append("  ".join(figures))


def created_words(snapshot: Snapshot) -> str:
    """How many objects were created, of how many in all."""
    words = f"created {snapshot.created} of {snapshot.to_create}"
    return f"{words}, replacements too" if snapshot.cycles else words


def simulating(snapshot: Snapshot) -> str:
    """A run in virtual time, in one line: its seconds are not those of the person who waits."""
    note = f"{snapshot.note}: " if snapshot.note else ""
    if snapshot.stage == "ramp_down":
        return f"simulating: {note}{snapshot.phases.get('gone', 0)} of {snapshot.created} gone"
    running = snapshot.phases.get("Running", 0)
    cycle = f", cycle {snapshot.cycle} of {snapshot.cycles}" if snapshot.cycles > 1 else ""
    return f"simulating: {note}{running} of {snapshot.wanted} Running{cycle}"


def bar(snapshot: Snapshot, width: int = WIDTH) -> "Text":
    """The population by phase, a letter a share; what is not there yet is left blank."""
    from rich.text import Text

    total = max(snapshot.wanted, sum(snapshot.phases.values()), 1)
    text = Text("▕")
    done = drawn = 0
    for phase, (colour, letter) in LOOKS.items():
        done += snapshot.phases.get(phase, 0)
        until = width * done // total
        text.append(letter * (until - drawn), style=colour)
        drawn = until
    text.append(" " * (width - drawn))
    return text.append("▏")


def legend(snapshot: Snapshot) -> "Text":
    """How many are in each phase."""
    from rich.text import Text

    text = Text()
    for phase, (colour, letter) in LOOKS.items():
        count = snapshot.phases.get(phase)
        if count:
            text.append(f"{letter} ", style=colour)
            text.append(f"{phase} {count}  ")
    return text or Text("nothing yet", style="dim")


def spark(values: "deque[float]") -> str:
    """The last rates as small bars."""
    top = max(values, default=0.0)
    if top <= 0:
        return BARS[0] * len(values)
    return "".join(BARS[min(len(BARS) - 1, int(value / top * len(BARS)))] for value in values)
