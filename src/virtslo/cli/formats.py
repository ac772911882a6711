"""The output formats by name: what they are for, what they need, and what they may not hide.

Invariant: a format without a place for the word "simulated" takes a simulated record only when
asked to; this table alone says which formats there are.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click

from virtslo.base.errors import Problem, ScenarioError
from virtslo.base.near_words import did_you_mean
from virtslo.cli.completing import words
from virtslo.cli.output import check_folder, check_replaceable
from virtslo.model.report.document import Report


@dataclass(frozen=True, slots=True)
class Format:
    """One output format."""

    text: str
    renderer: str
    """`module:class` of its renderer."""
    is_detailed: bool = False
    """Whether it shows single objects and moments."""
    says_simulated: bool = True
    """Whether it has a place to say that a run was simulated."""
    is_folder: bool = False
    """Whether it is a folder of files."""
    can_be_whole: bool = False
    """Whether it can show the three tables with what was not run."""
    goes_to: str = ""
    """What `--to` may be the address of; empty where it can only be written."""


FORMATS: Final[Mapping[str, Format]] = {
    "table": Format(
        "tables for a terminal",
        "virtslo.report.text.terminal:Terminal",
        is_detailed=True,
        can_be_whole=True,
    ),
    "summary": Format(
        "the tables and a row a run", "virtslo.report.text.summary:Summary", can_be_whole=True
    ),
    "conclusion": Format("the answer in six lines", "virtslo.report.text.terminal:ConclusionLines"),
    "markdown": Format(
        "GitHub Markdown", "virtslo.report.text.markdown:Markdown", can_be_whole=True
    ),
    "json": Format("virtslo.report/v1", "virtslo.report.json_document:JsonDocument"),
    "html": Format(
        "one page with interactive plots", "virtslo.report.html.page:Html", is_detailed=True
    ),
    "junit": Format("JUnit XML: objectives as cases", "virtslo.report.exports.junit:JUnit"),
    "openmetrics": Format(
        "OpenMetrics",
        "virtslo.report.exports.open_metrics:OpenMetrics",
        is_detailed=True,
        goes_to="a Prometheus Pushgateway",
    ),
    "perfscale": Format(
        "results of KubeVirt's perfscale-audit",
        "virtslo.report.exports.perfscale_audit:PerfscaleAudit",
        is_detailed=True,
        says_simulated=False,
    ),
    "kube-burner": Format(
        "kube-burner's documents (with -o: a folder)",
        "virtslo.report.exports.kube_burner:KubeBurner",
        is_detailed=True,
        says_simulated=False,
        is_folder=True,
        goes_to="an OpenSearch",
    ),
    "vep411": Format(
        "VEP-411 JSON (with -o: a folder)",
        "virtslo.report.exports.vep411:Vep411",
        is_detailed=True,
        says_simulated=False,
        is_folder=True,
    ),
    "vep411-csv": Format(
        "VEP-411 records as CSV",
        "virtslo.report.exports.vep411:Vep411Csv",
        is_detailed=True,
        says_simulated=False,
    ),
    "perfdata": Format(
        "clusterloader2's PerfData",
        "virtslo.report.exports.perf_data:PerfData",
        is_detailed=True,
        says_simulated=False,
    ),
}
RECORD_LIST: Final = "virtslo.report.text.record_list:record_list_text"
"""What draws `virtslo list`: `module:function`."""
CHECKUP_RESULTS: Final = "virtslo.report.checkup_results:checkup_results"
FAILURE_REASON: Final = "virtslo.report.checkup_results:failure_reason"
"""What makes a report the status of a checkup: `module:function`."""
FOR_TERMINALS: Final = frozenset({"table", "summary", "conclusion"})
"""Formats that are coloured where there is a terminal; never in a file."""


def known_format(_context: click.Context, _option: click.Parameter, name: str) -> str:
    """The name of a format; an unknown one is refused with the names that are known."""
    if name in FORMATS:
        return name
    known = "\n".join(f"  {known:<12} {form.text}" for known, form in FORMATS.items())
    hint = did_you_mean(name, FORMATS)
    words = f"{hint} The known ones:" if hint else "the known ones:"
    raise click.BadParameter(f"unknown format {name!r}; {words}\n{known}")


def _writable(context: click.Context, _option: click.Parameter, path: Path | None) -> Path | None:
    """The place of a report, refused before the work where its format cannot be written there."""
    if path is not None:
        is_folder = FORMATS[context.params["form"]].is_folder
        (check_folder if is_folder else check_replaceable)(path)
    return path


def report_format_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say in which format a report is wanted, and where."""
    for decorate in (
        click.option(
            "-o",
            "--output",
            type=click.Path(path_type=Path),
            callback=_writable,
            help="File of the report, or folder for formats of several files; else standard "
            "output.",
        ),
        click.option(
            "--format",
            "form",
            metavar="NAME",
            callback=known_format,
            is_eager=True,
            default="table",
            show_default=True,
            help=f"Format of the report: {', '.join(FORMATS)}.",
            shell_complete=words(*FORMATS),
        ),
    ):
        command = decorate(command)
    return command


def check_simulated(report: Report, form: str, *, is_allowed: bool) -> None:
    """Refuse a simulated record in a format that cannot say so. Raises ScenarioError."""
    if is_allowed or FORMATS[form].says_simulated:
        return
    simulated = [run.id for run in report.runs if run.environment.simulated is not None]
    if simulated:
        problem = Problem(
            f"--format {form}",
            f"a record of a simulated cluster ({', '.join(simulated)})",
            "a record of a real cluster: this format has no place to say that a run was simulated",
            "with --allow-simulated every name and id in it begins with simulated-",
        )
        raise ScenarioError("report", [problem])


def check_before_run(form: str, *, is_simulated: bool) -> None:
    """Refuse a format that cannot say that a run is simulated, before it is run. Raises
    ScenarioError."""
    if not is_simulated or FORMATS[form].says_simulated:
        return
    problem = Problem(
        f"--format {form}",
        "a run on a simulated cluster",
        "a real cluster: this format has no place to say that a run was simulated",
        f"run it without --format, then virtslo report latest --format {form} --allow-simulated",
    )
    raise ScenarioError("command line", [problem])


def check_destination(form: str) -> None:
    """Refuse a format that cannot be sent. Raises ScenarioError."""
    if FORMATS[form].goes_to:
        return
    known = ", ".join(f"{name} ({f.goes_to})" for name, f in FORMATS.items() if f.goes_to)
    problem = Problem("--to", f"--format {form}", f"a format that can be sent: {known}")
    raise ScenarioError("report", [problem])
