"""From records to a report, and to the exit code it comes to.

Invariant: pure. A record says everything; the same records give the same report.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from virtslo.base.clock import to_seconds
from virtslo.base.units import format_rate
from virtslo.model.kubernetes.components import VIRT_CONTROLLER
from virtslo.model.plan.ceiling import least_seconds_of
from virtslo.model.plan.objectives import ObjectiveSet
from virtslo.model.plan.scenario import Arrival, ArrivalProcess
from virtslo.model.plan.suite import PartStatus, SuiteRecord
from virtslo.model.report.document import Report, RunFinding, RunGroup, RunLines, RunSummary
from virtslo.model.report.indicators import figures_by_key
from virtslo.model.report.verdicts import Outcome, Verdict
from virtslo.model.run.findings import Finding
from virtslo.model.run.record import RunRecord
from virtslo.slo.catalog.catalog import CATALOG
from virtslo.slo.evaluate import touches, verdicts_of
from virtslo.slo.figures.churn_ladder import ladders_of
from virtslo.slo.figures.indicators import indicators_of
from virtslo.slo.figures.over_runs import groups_of
from virtslo.slo.figures.run_detail import run_detail
from virtslo.slo.figures.time_words import time_lines
from virtslo.slo.findings.repetition_findings import first_run_findings
from virtslo.slo.findings.run_findings import NAMED, findings_of
from virtslo.slo.findings.source_comparison import comparison_of
from virtslo.slo.record.measured import Measured, measure
from virtslo.slo.tables import kind_of, tables_of, test_of

MET: Final = 0
VIOLATED: Final = 1
INCONCLUSIVE: Final = 4


def build_report(
    records: Sequence[RunRecord],
    *,
    detailed: bool = False,
    objectives: ObjectiveSet | None = None,
    suites: Sequence[SuiteRecord] = (),
) -> Report:
    """Derive everything from these records; single objects and moments only if asked for.

    `objectives` judge instead of those that the records hold. `suites` are those that the records
    are parts of: a suite with parts missing proves nothing.
    """
    if objectives is not None:
        records = [_judged_by(objectives, record) for record in records]
    runs = [measure(record) for record in records]
    indicators = [indicators_of(run) for run in runs]
    found = [findings_of(run) for run in runs]
    findings = [
        RunFinding(record.host.run_id, finding)
        for record, mine in zip(records, found, strict=True)
        for finding in mine
    ]
    findings += [missing for suite in suites for missing in _missing_parts(suite)]
    findings += [skipped for suite in suites for skipped in _skipped_parts(suite)]
    ids = [record.host.run_id for record in records]
    groups = groups_of(runs, indicators)
    for run, finding in first_run_findings(groups, runs, dict(zip(ids, indicators, strict=True))):
        findings.append(RunFinding(run, finding))
        found[ids.index(run)] = (*found[ids.index(run)], finding)
    verdicts = verdicts_of(
        _judged_together(runs, groups),
        dict(zip(ids, indicators, strict=True)),
        dict(zip(ids, found, strict=True)),
    )
    report = Report(
        runs=tuple(_summary(record) for record in records),
        valid=not any(item.finding.inconclusive for item in findings),
        findings=tuple(findings),
        tables=tables_of(runs, [figures_by_key(mine) for mine in indicators]),
        indicators=tuple(itertools.chain.from_iterable(indicators)),
        groups=groups,
        ladders=ladders_of(runs),
        verdicts=verdicts,
        sources=tuple(compared for run in runs if (compared := comparison_of(run)) is not None),
        time_spent=tuple(RunLines(run.record.host.run_id, time_lines(run)) for run in runs),
        definitions=CATALOG,
        details=tuple(map(run_detail, records, runs)) if detailed else (),
        standing=tuple(item for item in verdicts if _stands(item, findings)),
    )
    return replace(report, exit_code=exit_code(report))


def exit_code(report: Report) -> int:
    """1 if a violation stands on figures that no finding touches; else 4 if the report is not
    valid, not every objective is met or none of those given is about these runs; else 0."""
    if any(_stands(verdict, report.findings) for verdict in report.verdicts):
        return VIOLATED
    all_met = all(verdict.verdict is Outcome.MET for verdict in report.verdicts)
    if not report.verdicts and any(run.objectives for run in report.runs):
        return INCONCLUSIVE
    return MET if all_met and report.valid else INCONCLUSIVE


def _stands(verdict: Verdict, findings: Sequence[RunFinding]) -> bool:
    if verdict.verdict is not Outcome.VIOLATED:
        return False
    return not any(
        item.run in verdict.runs and touches(item.finding, verdict.indicators) for item in findings
    )


def _judged_together(runs: Sequence[Measured], groups: Sequence[RunGroup]) -> list[list[Measured]]:
    """Repetitions together, every other run by itself, in the order of their first runs."""
    found: list[list[Measured]] = []
    group_of = {run: group.id for group in groups for run in group.runs}
    place_of: dict[str, int] = {}
    for run in runs:
        name = group_of.get(run.record.host.run_id, "")
        place = place_of.get(name, -1)
        if place >= 0 and _objectives(found[place][0]) == _objectives(run):
            found[place].append(run)
        else:
            found.append([run])
            if name:
                place_of[name] = len(found) - 1
    return found


def _objectives(run: Measured) -> ObjectiveSet | None:
    return run.record.header.scenario.objectives


def _judged_by(objectives: ObjectiveSet, record: RunRecord) -> RunRecord:
    scenario = replace(record.header.scenario, objectives=objectives)
    return replace(record, header=replace(record.header, scenario=scenario))


def _missing_parts(suite: SuiteRecord) -> Iterator[RunFinding]:
    """What is said of a suite that was not carried to its end."""
    pending = suite.pending()
    if not pending:
        return
    named = ", ".join(f"{part.key} ({part.status.value})" for part in pending[:NAMED])
    more = f" and {len(pending) - NAMED} more" if len(pending) > NAMED else ""
    words = (
        f"{len(pending)} of the suite's {len(suite.parts)} parts are not complete: {named}{more}; "
        "go on with virtslo run suite --resume and its folder"
    )
    yield RunFinding(suite.id, Finding(code="incomplete", detail=words, inconclusive=True))


def _skipped_parts(suite: SuiteRecord) -> Iterator[RunFinding]:
    """Which rungs of a ladder were not run."""
    skipped = [part.key for part in suite.parts if part.status is PartStatus.SKIPPED]
    if skipped:
        named = ", ".join(skipped[:NAMED])
        more = f" and {len(skipped) - NAMED} more" if len(skipped) > NAMED else ""
        words = f"not run, since a lower rung was not absorbed: {named}{more}"
        yield RunFinding(suite.id, Finding(code="rungs_skipped", detail=words))


def _summary(record: RunRecord) -> RunSummary:
    header = record.header
    scenario = header.scenario
    ends = [stage.ended_ns for stage in header.stages if stage.ended_ns is not None]
    return RunSummary(
        id=record.host.run_id,
        test=test_of(record),
        kind=kind_of(record),
        scenario=scenario.name,
        count=scenario.workload.count,
        environment=header.environment,
        directory=record.host.directory,
        status=header.status.value,
        duration_seconds=to_seconds(max(ends)) if ends else None,
        max_in_flight=scenario.load.max_in_flight,
        arrival=_arrival(scenario.load.arrival),
        least_seconds=least_seconds_of(
            scenario,
            header.environment.client_limits.get(VIRT_CONTROLLER),
        ),
        namespaces=scenario.workload.namespaces,
        groups=scenario.workload.groups,
        own_calls=sum(header.own_calls.values()),
        objectives="" if scenario.objectives is None else scenario.objectives.name,
    )


def _arrival(arrival: Arrival) -> str:
    if arrival.process is ArrivalProcess.BURST or arrival.rate is None:
        return arrival.process.value
    if arrival.process is ArrivalProcess.RAMP:
        start = format_rate(arrival.start_rate or 0.0)
        return f"ramp from {start} to {format_rate(arrival.rate)}"
    first = f", the first {arrival.at_once} at once" if arrival.at_once > 1 else ""
    return f"{arrival.process.value} at {format_rate(arrival.rate)}{first}"
