"""A report as OpenMetrics text, which Prometheus and its Pushgateway read too.

Invariant: what has no value has no sample, but is named with its reason; every series says whether
its run was simulated; labels are harmless text. Every family is a gauge, so that older readers
take the text as well.
"""

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from virtslo.base.plain_text import harmless
from virtslo.model.report.document import Report, RunSummary
from virtslo.model.report.indicators import Indicator
from virtslo.model.report.verdicts import Outcome

if TYPE_CHECKING:
    from prometheus_client.metrics_core import GaugeMetricFamily

_RUN: Final = ("run", "test", "kind", "scenario", "simulated")
_ILLEGAL: Final = re.compile(r"[^a-zA-Z0-9_]")


class OpenMetrics:
    """Renders OpenMetrics."""

    def render(self, report: Report) -> str:
        """The text, with its `# EOF`."""
        from prometheus_client import CollectorRegistry
        from prometheus_client.openmetrics.exposition import generate_latest

        registry = CollectorRegistry()
        registry.register(_Families(report))
        return str(generate_latest(registry).decode())  # type: ignore[no-untyped-call]


class _Families:
    """The families of a report, as the client library collects them."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._labels = {run.id: _labels(run) for run in report.runs}

    def collect(self) -> "Iterable[GaugeMetricFamily]":
        """Every family."""
        for family in self._families():
            family.samples = [
                sample._replace(labels={name: harmless(of) for name, of in sample.labels.items()})
                for sample in family.samples
            ]
            yield family

    def _families(self) -> "Iterator[GaugeMetricFamily]":
        yield from (self._runs(), self._validity())
        yield from self._indicators()
        yield self._missing()
        yield from self._intervals()
        yield self._over_runs()
        yield self._rest_calls()
        yield from self._verdicts()

    def _runs(self) -> "GaugeMetricFamily":
        extra = (
            "profile",
            "seed",
            "kubernetes",
            "kubevirt",
            "nodes",
            "count",
            "arrival",
            "objectives",
        )
        family = _gauge("virtslo_run_info", "What was run, and on what; always 1", extra)
        for run in self._report.runs:
            environment = run.environment
            simulated = environment.simulated
            values = [
                simulated.description if simulated else "",
                str(simulated.seed) if simulated else "",
                environment.kubernetes_version or "",
                environment.kubevirt_version or "",
                "" if environment.nodes is None else str(environment.nodes),
                str(run.count),
                run.arrival,
                run.objectives,
            ]
            family.add_metric([*self._labels[run.id], *values], 1)
        return family

    def _validity(self) -> "GaugeMetricFamily":
        family = _gauge("virtslo_run_valid", "1 if nothing makes the run inconclusive", ())
        doubted = {item.run for item in self._report.findings if item.finding.inconclusive}
        for run in self._report.runs:
            family.add_metric(self._labels[run.id], 0 if run.id in doubted else 1)
        return family

    def _indicators(self) -> "Iterator[GaugeMetricFamily]":
        by_name: dict[str, list[Indicator]] = {}
        for item in self._report.indicators:
            if item.figure.value is not None:
                by_name.setdefault(item.name, []).append(item)
        for name, items in by_name.items():
            definition = self._report.definitions[name]
            help_text = f"{definition.text} [{definition.unit}]"
            family = _gauge(f"virtslo_{_word(name)}", help_text, ("statistic", "source"))
            for item in items:
                labels = [*self._labels[item.run], item.statistic, item.figure.source]
                family.add_metric(labels, float(item.figure.value or 0))
            yield family

    def _missing(self) -> "GaugeMetricFamily":
        extra = ("indicator", "statistic", "reason")
        family = _gauge("virtslo_no_data", "Indicators without a value, and why; always 1", extra)
        for item in self._report.indicators:
            if item.figure.reason is not None:
                labels = [item.name, item.statistic, item.figure.reason]
                family.add_metric([*self._labels[item.run], *labels], 1)
        return family

    def _intervals(self) -> "Iterator[GaugeMetricFamily]":
        extra = ("indicator", "statistic", "scope")
        text = "end of the 95 % interval of an indicator, as far as it has one"
        low = _gauge("virtslo_interval_low", f"Lower {text}", extra)
        high = _gauge("virtslo_interval_high", f"Upper {text}", extra)
        for item in self._report.indicators:
            interval = item.figure.interval
            if interval is None or item.figure.value is None:
                continue
            labels = [*self._labels[item.run], item.name, item.statistic, interval.scope]
            for family, end in ((low, interval.low), (high, interval.high)):
                if end is not None:
                    family.add_metric(labels, end)
        yield from (low, high)

    def _over_runs(self) -> "GaugeMetricFamily":
        from prometheus_client.metrics_core import GaugeMetricFamily

        names = ["test", "kind", "runs", "simulated", "indicator", "statistic", "part"]
        text = "Figures over repetitions; part: value, low or high (its 95 % interval over runs)"
        family = GaugeMetricFamily("virtslo_over_runs", text, labels=names)
        for group in self._report.groups:
            simulated = self._labels[group.runs[0]][-1]
            for item in group.indicators:
                figure = item.figure
                if figure.value is None:
                    continue
                interval = figure.interval
                parts = {
                    "value": float(figure.value),
                    "low": None if interval is None else interval.low,
                    "high": None if interval is None else interval.high,
                }
                labels = [group.test, group.kind, str(len(group.runs)), simulated]
                for part, value in parts.items():
                    if value is not None:
                        family.add_metric([*labels, item.name, item.statistic, part], value)
        return family

    def _rest_calls(self) -> "GaugeMetricFamily":
        text = "REST calls of KubeVirt's components in a stage's window, as counted"
        extra = ("stage", "component", "verb", "resource", "code")
        family = _gauge("virtslo_rest_calls", text, extra)
        for detail in self._report.details:
            for row in detail.rest_calls:
                labels = [row.stage, row.component, row.verb, row.resource, row.code]
                family.add_metric([*self._labels[detail.run], *labels], row.count)
        return family

    def _verdicts(self) -> "Iterator[GaugeMetricFamily]":
        extra = ("objective", "verdict")
        states = _gauge("virtslo_objective", "1 for the verdict that an objective got", extra)
        bounds = _gauge("virtslo_objective_bound", "An objective's bound", ("objective", "unit"))
        judged = ((item, run) for item in self._report.verdicts for run in item.runs)
        for item, run in judged:
            labels = self._labels[run]
            for outcome in Outcome:
                value = 1 if outcome is item.verdict else 0
                states.add_metric([*labels, item.objective, outcome.value], value)
            bounds.add_metric([*labels, item.objective, item.unit], item.bound)
        yield from (states, bounds)


def _gauge(name: str, text: str, extra: tuple[str, ...]) -> "GaugeMetricFamily":
    from prometheus_client.metrics_core import GaugeMetricFamily

    return GaugeMetricFamily(name, text, labels=[*_RUN, *extra])


def _labels(run: RunSummary) -> list[str]:
    simulated = "true" if run.environment.simulated is not None else "false"
    return [run.id, run.test, run.kind, run.scenario, simulated]


def _word(name: str) -> str:
    return _ILLEGAL.sub("_", name)
