"""`virtslo tables`: the three tables from one or several runs."""

from pathlib import Path

import click


@click.command("tables")
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "markdown", "json", "html"]),
    default="table",
    show_default=True,
    help="Output format.",
)
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Output file."
)
def command(runs: tuple[Path, ...], form: str, output: Path | None) -> int:
    """Print the three tables of RUNS, whole.

    Each is a folder, `latest`, or the id of a record under ./runs, or a part of one.
    """
    from virtslo.cli.records import print_report

    form = "summary" if form == "table" else form
    return print_report(list(runs), form=form, output=output, is_whole=True)
