"""What happened when: the population by phase, rates over time, the generator's own lateness.

Invariant: a population is exact at every moment drawn; a rate's bins are stated; of lateness the
highest of each bin is kept.
"""

from collections.abc import Mapping
from typing import Any, Final

from virtslo.model.report.document import RunSummary
from virtslo.model.report.run_detail import RunDetail, StageSpan
from virtslo.model.vocabulary import TABLE_PHASES
from virtslo.report.charts.chart import DASHES, PATTERNS, STAGES, Chart
from virtslo.report.charts.plot_series import (
    BINS,
    MOMENTS,
    Curve,
    Stays,
    bins_for,
    highest,
    moments_of,
    nice_step,
    rates,
    span_of,
    stays_of,
)
from virtslo.report.content import Sheet
from virtslo.report.numbers import number, seconds

ALL_PHASES: Final = (*TABLE_PHASES, "Succeeded", "Failed", "Unknown")


def population_chart(detail: RunDetail, marks: Mapping[str, Any] | None = None) -> Chart | None:
    """How many VMIs were in each phase over time, stacked; with lines such as a promise's."""
    if not detail.objects:
        return None
    first, last = span_of(detail)
    first = _first_release(detail, first)
    edges = [stage.ended for stage in detail.stages if stage.ended is not None]
    moments = moments_of(first, last, [*edges, *detail.cycle_starts])
    stays = stays_of(detail.objects)
    counts = stays.population(moments)
    shown = [phase for phase in ALL_PHASES if phase in counts]
    shown += [phase for phase in counts if phase not in ALL_PHASES]
    drawn = [phase for phase in shown if any(counts[phase])]
    x = [round(moment - first, 3) for moment in moments]
    traces = [
        {
            "type": "scatter",
            "mode": "lines",
            "name": phase,
            "x": x,
            "y": counts[phase],
            "stackgroup": "all",
            "line": {"width": 0.5, "shape": "hv", "color": f"@{phase}"},
            "fillcolor": f"@{phase}",
            "fillpattern": {
                "shape": PATTERNS.get(phase, ""),
                "fillmode": "overlay",
                "fgcolor": "@paper",
                "fgopacity": 0.45,
                "size": 7,
            },
            "hovertemplate": f"%{{y}} {phase}<extra></extra>",
        }
        for phase in drawn
    ]
    peak = stays.most_at_once()
    told = ", ".join(f"{phase} {number(peak[phase])}" for phase in shown)
    return Chart(
        "population",
        "Population by phase",
        f"VMIs in each phase over time, {number(len(detail.objects))} in all. Most at once: "
        f"{told}. Drawn at {number(len(moments))} moments, exact at each; a phase shorter than "
        f"their spacing may not show. Shaded: the stages.",
        traces,
        {
            "xaxis": {
                "title": {"text": "seconds since the first release"},
                "range": [0, _right_edge(last - first, marks or {})],
            },
            "yaxis": {"title": {"text": "VMIs"}, "rangemode": "tozero"},
            "hovermode": "x unified",
            **_with(_stage_shapes(detail, first), marks or {}),
        },
        height=380,
        table=Sheet(
            "Population when each stage ended",
            ["Stage", "ended", *shown],
            [_at_end(stays, stage, first, shown) for stage in _ended(detail)],
        ),
    )


def _first_release(detail: RunDetail, otherwise: float) -> float:
    """When the first create of the measured population was released."""
    released = [
        item.released
        for item in detail.operations
        if item.verb == "create" and item.stage != "warm_up" and item.released is not None
    ]
    return max(otherwise, min(released, default=otherwise))


def _right_edge(span: float, marks: Mapping[str, Any]) -> float:
    """Where the axis ends: behind the last moment, and behind every line with its words."""
    lines = [float(shape["x1"]) for shape in marks.get("shapes", ())]
    return round(max([span, *(1.15 * at for at in lines)]), 3)


def _with(layout: dict[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    return {key: [*layout[key], *more.get(key, [])] for key in layout}


def _ended(detail: RunDetail) -> list[StageSpan]:
    return [stage for stage in detail.stages if stage.ended is not None and stage.name != "warm_up"]


def _at_end(stays: Stays, stage: StageSpan, first: float, shown: list[str]) -> list[str]:
    end = stage.ended or 0.0
    counts = stays.population([end])
    name = STAGES.get(stage.name, stage.name)
    return [name, seconds(end - first), *(number(counts[phase][0]) for phase in shown)]


def _stage_shapes(detail: RunDetail, first: float) -> dict[str, Any]:
    shapes: list[dict[str, Any]] = []
    notes: list[dict[str, Any]] = []
    for index, stage in enumerate(detail.stages):
        if stage.name == "warm_up" or stage.ended is None:
            continue
        left, right = max(0.0, stage.started - first), stage.ended - first
        shapes.append(
            {
                "type": "rect",
                "xref": "x",
                "yref": "paper",
                "x0": left,
                "x1": right,
                "y0": 0,
                "y1": 1,
                "line": {"width": 0},
                "fillcolor": "@band" if index % 2 else "@clear",
                "layer": "below",
            }
        )
        notes.append(
            {
                "x": left,
                "y": 1,
                "xref": "x",
                "yref": "paper",
                "text": STAGES.get(stage.name, stage.name),
                "showarrow": False,
                "xanchor": "left",
                "yanchor": "bottom",
                "font": {"size": 11},
            }
        )
    shapes += [
        {
            "type": "line",
            "xref": "x",
            "yref": "paper",
            "x0": start - first,
            "x1": start - first,
            "y0": 0,
            "y1": 1,
            "line": {"width": 1, "dash": "dot", "color": "@muted"},
        }
        for start in detail.cycle_starts
    ]
    return {"shapes": shapes, "annotations": notes}


def rates_chart(detail: RunDetail) -> Chart | None:
    """Creates accepted and VMIs entering each phase, per second."""
    stages = [stage for stage in detail.stages if stage.name == detail.measured_stage]
    created = [
        item.finished
        for item in detail.operations
        if item.verb == "create"
        and item.stage == detail.measured_stage
        and item.error is None
        and item.finished is not None
    ]
    entered = {
        phase: [item.phases[phase] for item in detail.objects if phase in item.phases]
        for phase in TABLE_PHASES
    }
    if not stages or not any(entered.values()):
        return None
    first = stages[0].t0
    ends = [moment for moments in entered.values() for moment in moments]
    last = stages[-1].whole or stages[-1].ended or max(ends)
    if last <= first:
        return None
    bins = bins_for(max(map(len, entered.values())), BINS)
    step = nice_step((last - first) / bins)
    curves: dict[str, Curve] = {
        "created": rates(created, first, last, step),
        **{phase: rates(moments, first, last, step) for phase, moments in entered.items()},
    }
    tops = [max(curve.y) for curve in curves.values() if curve.y and max(curve.y) > 0]
    traces = [
        {
            "type": "scatter",
            "mode": "lines",
            "name": name,
            "x": [round(x - first, 3) for x in curve.x],
            "y": list(curve.y),
            "line": {"width": 2, "color": f"@{name}", "dash": DASHES[name]},
            "hovertemplate": f"%{{y:.4~g}}/s {name}<extra></extra>",
        }
        for name, curve in curves.items()
        if any(curve.y)
    ]
    highs = ", ".join(
        f"{name} {number(max(curve.y))}/s" for name, curve in curves.items() if any(curve.y)
    )
    return Chart(
        "rates",
        "Creation and phase rates",
        f"Creates accepted and VMIs entering each phase, per second, in bins of {seconds(step)} "
        f"until the population was whole. Highest bin: {highs}.",
        traces,
        {
            "xaxis": {"title": {"text": f"seconds since the {STAGES[detail.measured_stage]}"}},
            "yaxis": {"title": {"text": "per second"}},
            "hovermode": "x unified",
        },
        log_axis="y",
        is_log=bool(tops) and max(tops) > 8 * min(tops),
    )


def lateness_chart(run: RunSummary, detail: RunDetail) -> Chart | None:
    """The generator's own delay over time; None in virtual time, where there is none."""
    if run.environment.virtual_time:
        return None
    closed = run.arrival == "burst"
    points: list[tuple[float, float]] = []
    for item in detail.operations:
        start = item.released if closed else item.intended
        if item.sent is not None and start is not None:
            points.append((item.intended, (item.sent - start) * 1000))
    if not points:
        return None
    first = min(x for x, _ in points)
    curve = highest([(x - first, y) for x, y in points], MOMENTS)
    what = "sent − released" if closed else "sent − intended"
    return Chart(
        "lateness",
        "Lateness of the generator",
        f"Our own delay, {what}, over {number(len(points))} operations; the latest in each of at "
        f"most {MOMENTS} bins is drawn. Highest: {number(max(y for _, y in points))} ms.",
        [
            {
                "type": "scatter",
                "mode": "markers",
                "name": "lateness",
                "x": [round(x, 3) for x in curve.x],
                "y": [round(y, 3) for y in curve.y],
                "marker": {"size": 4, "color": "@Scheduled"},
                "hovertemplate": "%{y:.3~g} ms at %{x:.4~g} s<extra></extra>",
            }
        ],
        {
            "xaxis": {"title": {"text": "seconds, by intended time"}},
            "yaxis": {"title": {"text": "milliseconds late"}, "rangemode": "tozero"},
            "showlegend": False,
        },
        height=280,
    )
