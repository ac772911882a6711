"""`virtslo report`: everything a record says, recomputed from it."""

from pathlib import Path

import click

from virtslo.cli.formats import FORMATS, known_format


@click.command("report")
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "form",
    metavar="NAME",
    callback=known_format,
    default="table",
    show_default=True,
    help=f"The output's format: {', '.join(FORMATS)}.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="A file, or a folder for formats of several files; it is replaced at once.",
)
@click.option(
    "--allow-simulated",
    is_flag=True,
    help="Write a simulated run in others' formats too; its names begin with simulated-.",
)
def command(run: Path, form: str, output: Path | None, allow_simulated: bool) -> int:
    """Show everything the record of RUN says: a folder, or a run's id under ./runs."""
    from virtslo.cli.records import print_report

    return print_report([run], form=form, output=output, allow_simulated=allow_simulated)
