"""The slowest VMIs, with where each spent its time.

Invariant: those that never ran come first and are marked.
"""

from collections.abc import Sequence
from heapq import nlargest
from typing import Final

from virtslo.model.identifiers import RUNNING
from virtslo.model.report.run_detail import ObjectTrack, RunDetail
from virtslo.model.vocabulary import TABLE_PHASES
from virtslo.report.charts.chart import Chart
from virtslo.report.content import Sheet
from virtslo.report.numbers import number, seconds

SLOWEST: Final = 20


def slowest_chart(made: Sequence[ObjectTrack], detail: RunDetail) -> Chart | None:
    """The slowest VMIs as bars, a stretch a phase."""
    known = [item for item in made if item.released is not None]
    end = detail.window_end
    chosen = nlargest(SLOWEST, known, key=_time_to_run)
    if not chosen:
        return None
    names = [item.name for item in chosen]
    traces = []
    for name in TABLE_PHASES:
        bars = [_stretch(item, name, end) for item in chosen]
        if any(length for _, length in bars):
            traces.append(
                {
                    "type": "bar",
                    "orientation": "h",
                    "name": f"until {name}",
                    "y": names,
                    "base": [round(base, 3) for base, _ in bars],
                    "x": [round(length, 3) for _, length in bars],
                    "marker": {"color": f"@{name}", "line": {"width": 0}},
                    "hovertemplate": f"%{{y}}: %{{x:.4~g}} s until {name}<extra></extra>",
                }
            )
    sheet = Sheet(
        f"The {len(chosen)} slowest VMIs", ["VMI", "namespace", "node", *TABLE_PHASES, "stuck in"]
    )
    for item in chosen:
        times = [seconds(item.since_release(item.phases.get(phase))) for phase in TABLE_PHASES]
        stuck = "–" if RUNNING in item.phases else (list(item.phases) or ["nothing yet"])[-1]
        sheet.rows.append([item.name, item.namespace, item.node or "–", *times, stuck])
    never = sum(RUNNING not in item.phases for item in known)
    lost = f"{number(never)} never ran and come first. " if never else ""
    return Chart(
        "slowest",
        "The slowest VMIs",
        f"{lost}The {len(chosen)} that took longest of {number(len(known))}, from the release of "
        "their create; each stretch ends as the VMI enters the phase named.",
        traces,
        {
            "barmode": "overlay",
            "xaxis": {"title": {"text": "seconds since release"}, "rangemode": "tozero"},
            "yaxis": {"autorange": "reversed", "automargin": True, "tickfont": {"size": 10}},
        },
        height=130 + 22 * len(chosen),
        table=sheet,
    )


def _time_to_run(item: ObjectTrack) -> float:
    return item.since_release(item.phases.get(RUNNING)) or float("inf")


def _stretch(item: ObjectTrack, phase: str, end: float | None) -> tuple[float, float]:
    """From the phase before to this one, since release; unfinished: to the window's end."""
    reached = [(item.phases[name], name) for name in TABLE_PHASES if name in item.phases]
    base = 0.0
    for moment, name in reached:
        until = item.since_release(moment) or 0.0
        if name == phase:
            return base, until - base
        base = until
    is_next = not reached or reached[-1][1] != RUNNING
    if is_next and phase == RUNNING and end is not None:
        return base, max(0.0, (item.since_release(end) or 0.0) - base)
    return base, 0.0
