"""One plot, as a value: traces and axes in Plotly's terms, its caption in words.

Invariant: a caption says what was measured, over how many objects, and what was left out for
display. Colours are names (`@Running`) that the page resolves for its light and its dark look.
"""

from dataclasses import dataclass, field
from typing import Any, Final

from virtslo.report.content import Sheet

STAGES: Final = {"ramp_up": "ramp-up", "churn": "churn", "ramp_down": "ramp-down"}

DASHES: Final = {
    "created": "dot", "Pending": "dash", "Scheduling": "dashdot", "Scheduled": "longdash",
    "Running": "solid",
}  # fmt: skip
"""By phase: the stroke of its lines, so that they differ without colour too."""
PATTERNS: Final = {
    "Pending": ".", "Scheduling": "/", "Scheduled": "x", "Running": "", "Succeeded": "-",
    "Failed": "+", "Unknown": "|",
}  # fmt: skip
"""By phase: the pattern of its areas."""


@dataclass(frozen=True, slots=True)
class Chart:
    """One plot with its words."""

    key: str
    title: str
    caption: str
    traces: list[dict[str, Any]]
    layout: dict[str, Any] = field(default_factory=dict)
    log_axis: str | None = None
    """The axis that a button switches between even and logarithmic: `x` or `y`."""
    is_log: bool = False
    """Whether it starts logarithmic."""
    height: int = 360
    table: Sheet | None = None
    """The same in words and numbers, for those who do not see the plot."""
