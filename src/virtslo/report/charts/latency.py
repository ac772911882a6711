"""How long it took: distributions since release, the steps between, every object's way.

Invariant: shares are of every VMI that was to come, so the curve of one that lost some stops below
100 %; what is thinned for display says so.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

from virtslo.base.clock import seconds_between
from virtslo.model.identifiers import RUNNING
from virtslo.model.report.run_detail import ObjectTrack, RunDetail
from virtslo.model.vocabulary import TABLE_PHASES
from virtslo.report.charts.chart import DASHES, Chart
from virtslo.report.charts.plot_series import distribution, histogram, thinned
from virtslo.report.content import Sheet
from virtslo.report.numbers import number, seconds

OBJECTS_SHOWN: Final = 1_500


def ecdf_chart(
    detail: RunDetail, made: Sequence[ObjectTrack], marks: Mapping[str, Any] | None = None
) -> Chart | None:
    """The share of VMIs that had entered each phase, against time since release; with lines such
    as a promise's."""
    total = len(made) + detail.missing
    samples = {phase: latencies_to(made, phase) for phase in TABLE_PHASES}
    traces = []
    for phase, values in samples.items():
        curve = distribution(values, total)
        if curve.x:
            traces.append(
                {
                    "type": "scatter",
                    "mode": "lines",
                    "name": phase,
                    "x": [round(value, 4) for value in curve.x],
                    "y": [round(100 * share, 4) for share in curve.y],
                    "line": {
                        "shape": "hv",
                        "width": 2,
                        "color": f"@{phase}",
                        "dash": DASHES[phase],
                    },
                    "hovertemplate": f"%{{y:.1f}} % {phase} within %{{x:.4~g}} s<extra></extra>",
                }
            )
    if not traces:
        return None
    unfinished = total - len(samples[RUNNING])
    lost = f" {number(unfinished)} never ran: their curve stops below 100 %." if unfinished else ""
    return Chart(
        "ecdf",
        "How many were there by then",
        f"Share of all {number(total)} VMIs that had entered a phase, against the time since the "
        f"release of their create (ECDF; at most 400 of its own points are drawn).{lost}",
        traces,
        {
            "xaxis": {"title": {"text": "seconds since release"}, "rangemode": "tozero"},
            "yaxis": {
                "title": {"text": "% of VMIs"},
                "range": [0, 101],
                "tickvals": [0, 25, 50, 75, 95, 100],
            },
            **(marks or {}),
        },
        log_axis="x",
        table=_quantile_sheet(detail),
    )


def _quantile_sheet(detail: RunDetail) -> Sheet:
    sheet = Sheet(
        "Since the release of the create (nearest rank, over every VMI)",
        ["Until", "least", "P50", "P90", "P95", "P99", "max", "not there"],
    )
    for item in detail.latencies:
        ranks = (item.least, item.p50, item.p90, item.p95, item.p99, item.most)
        name = item.name.replace("_", " ").replace("owner", "VM")
        sheet.rows.append([name, *(seconds(value) for value in ranks), number(item.unfinished)])
    return sheet


def histogram_chart(made: Sequence[ObjectTrack]) -> Chart | None:
    """How many VMIs took how long from release to Running."""
    samples = latencies_to(made, RUNNING)
    if len(samples) < 2:
        return None
    curve, step = histogram(samples)
    return Chart(
        "histogram",
        "Creation to Running",
        f"How long {number(len(samples))} VMIs took from the release of their create to Running, "
        f"in bins of {seconds(step)}.",
        [
            {
                "type": "bar",
                "name": "VMIs",
                "x": list(curve.x),
                "y": list(curve.y),
                "width": step,
                "marker": {"color": "@Running", "line": {"width": 0}},
                "hovertemplate": "%{y} VMIs around %{x:.4~g} s<extra></extra>",
            }
        ],
        {
            "xaxis": {"title": {"text": "seconds from release to Running"}},
            "yaxis": {"title": {"text": "VMIs"}},
            "bargap": 0,
            "showlegend": False,
        },
    )


def steps_chart(made: Sequence[ObjectTrack]) -> Chart | None:
    """The time between one phase and the next, as boxes."""
    samples = _step_samples(made)
    if not samples:
        return None
    rows = {name: sorted(values) for name, values in samples.items()}
    names = list(rows)
    total = sum(_mean(values) for values in rows.values())
    traces = [
        {
            "type": "box",
            "orientation": "h",
            "name": name,
            "y": [name],
            "q1": [_rank(values, 0.25)],
            "median": [_rank(values, 0.5)],
            "q3": [_rank(values, 0.75)],
            "lowerfence": [_rank(values, 0.01)],
            "upperfence": [_rank(values, 0.99)],
            "mean": [_mean(values)],
            "marker": {"color": f"@{name.rsplit(' ', 1)[-1]}"},
            "line": {"color": f"@{name.rsplit(' ', 1)[-1]}"},
        }
        for name, values in rows.items()
    ]
    parts = ", ".join(
        f"{name} {seconds(_mean(values))} ({100 * _mean(values) / total:.0f} %)"
        for name, values in rows.items()
        if total > 0
    )
    sheet = Sheet("Steps", ["Step", "P1", "P25", "P50", "P75", "P99", "mean", "VMIs"])
    for name, values in rows.items():
        ranks = [seconds(_rank(values, share)) for share in (0.01, 0.25, 0.5, 0.75, 0.99)]
        sheet.rows.append([name, *ranks, seconds(_mean(values)), number(len(values))])
    return Chart(
        "steps",
        "Where a VMI's time goes",
        f"Time in each step: the middle half as a box, P1 to P99 as whiskers, the mean dashed. "
        f"Mean time: {parts}.",
        traces,
        {
            "xaxis": {"title": {"text": "seconds"}, "rangemode": "tozero"},
            "yaxis": {"autorange": "reversed", "automargin": True, "categoryarray": names},
            "showlegend": False,
        },
        log_axis="x",
        height=120 + 60 * len(rows),
        table=sheet,
    )


def _step_samples(made: Sequence[ObjectTrack]) -> Mapping[str, list[float]]:
    found: defaultdict[tuple[str, str], tuple[list[float], list[float]]]
    found = defaultdict(lambda: ([], []))
    for item in made:
        before, since = "release", item.released
        if since is None:
            continue
        for phase in TABLE_PHASES:
            moment = item.phases.get(phase)
            if moment is not None:
                starts, ends = found[before, phase]
                starts.append(since)
                ends.append(moment)
                before, since = phase, moment
    least = max((len(ends) for _, ends in found.values()), default=0) // 100
    kept = [step for step, (_, ends) in found.items() if len(ends) > least]
    kept.sort(key=lambda step: TABLE_PHASES.index(step[1]))
    return {f"{before} → {phase}": seconds_between(*found[before, phase]) for before, phase in kept}


def objects_chart(made: Sequence[ObjectTrack]) -> Chart | None:
    """When each VMI entered each phase, in order of release."""
    known = [item for item in made if item.released is not None]
    known.sort(key=lambda item: item.released or 0.0)
    if len(known) < 2:
        return None
    start = known[0].released or 0.0
    places = thinned(len(known), OBJECTS_SHOWN)
    traces = []
    for phase in TABLE_PHASES:
        points = [
            (place, known[place].phases[phase] - start)
            for place in places
            if phase in known[place].phases
        ]
        if points:
            traces.append(
                {
                    "type": "scatter",
                    "mode": "markers",
                    "name": phase,
                    "x": [place for place, _ in points],
                    "y": [round(moment, 3) for _, moment in points],
                    "marker": {"size": 3.5, "color": f"@{phase}", "opacity": 0.75},
                    "hovertemplate": f"VMI %{{x}}: {phase} at %{{y:.4~g}} s<extra></extra>",
                }
            )
    thin = len(known) - len(places)
    told = f"{number(len(places))} of them are drawn, evenly spaced" if thin else "all are drawn"
    return Chart(
        "objects",
        "Every VMI's way",
        f"When each VMI entered each phase, in the order in which the creates were released; "
        f"{told}. A queue shows as a slope, a straggler as a point above it.",
        traces,
        {
            "xaxis": {
                "title": {"text": "VMI, in order of release"},
                "range": [-0.01 * len(known), 1.01 * len(known)],
            },
            "yaxis": {"title": {"text": "seconds since the first release"}, "rangemode": "tozero"},
        },
        height=400,
    )


def latencies_to(made: Sequence[ObjectTrack], phase: str) -> list[float]:
    """From release to a phase, of those that entered it."""
    released = [item.released for item in made]
    return seconds_between(released, [item.phases.get(phase) for item in made])


def _rank(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, max(0, int(share * len(ordered) + 0.999999) - 1))]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
