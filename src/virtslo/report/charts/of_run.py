"""Every plot that a run has data for, in the order in which they are read.

Invariant: a plot without data is left out, never drawn empty.
"""

from collections.abc import Mapping
from typing import Any

from virtslo.model.report.document import RunSummary
from virtslo.model.report.run_detail import RunDetail
from virtslo.report.charts.calls import calls_chart
from virtslo.report.charts.chart import Chart
from virtslo.report.charts.latency import ecdf_chart, histogram_chart, objects_chart, steps_chart
from virtslo.report.charts.recovery import recovery_chart
from virtslo.report.charts.slowest import slowest_chart
from virtslo.report.charts.time_line import lateness_chart, population_chart, rates_chart


def charts_of(
    run: RunSummary, detail: RunDetail, marks: Mapping[str, Any] | None = None
) -> list[Chart]:
    """The plots of one run, with lines such as a promise's in those over time."""
    made = detail.measured_objects()
    found = [
        population_chart(detail, marks),
        recovery_chart(detail),
        rates_chart(detail),
        steps_chart(made),
        ecdf_chart(detail, made, marks),
        histogram_chart(made),
        objects_chart(made),
        slowest_chart(made, detail),
        calls_chart(detail),
        lateness_chart(run, detail),
    ]
    return [chart for chart in found if chart is not None]
