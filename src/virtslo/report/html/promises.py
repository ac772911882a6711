"""What was promised and what was measured, as lines in a plot; and repetitions or parts compared.

Invariant: a line of an objective stands at its bound, one of a quantile at the figure that the
report prints; a plot without a promise has none drawn.
"""

from collections.abc import Sequence
from typing import Any, Final

from virtslo.model.report.document import Report, RunSummary
from virtslo.model.report.figures import Figure
from virtslo.model.report.indicators import FigureKey, figures_by_key
from virtslo.model.vocabulary import OF_ARRIVALS
from virtslo.report.charts.chart import Chart
from virtslo.report.headline import BURST, CHURN, Subject
from virtslo.report.numbers import amount, measured

TO_RUNNING: Final = (
    "time_to_all_running_seconds",
    "vmi_intent_to_running_seconds",
    "vmi_creation_to_running_seconds",
)
"""Indicators whose bound is a moment of a burst."""


def promise_lines(report: Report, run: RunSummary) -> dict[str, Any]:
    """Shapes and annotations: bounds of a burst's objectives, and its P50 and P95."""
    if run.test not in OF_ARRIVALS:
        return {}
    shapes: list[dict[str, Any]] = []
    notes: list[dict[str, Any]] = []
    seen = set()
    figures = figures_by_key(item for item in report.indicators if item.run == run.id)
    for item in report.verdicts:
        is_moment = item.unit == "s" and any(name in TO_RUNNING for name in item.indicators)
        if run.id not in item.runs or not is_moment or item.bound in seen:
            continue
        seen.add(item.bound)
        words = f"promise: {item.statistic.upper() or 'value'} ≤ {amount(item.bound, item.unit)}"
        shapes.append(_line(item.bound, "solid", "@Failed"))
        notes.append(_note(item.bound, words, 0.98, "@Failed"))
    for place, (statistic, height) in enumerate((("p50", 0.86), ("p95", 0.74))):
        figure = figures.get(FigureKey(TO_RUNNING[1], statistic))
        if figure is not None and figure.value is not None:
            at = float(figure.value)
            shapes.append(_line(at, ("dash", "dot")[place], "@ink"))
            notes.append(_note(at, f"{statistic.upper()} {measured(figure)}", height, "@ink"))
    return {"shapes": shapes, "annotations": notes}


def subjects_chart(subjects: Sequence[Subject]) -> Chart | None:
    """One figure of each test and kind, with its interval: P95 until Running, or replaced."""
    rows = []
    for subject in subjects:
        figure = subject.figures.get((BURST if subject.test in OF_ARRIVALS else CHURN)["P95"])
        if figure is not None and figure.value is not None:
            rows.append((subject.title, figure))
    if len(rows) < 2:
        return None
    return Chart(
        "subjects",
        "P95 of every part",
        "Burst: from the intended create to Running; Steady State: from the intended time of a "
        "replacement until it is Running and its victim gone. Bars: 95 % intervals.",
        [
            {
                "type": "scatter",
                "mode": "markers",
                "name": "P95",
                "x": [figure.value for _, figure in rows],
                "y": [title for title, _ in rows],
                "error_x": {
                    "type": "data",
                    "symmetric": False,
                    "array": [_beyond(figure, 1) for _, figure in rows],
                    "arrayminus": [_beyond(figure, -1) for _, figure in rows],
                    "color": "@ink",
                },
                "marker": {"size": 10, "color": "@Running", "symbol": "diamond"},
                "hovertemplate": "%{y}: %{x:.4~g} s<extra></extra>",
            }
        ],
        {
            "xaxis": {"title": {"text": "seconds"}, "rangemode": "tozero"},
            "yaxis": {"autorange": "reversed", "automargin": True},
            "showlegend": False,
        },
        height=110 + 34 * len(rows),
    )


def _beyond(figure: Figure, side: int) -> float:
    """How far an interval's end is from the figure; 0 without one."""
    interval, value = figure.interval, float(figure.value or 0.0)
    end = None if interval is None else (interval.high if side > 0 else interval.low)
    return 0.0 if end is None else abs(end - value)


def _line(at: float, dash: str, colour: str) -> dict[str, Any]:
    return {
        "type": "line", "xref": "x", "yref": "paper", "x0": at, "x1": at, "y0": 0, "y1": 1,
        "line": {"width": 2, "dash": dash, "color": colour},
    }  # fmt: skip


def _note(at: float, text: str, height: float, colour: str) -> dict[str, Any]:
    return {
        "x": at, "y": height, "xref": "x", "yref": "paper", "text": text, "showarrow": False,
        "xanchor": "left", "xshift": 4, "font": {"size": 12, "color": colour},
        "bgcolor": "@paper",
    }  # fmt: skip
