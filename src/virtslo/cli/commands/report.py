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
    help="Output file, or folder for formats of several files; replaced atomically.",
)
@click.option(
    "--objectives",
    metavar="NAME|PATH",
    help="Objectives to judge by, in place of the run's own: a built-in catalog or a file.",
)
@click.option(
    "--allow-simulated",
    is_flag=True,
    help="Allow formats of other tools for a simulated run; names begin with simulated-.",
)
@click.option(
    "--assets",
    type=click.Choice(["inline", "shared"]),
    default="inline",
    show_default=True,
    help="HTML: plotting library inside the page, or one copy beside the pages of a folder.",
)
@click.option(
    "--to",
    "url",
    metavar="URL",
    help="Push URL: openmetrics to a Pushgateway, kube-burner to an OpenSearch.",
)
@click.option(
    "--index",
    default="virtslo",
    show_default=True,
    help="OpenSearch: index of the documents.",
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
    """Print the report of RUN from its record. RUN is a folder, or a run's id under ./runs."""
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
