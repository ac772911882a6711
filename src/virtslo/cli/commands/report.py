"""`virtslo report`: everything a record says, recomputed from it."""

from pathlib import Path
from typing import Any

import click

from virtslo.cli.formats import report_format_option
from virtslo.cli.options import tables_option
from virtslo.cli.record_names import completed


@click.command("report")
@click.argument(
    "runs", nargs=-1, required=True, type=click.Path(path_type=Path), shell_complete=completed
)
@report_format_option
@tables_option
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
def command(runs: tuple[Path, ...], **options: Any) -> int:
    """Print the report of RUNS from their records, together.

    Each is a folder, `latest`, or the id of a record under ./runs, or a part of one.
    """
    from virtslo.cli.records import print_report, send_report

    form, output, url = options["form"], options["output"], options["url"]
    if url is not None:
        if output is not None:
            raise click.UsageError("--to and -o exclude each other")
        if len(runs) > 1:
            raise click.UsageError("--to sends one record")
        return send_report(
            runs[0],
            form=form,
            url=url,
            index=options["index"],
            allow_simulated=options["allow_simulated"],
            objectives=options["objectives"],
        )
    is_shared = options["assets"] == "shared"
    if is_shared and (form != "html" or output is None):
        raise click.UsageError("--assets shared needs --format html and -o FILE")
    return print_report(
        list(runs),
        form=form,
        output=output,
        allow_simulated=options["allow_simulated"],
        is_shared=is_shared,
        is_whole=options["extent"] == "full",
        objectives=options["objectives"],
    )
