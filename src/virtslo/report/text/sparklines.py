"""Lines of small bars: how something went over time, in one row of text.

Invariant: the height of a bar is the highest value of its part of time, so that a peak is never
lost; nothing at all is a blank, and 0 is the lowest bar.
"""

from collections.abc import Sequence
from typing import Final

from virtslo.model.identifiers import RUNNING
from virtslo.model.report.run_detail import RunDetail
from virtslo.model.vocabulary import TABLE_PHASES
from virtslo.report.charts.plot_series import moments_of, rates, span_of, stays_of
from virtslo.report.numbers import number, seconds

BARS: Final = "▁▂▃▄▅▆▇█"
WIDTH: Final = 60
COLUMNS: Final = 110
BESIDE: Final = 26
"""Columns that stand beside the bars: indent, name, and the highest value."""
LEAST_BARS: Final = 10


def sparkline(values: Sequence[float | None], width: int = WIDTH) -> str:
    """At most `width` bars, the highest of which stands for the highest value."""
    known = [value for value in values if value is not None]
    top = max(known, default=0.0)
    count = min(width, len(values))
    parts = [
        values[len(values) * at // count : len(values) * (at + 1) // count] for at in range(count)
    ]
    return "".join(_bar(part, top) for part in parts)


def over_time(detail: RunDetail, columns: int = COLUMNS) -> list[str]:
    """Population and rates of a run, a row each, with the highest value at the end.

    A row has at most `width` columns, its indent and name among them.
    """
    if not detail.objects:
        return []
    first, last = span_of(detail)
    if last <= first:
        return []
    moments = moments_of(first, last)
    counts = stays_of(detail.objects).population(moments)
    bars = max(LEAST_BARS, min(WIDTH, columns - BESIDE))
    rows: list[tuple[str, str, str]] = [
        (str(phase), sparkline([float(n) for n in counts[phase]], bars), number(max(counts[phase])))
        for phase in TABLE_PHASES
        if any(counts.get(phase, ()))
    ]
    step = (last - first) / bars
    entered = [item.phases[RUNNING] for item in detail.objects if RUNNING in item.phases]
    curve = rates(entered, first, last, step)
    rows.append((f"{RUNNING}/s", sparkline(curve.y, bars), f"{number(max(curve.y))}/s"))
    width = max((len(name) for name, _, _ in rows), default=0)
    head = f"{'':<{width}}  from 0 s to {seconds(last - first)} of the run; highest at the right"
    return [head, *(f"{name:<{width}}  {line}  {top}" for name, line, top in rows)]


def _bar(part: Sequence[float | None], top: float) -> str:
    known = [value for value in part if value is not None]
    if not known:
        return " "
    if top <= 0:
        return BARS[0]
    return BARS[min(len(BARS) - 1, int(max(known) / top * len(BARS)))]
