"""`virtslo report`: everything a record says, recomputed from it."""

from pathlib import Path

import click


@click.command("report")
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "markdown", "json"]),
    default="table",
    show_default=True,
    help="The output's format.",
)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="A file.")
def command(run: Path, form: str, output: Path | None) -> int:
    """Show everything the record of RUN says: a folder, or a run's id under ./runs."""
    from virtslo.cli.records import print_report

    return print_report([run], form=form, output=output)
