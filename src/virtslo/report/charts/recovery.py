"""How long each cycle of a Steady State took to recover.

Invariant: a cycle that did not recover has no bar and is listed with its reason, never drawn as 0.
"""

from statistics import median

from virtslo.model.report.run_detail import RunDetail
from virtslo.report.charts.chart import Chart
from virtslo.report.content import Sheet
from virtslo.report.numbers import number, seconds


def recovery_chart(detail: RunDetail) -> Chart | None:
    """A bar a cycle; None where there were no cycles."""
    if not detail.cycles:
        return None
    known = [
        (cycle.number + 1, cycle.recovery) for cycle in detail.cycles if cycle.recovery is not None
    ]
    lost = len(detail.cycles) - len(known)
    values = [value for _, value in known]
    told = (
        f"Median {seconds(median(values))}, from {seconds(min(values))} to {seconds(max(values))}."
        if values
        else "None recovered."
    )
    without = f" {number(lost)} have no recovery time; the table says why." if lost else ""
    sheet = Sheet("Cycles", ["Cycle", "replaced", "recovered in", "overlapped by the next", "why"])
    for cycle in detail.cycles:
        sheet.rows.append(
            [
                str(cycle.number + 1),
                number(cycle.victims),
                seconds(cycle.recovery),
                "yes" if cycle.is_overlapped else "no",
                cycle.reason or "–",
            ]
        )
    return Chart(
        "recovery",
        "Recovery of each cycle",
        f"From a cycle's intended start until its own victims were gone and its own replacements "
        f"Running, {number(len(detail.cycles))} cycles. {told}{without}",
        [
            {
                "type": "bar",
                "name": "recovery",
                "x": [f"cycle {place}" for place, _ in known],
                "y": [round(value, 3) for value in values],
                "marker": {"color": "@Scheduled", "line": {"width": 0}},
                "hovertemplate": "%{x}: %{y:.4~g} s<extra></extra>",
            }
        ],
        {
            "xaxis": {"title": {"text": ""}, "type": "category"},
            "yaxis": {"title": {"text": "seconds"}, "rangemode": "tozero"},
            "showlegend": False,
            "bargap": 0.4,
        },
        height=300,
        table=sheet,
    )
