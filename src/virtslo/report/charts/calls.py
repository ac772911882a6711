"""REST calls of KubeVirt's components, by verb and resource.

Invariant: 2xx are drawn, the others are listed; counts are those of the measured stage's window.
"""

from virtslo.model.report.run_detail import RunDetail
from virtslo.report.charts.chart import STAGES, Chart
from virtslo.report.content import Sheet
from virtslo.report.numbers import number


def calls_chart(detail: RunDetail) -> Chart | None:
    """Requests with a 2xx answer, a bar a verb and resource."""
    rows = [row for row in detail.rest_calls if row.stage == detail.measured_stage]
    if not rows:
        return None
    good: dict[tuple[str, str], dict[str, int]] = {}
    bad = 0
    for row in rows:
        if row.code.startswith("2"):
            calls = good.setdefault((row.verb, row.resource), {})
            calls[row.component] = calls.get(row.component, 0) + row.count
        else:
            bad += row.count
    order = sorted(good, key=lambda key: -sum(good[key].values()))
    components = sorted({name for calls in good.values() for name in calls})
    labels = [f"{verb} {resource}" for verb, resource in order]
    traces = [
        {
            "type": "bar",
            "orientation": "h",
            "name": component,
            "y": labels,
            "x": [good[key].get(component, 0) for key in order],
            "marker": {"color": f"@component{index}", "line": {"width": 0}},
            "hovertemplate": f"%{{x}} %{{y}} by {component}<extra></extra>",
        }
        for index, component in enumerate(components)
    ]
    total = sum(sum(calls.values()) for calls in good.values())
    objects = detail.measured_count
    each = f", {number(total / objects)} per VMI" if objects else ""
    sheet = Sheet("REST calls, 2xx", ["Verb", "Resource", *components, "all", "per VMI"])
    for key in order:
        calls = good[key]
        count = sum(calls.values())
        per = number(count / objects) if objects else "–"
        by_component = [number(calls.get(name, 0)) for name in components]
        sheet.rows.append([*key, *by_component, number(count), per])
    return Chart(
        "rest-calls",
        "REST calls by component, verb and resource",
        f"Requests of KubeVirt's components in the window of the {STAGES[detail.measured_stage]}, "
        f"counted exactly: {number(total)} with a 2xx answer{each}; {number(bad)} with another.",
        traces,
        {
            "barmode": "stack",
            "xaxis": {"title": {"text": "requests"}},
            "yaxis": {"autorange": "reversed", "automargin": True, "tickfont": {"size": 11}},
        },
        log_axis=None,
        height=150 + 24 * len(order),
        table=sheet,
    )
