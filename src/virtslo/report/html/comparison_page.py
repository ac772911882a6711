"""A comparison of runs as one HTML page: what is decided, what is open, ratios with intervals.

Invariant: as the report's page: it asks nothing of any server, and what came from outside is
escaped; every row of the comparison is there.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from virtslo.model.history.comparison import ComparedIndicator, Comparison, ComparisonVerdict
from virtslo.report.comparison import HEAD, cells, head_lines, ordered
from virtslo.report.html.page import POLICY
from virtslo.report.html.templates import page_template, resource

WIDEST: Final = 4.0
"""The ratio, or its inverse, at which the bars' scale ends at most."""
NARROWEST: Final = 1.1
WORDS: Final = {
    ComparisonVerdict.WORSE: "Shown by these runs, after the correction for several indicators.",
    ComparisonVerdict.BETTER: "Shown by these runs, after the correction for several indicators.",
    ComparisonVerdict.CANNOT_TELL: "These runs do not decide it: neither a difference nor that "
    "there is none that matters.",
    ComparisonVerdict.NO_DIFFERENCE: "A difference that matters would have been shown.",
}


@dataclass(frozen=True, slots=True)
class PageRow:
    """A row of a table."""

    cells: tuple[str, ...]
    look: str
    bar: tuple[float, float, float] | None
    """Low end, ratio and high end, in hundredths of the scale."""


@dataclass(frozen=True, slots=True)
class PageGroup:
    """A table: the rows of one verdict."""

    key: str
    title: str
    words: str
    rows: Sequence[PageRow]


def render(comparison: Comparison) -> str:
    """The page."""
    from markupsafe import Markup

    widest = _widest(comparison.rows)
    rows = ordered(comparison)
    page = page_template("comparison.html.j2").render(
        policy=POLICY.format(scripts="").replace("  ", " "),
        style=Markup(resource("page.css")),  # noqa: S704 - our own file
        script=Markup(resource("page.js")),  # noqa: S704 - our own file
        lines=list(head_lines(comparison)),
        look=_look(comparison),
        columns=HEAD,
        groups=[
            PageGroup(
                verdict.name.lower().replace("_", "-"),
                verdict.value.capitalize(),
                words,
                [_row(row, widest) for row in rows if row.verdict is verdict],
            )
            for verdict, words in WORDS.items()
        ],
        one=_place(1.0, widest),
        scale=None if widest is None else (f"{1 / widest:.2f}", f"{widest:.2f}"),
        sides=(("Base", comparison.base), ("Candidate", comparison.candidate)),
    )
    return str(page)


def _look(comparison: Comparison) -> str:
    verdicts = {row.verdict for row in comparison.rows}
    if ComparisonVerdict.WORSE in verdicts:
        return "bad"
    return "warn" if ComparisonVerdict.CANNOT_TELL in verdicts else "good"


def _row(row: ComparedIndicator, widest: float | None) -> PageRow:
    bar = None
    if row.interval is not None and row.ratio is not None:
        low, high = row.interval
        bar = (_place(low, widest), _place(row.ratio, widest), _place(high, widest))
    return PageRow(cells(row), row.verdict.value.split()[0], bar)


def _widest(rows: Sequence[ComparedIndicator]) -> float | None:
    """Where the scale ends; None without any interval."""
    ends = [
        abs(math.log(end)) for row in rows if row.interval is not None for end in row.interval
        if end > 0
    ]  # fmt: skip
    return min(WIDEST, max(NARROWEST, math.exp(max(ends)))) if ends else None


def _place(ratio: float, widest: float | None) -> float:
    """In hundredths of a logarithmic scale from 1/widest to widest."""
    if widest is None or ratio <= 0:
        return 50.0 if widest is None else 0.0
    share = math.log(ratio) / math.log(widest)
    return round(50 + 50 * max(-1.0, min(1.0, share)), 2)
