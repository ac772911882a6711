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
    "--objectives",
    metavar="NAME|PATH",
    help="Judge by this catalog or file instead of by the run's own; the record is not changed.",
)
@click.option(
    "--allow-simulated",
    is_flag=True,
    help="Write a simulated run in others' formats too; its names begin with simulated-.",
)
@click.option(
    "--assets",
    type=click.Choice(["inline", "shared"]),
    default="inline",
    show_default=True,
    help="HTML: the plotting library in the page, or one copy beside all pages of a folder.",
)
@click.option(
    "--to",
    "url",
    metavar="URL",
    help="Send it: openmetrics to a Pushgateway, kube-burner to an OpenSearch.",
)
@click.option(
    "--index",
    default="virtslo",
    show_default=True,
    help="OpenSearch: the index of the documents.",
)
def command(
    run: Path,
    form: str,
    output: Path | None,
    objectives: str | None,
    allow_simulated: bool,
    assets: str,
    url: str | None,
    index: str,
) -> int:
    """Show everything the record of RUN says: a folder, or a run's id under ./runs."""
    from virtslo.cli.records import print_report, send_report

    if url is not None:
        if output is not None:
            raise click.UsageError("--to and -o exclude each other")
        return send_report(
            run,
            form=form,
            url=url,
            index=index,
            allow_simulated=allow_simulated,
            objectives=objectives,
        )
    if assets == "shared" and (form != "html" or output is None):
        raise click.UsageError("--assets shared needs --format html and -o FILE")
    return print_report(
        [run],
        form=form,
        output=output,
        allow_simulated=allow_simulated,
        is_shared=assets == "shared",
        objectives=objectives,
    )
