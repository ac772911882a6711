"""A sweep as one HTML page: a plot for each knob and figure, effects, laws, the table's columns.

Invariant: as the report's page: it asks nothing of any server, and what came from outside is
escaped.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from virtslo.model.whatif.sweep import HEADLINES, Knob, PointStatus, SweepOutcome, Value
from virtslo.report.charts.chart import Chart
from virtslo.report.content import Sheet
from virtslo.report.html.page import POLICY, library, plain_chart, script_json
from virtslo.report.html.templates import page_template, resource
from virtslo.report.sweep_words import effect_line, law_line, quality_lines

MOST_CURVES = 12
"""Of a plot; further settings of the other knobs are in the table alone."""


def render(outcome: SweepOutcome) -> str:
    """The page."""
    from markupsafe import Markup

    charts = [plain_chart(chart, chart.key) for chart in _charts(outcome)]
    sweep = outcome.sweep
    page = page_template("sweep.html.j2").render(
        policy=POLICY.format(scripts="").replace("  ", " "),
        title=f"Sweep of {sweep.name}",
        style=Markup(resource("page.css")),  # noqa: S704 - our own file
        script=Markup(resource("page.js")),  # noqa: S704 - our own file
        library=Markup(f"<script>{library()}</script>"),  # noqa: S704 - the library's bundle
        data=Markup(script_json(charts)),  # noqa: S704 - escaped for a script element
        charts=charts,
        knobs=[(knob.name, ", ".join(map(str, knob.values))) for knob in sweep.knobs],
        seeds=sweep.seeds,
        points=len(sweep.points),
        finished=len(outcome.results),
        effects=[(effect.knob, effect_line(effect).strip()) for effect in outcome.effects],
        laws=[law_line(law) for law in outcome.laws],
        quality=list(quality_lines(outcome)),
    )
    return str(page)


def _charts(outcome: SweepOutcome) -> Iterator[Chart]:
    for place, knob in enumerate(outcome.sweep.knobs):
        for column, title in HEADLINES.items():
            chart = _chart(outcome, knob, column, title, key=f"{place}-{column}")
            if chart is not None:
                yield chart


def _chart(outcome: SweepOutcome, knob: Knob, column: str, title: str, *, key: str) -> Chart | None:
    curves: dict[str, dict[Value, list[float]]] = defaultdict(lambda: defaultdict(list))
    unit = ""
    for item in outcome.results:
        figure = item.figures.get(column)
        if item.status is PointStatus.FAILED or figure is None:
            continue
        unit = item.units.get(column, "")
        others = {name: of for name, of in item.values.items() if name != knob.name}
        name = ", ".join(f"{other}={of}" for other, of in others.items()) or title
        curves[name][item.values[knob.name]].append(figure)
    if len(knob.values) < 2 or not curves:
        return None
    shown = dict(list(curves.items())[:MOST_CURVES])
    left = len(curves) - len(shown)
    more = f" {left} further settings of the other knobs are in the table." if left else ""
    sheet = Sheet(title, [knob.name, *shown])
    for value in knob.values:
        sheet.rows.append([str(value), *(_mean(curve.get(value)) for curve in shown.values())])
    return Chart(
        key,
        f"{title}, by {knob.name}",
        f"Mean over {len(outcome.sweep.seeds)} seeds, and the least and the greatest of them."
        f"{more}",
        [
            _trace(name, curve, knob.values, index)
            for index, (name, curve) in enumerate(shown.items())
        ],
        {
            "xaxis": {"title": {"text": knob.name}, **_axis(knob.values)},
            "yaxis": {"title": {"text": unit}, "rangemode": "tozero"},
        },
        table=sheet,
        log_axis="y",
    )


def _axis(values: Sequence[Value]) -> dict[str, Any]:
    """A logarithmic axis for positive numbers, categories for all else."""
    numbers = [value for value in map(_number, values) if value is not None]
    if len(numbers) < len(values) or min(numbers) <= 0:
        return {"type": "category"}
    return {"type": "log", "tickvals": numbers, "ticktext": [str(value) for value in values]}


def _trace(
    name: str, curve: dict[Value, list[float]], values: Sequence[Value], index: int
) -> dict[str, Any]:
    there = [value for value in values if value in curve]
    means = [sum(curve[value]) / len(curve[value]) for value in there]
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": name,
        "x": [_on_axis(value) for value in there],
        "y": [round(mean, 6) for mean in means],
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": [round(max(curve[v]) - m, 6) for v, m in zip(there, means, strict=True)],
            "arrayminus": [round(m - min(curve[v]), 6) for v, m in zip(there, means, strict=True)],
        },
        "line": {"color": f"@component{index % 4}", "dash": ("solid", "dash", "dot")[index // 4]},
        "hovertemplate": "%{x}: %{y:.4~g}<extra>%{fullData.name}</extra>",
    }


def _on_axis(value: Value) -> Value:
    number = _number(value)
    return value if number is None else number


def _number(value: Value) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None


def _mean(values: list[float] | None) -> str:
    return f"{sum(values) / len(values):.4g}" if values else "no data"
