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

    def __init__(self) -> None:
        self._rates: deque[float] = deque(maxlen=HISTORY)
        self._stage = ""

    def draw(self, snapshot: Snapshot) -> "Text":
        """The drawing after this snapshot."""
        from rich.text import Text

        if snapshot.stage != self._stage:
            self._stage = snapshot.stage
            self._rates.clear()
        if snapshot.rate is not None:
            self._rates.append(snapshot.rate)
        parts = [self._head(snapshot), bar(snapshot), legend(snapshot), self._figures(snapshot)]
        return Text("\n").join(parts)

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

        figures = [f"created {snapshot.created}/{snapshot.to_create}"]
        if snapshot.rate is not None:
            figures.append(f"{spark(self._rates)} {snapshot.rate:.1f} Running/s")
        figures.append(f"{snapshot.own_calls} own calls")
        if snapshot.lateness is not None:
            figures.append(f"late {snapshot.lateness * 1000:.0f} ms")
        text = Text("  ".join(figures))
        if snapshot.failed:
            text.append(f"  failed {snapshot.failed}", style="bold red")
        return text


def bar(snapshot: Snapshot) -> "Text":
    """The population by phase, a letter a share; what is not there yet is left blank."""
    from rich.text import Text

    total = max(snapshot.wanted, sum(snapshot.phases.values()), 1)
    text = Text("▕")
    done = drawn = 0
    for phase, (colour, letter) in LOOKS.items():
        done += snapshot.phases.get(phase, 0)
        until = WIDTH * done // total
        text.append(letter * (until - drawn), style=colour)
        drawn = until
    text.append(" " * (WIDTH - drawn))
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
