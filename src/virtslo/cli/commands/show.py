"""`virtslo show`: the page of one or several records, opened in a browser."""

from pathlib import Path

import click

from virtslo.cli.options import output_option
from virtslo.cli.printing import say
from virtslo.cli.record_names import completed


@click.command("show")
@click.argument("runs", nargs=-1, type=click.Path(path_type=Path), shell_complete=completed)
@output_option("File of the page; by default report.html in the folder of the first record.")
@click.option("--no-browser", is_flag=True, help="Write the page and open nothing.")
def command(runs: tuple[Path, ...], output: Path | None, no_browser: bool) -> int:
    """Write the page of RUNS, by default of the latest record, and open it in a browser.

    Each is a folder, `latest`, or the id of a record under ./runs, or a part of one.
    """
    from virtslo.cli.record_names import LATEST, locate
    from virtslo.cli.records import print_report

    folders = [locate(run) for run in runs or (Path(LATEST),)]
    page = output or folders[0] / "report.html"
    code = print_report(folders, form="html", output=page)
    if not no_browser and click.launch(page.resolve().as_uri()):
        say(f"virtslo: no browser could be started; open {page}", err=True)
    return code
