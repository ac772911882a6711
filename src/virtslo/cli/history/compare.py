"""`virtslo compare`: two groups of runs, indicator by indicator."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click

from virtslo.cli.history.options import choose_lineage, history_option, opened
from virtslo.cli.options import format_option, output_option
from virtslo.cli.printing import say, show
from virtslo.model.history.comparison import RunSample

FROM_HISTORY: Final = "history:"


@click.command("compare")
@click.argument("base")
@click.argument("candidate")
@history_option
@click.option("--smallest", metavar="SHARE", default="5%", show_default=True,
              help="The smallest difference that matters; one that is surely smaller is no "
              "finding.")  # fmt: skip
@click.option("--allow-differences", is_flag=True,
              help="Compare runs of unlike scenarios or environments all the same.")  # fmt: skip
@format_option(
    "table",
    "markdown",
    "json",
    "html",
    text="Format of the output; markdown is made for a pull request.",
)
@output_option()
def command(
    base: str,
    candidate: str,
    location: str | None,
    smallest: str,
    allow_differences: bool,
    form: str,
    output: Path | None,
) -> int:
    """Compare the runs of CANDIDATE with those of BASE.

    Each is a record or a folder of records, several paths with commas between, a run's id under
    ./runs, or a selection of the history: history:JOB, history:JOB@2024-01-01..2024-03-01 (days),
    history:JOB@'provider 1.31' (environment) or history:JOB@RUN.

    Every indicator is worse, better, no difference found, or cannot tell, with the smallest
    difference that these runs could have shown. Worse and better are differences that may be as
    large as matters (--smallest). Exit code 1 if any is worse.
    """
    from dataclasses import replace

    from virtslo.base.errors import StoreError
    from virtslo.base.units import parse_share
    from virtslo.cli.output import write_file
    from virtslo.cli.wiring import comparison_text
    from virtslo.regress.comparison import compare, differences

    try:
        wanted = parse_share(smallest)
    except ValueError as error:
        raise click.UsageError(f"--smallest: expected {error}, found {smallest!r}") from error
    if not wanted:
        raise click.UsageError("--smallest: expected more than 0%")
    old, new = samples_of(base, location), samples_of(candidate, location)
    unlike = differences(old, new)
    if unlike and not allow_differences:
        raise StoreError(
            "these runs are not comparable; they differ in\n  " + "\n  ".join(unlike),
            hint="if that is what is to be compared: --allow-differences",
        )
    found = replace(compare(old, new, wanted=wanted), differences=tuple(unlike))
    text = comparison_text(found, form)
    if output is None:
        show(text)
    else:
        write_file(output, text)
        say(f"written: {output}", err=True)
    return 1 if found.is_worse else 0


def samples_of(wanted: str, location: str | None) -> Sequence[RunSample]:
    """The valid runs that a text means. Raises StoreError where there are none."""
    from virtslo.app.history.samples import chosen_samples
    from virtslo.base.errors import StoreError

    if not wanted.startswith(FROM_HISTORY):
        found = [sample for text in wanted.split(",") for sample in _recorded(Path(text))]
        if not found:
            raise StoreError(f"no valid record at {wanted!r}")
        return found
    job, _, selection = wanted[len(FROM_HISTORY) :].partition("@")
    with opened(location) as store:
        lineage = store.load(choose_lineage(store, job))
    try:
        chosen = chosen_samples(lineage, selection)
    except ValueError as error:
        raise click.UsageError(f"{wanted}: expected days such as 2024-01-01..2024-03-01") from error
    if not chosen:
        raise StoreError(
            f"no valid run matches {wanted!r}",
            hint=f"virtslo history list --job {job!r} lists runs and environments",
        )
    return chosen


def _recorded(path: Path) -> Sequence[RunSample]:
    from virtslo.app.build_report import build_report
    from virtslo.app.history.from_report import history_runs
    from virtslo.app.history.samples import sample_of
    from virtslo.cli.record_names import locate
    from virtslo.cli.wiring import history_sources, read_record

    found = []
    for folder in history_sources(locate(path))[0]:
        record = read_record(folder)
        report = build_report([record], detailed=True)
        (run,) = history_runs([record], report)
        if run.is_valid:
            found.append(sample_of(run, report))
        else:
            say(f"left out: {run.run_id} is not valid", err=True)
    return found
