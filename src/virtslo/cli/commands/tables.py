"""`virtslo tables`: the three tables from one or several runs."""

from pathlib import Path

import click

from virtslo.cli.options import format_option, output_option
from virtslo.cli.record_names import completed


@click.command("tables")
@click.argument(
    "runs", nargs=-1, required=True, type=click.Path(path_type=Path), shell_complete=completed
)
@format_option("table", "markdown", "json", "html")
@output_option()
def command(runs: tuple[Path, ...], form: str, output: Path | None) -> int:
    """Print the three tables of RUNS, whole.

    Each is a folder, `latest`, or the id of a record under ./runs, or a part of one.
    """
    from virtslo.cli.records import print_report

    form = "summary" if form == "table" else form
    return print_report(list(runs), form=form, output=output, is_whole=True)
