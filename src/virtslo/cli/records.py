"""Finding records by path or id, and printing what they say."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from virtslo.app.build_report import build_report, exit_code
from virtslo.base.collector import COLLECTING
from virtslo.base.errors import ScenarioError, StoreError
from virtslo.cli.formats import FOR_TERMINALS, FORMATS, check_destination, check_simulated
from virtslo.cli.options import ReportWanted
from virtslo.cli.output import write_file, write_folder
from virtslo.cli.printing import say, show
from virtslo.cli.record_names import locate
from virtslo.cli.rendering import render, render_files, render_shared
from virtslo.cli.wiring import (
    is_suite,
    kube_burner_documents,
    push_metrics,
    read_record,
    read_suite,
    send_documents,
)
from virtslo.model.plan.objectives import ObjectiveSet
from virtslo.model.plan.suite import SuiteRecord
from virtslo.model.report.document import Report
from virtslo.model.run.record import RunRecord, RunStatus

INTERRUPTED = 130


def read_runs(runs: Sequence[Path]) -> tuple[list[RunRecord], list[SuiteRecord]]:
    """The records that are meant, each a run's or those of a suite's parts; and the suites."""
    records, suites = [], []
    for directory in map(locate, runs):
        if not is_suite(directory):
            records.append(read_record(directory))
            continue
        suite = read_suite(directory)
        suites.append(suite)
        records += [
            read_record(directory / part.record)
            for part in suite.as_stated()
            if part.record is not None
        ]
    return records, suites


def read_objectives(name: str | None) -> ObjectiveSet | None:
    """The objectives that an option names, if it does. Raises ScenarioError."""
    if name is None:
        return None
    from virtslo.config.objectives_file import choose_objectives
    from virtslo.slo.catalog.catalog import CATALOG

    found, problems = choose_objectives(name, base=Path.cwd(), indicators=CATALOG)
    if problems:
        placed = [
            replace(problem, place="--objectives") if problem.place == "objectives" else problem
            for problem in problems
        ]
        raise ScenarioError("report", placed)
    return found


def print_report(
    runs: Sequence[Path],
    *,
    form: str,
    output: Path | None,
    allow_simulated: bool = False,
    is_shared: bool = False,
    objectives: str | None = None,
    is_whole: bool = False,
) -> int:
    """Print or write the report of these records; returns the exit code they come to.

    `objectives`, a catalog's name or a path, judge instead of the records' own. Whole: the three
    tables with what was not run, too.
    """
    judges = read_objectives(objectives)
    with COLLECTING.for_a_report():
        records, suites = read_runs(runs)
        report = build_report(
            records, detailed=FORMATS[form].is_detailed, objectives=judges, suites=suites
        )
        check_simulated(report, form, is_allowed=allow_simulated)
        if output is None:
            show(render(report, form, **options_of(form, is_whole=is_whole)))
        else:
            _write(report, form, output, is_shared=is_shared, is_whole=is_whole)
    COLLECTING.keep(records, report)
    return exit_code(report)


def options_of(form: str, *, is_whole: bool) -> dict[str, bool]:
    """The options of a format's renderer."""
    return {"is_whole": True} if is_whole and FORMATS[form].can_be_whole else {}


def _write(
    report: Report, form: str, output: Path, *, is_shared: bool = False, is_whole: bool = False
) -> None:
    """Write a report to a file or a folder. Raises StoreError."""
    files = render_files(report, form)
    if is_shared:
        write_folder(output.parent, render_shared(report, output.name))
    elif files is None:
        text = render(report, form, **options_of(form, is_whole=is_whole))
        write_file(output, click.unstyle(text) if form in FOR_TERMINALS else text)
    else:
        write_folder(output, files)
    say(f"written: {output}", err=True)


def send_report(
    run: Path,
    *,
    form: str,
    url: str,
    index: str,
    allow_simulated: bool,
    objectives: str | None = None,
) -> int:
    """Send a record's documents to where others read them; returns the record's exit code.

    Of a suite, every part's. Documents that were refused are reported one by one; the exit code is
    then 3.
    """
    check_destination(form)
    judges = read_objectives(objectives)
    records, suites = read_runs([run])
    report = build_report(records, detailed=True, objectives=judges, suites=suites)
    check_simulated(report, form, is_allowed=allow_simulated)
    if form == "openmetrics":
        for record in records:
            part = build_report([record], detailed=True, objectives=judges)
            where = push_metrics(url, record.host.run_id, render(part, form))
            say(f"pushed: {where}", err=True)
        return exit_code(report)
    delivery = send_documents(url, index, kube_burner_documents(report))
    say(
        f"indexed {delivery.accepted} documents in {index!r} with {delivery.requests} requests, "
        f"{delivery.retries} of them repetitions",
        err=True,
    )
    if delivery.refused:
        reasons = [f"{count} × {why}" for why, count in Counter(delivery.refused).most_common(10)]
        raise StoreError(
            f"{len(delivery.refused)} documents were refused:\n  " + "\n  ".join(reasons),
            hint="the index may map a field to another type: look at its mapping",
        )
    return exit_code(report)


def conclude(
    records: Sequence[RunRecord],
    wanted: ReportWanted,
    *,
    suite: SuiteRecord | None = None,
    history: str | None = None,
) -> int:
    """Print or write the report of runs that have just ended, the parts of a suite or one run, and
    store them in the history if one is named; returns their exit code."""
    suites, form = () if suite is None else (suite,), wanted.form
    if form == "table" and (suite is not None or len(records) > 1):
        form = "summary"
    _tell_leftovers(records)
    report = build_report(records, detailed=FORMATS[form].is_detailed, suites=suites)
    check_simulated(report, form, is_allowed=False)
    failure = None if history is None else _failure_to_store(records, history)
    if wanted.output is None:
        options = options_of(form, is_whole=wanted.is_whole)
        show(render(report, form, **options))
    else:
        _write(report, form, wanted.output, is_whole=wanted.is_whole)
        show(render(report, "conclusion"))
    COLLECTING.keep(records, report)
    if failure is not None:
        raise failure
    if any(record.header.status is RunStatus.INTERRUPTED for record in records):
        return INTERRUPTED
    return exit_code(report)


def _tell_leftovers(records: Sequence[RunRecord]) -> None:
    for record in records:
        if record.header.left_behind:
            say("virtslo: left on the cluster:", err=True)
            for name in record.header.left_behind:
                say(f"  {name}", err=True)
            say(f"  remove it: virtslo clean --run {record.header.run_label}", err=True)


def _failure_to_store(records: Sequence[RunRecord], location: str) -> StoreError | None:
    """Store runs in a history; one that is there already is left as it is. What went wrong is
    returned, so that the report is printed all the same."""
    from virtslo.app.history.store_runs import runs_of
    from virtslo.cli.history.options import opened

    try:
        with opened(location) as store:
            outcome = store.put(run for record in records for run in runs_of(record))
            say(
                f"history {store.location}: {outcome.added} runs added, {outcome.updated} "
                f"rewritten, {outcome.unchanged} there already",
                err=True,
            )
    except StoreError as error:
        folders = " ".join(record.host.directory for record in records)
        return StoreError(
            f"the records are kept, but not stored in the history: {error.message}",
            hint=f"virtslo history import {folders}",
        )
    return None
