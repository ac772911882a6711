"""`virtslo history site`: the history as static pages."""

from pathlib import Path

import click

from virtslo.cli.history.options import choose_lineage, history_option, opened


@click.command("site")
@history_option
@click.option("--job", "jobs", metavar="NAME", multiple=True,
              help="Job or scenario, or a part of its name; by default every one.")  # fmt: skip
@click.option(
    "-o",
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="Folder for the pages.",
)
@click.option(
    "--annotations",
    type=click.Path(dir_okay=False, exists=True, path_type=Path),
    help="File with releases and events to mark.",
)
@click.option(
    "--acknowledged",
    "known",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("virtslo-acknowledged.yaml"),
    show_default=True,
    help="The file with findings that are known.",
)
def command(
    location: str | None, jobs: tuple[str, ...], output: Path, annotations: Path | None, known: Path
) -> None:
    """Write the history as static pages that need no server and no network.

    Per job: trends with change points, levels and their intervals, releases and events; the
    findings; the three tables per release; every run. Each view has an address of its own.

    The file of annotations is a list of entries with date (2024-03-25), kind (release, provider or
    event), label and, if wanted, link.
    """
    from virtslo.app.history.site import site_of
    from virtslo.cli.output import write_folder
    from virtslo.cli.wiring import site_files, site_front
    from virtslo.config.acknowledged_file import read_acknowledged
    from virtslo.config.annotations_file import read_annotations

    marks = [] if annotations is None else read_annotations(annotations)
    reasons = read_acknowledged(known)
    written = 0
    names: dict[str, int] = {}
    with opened(location) as store:
        chosen = [choose_lineage(store, job) for job in jobs] or [
            item.name for item in store.lineages()
        ]
        if not chosen:
            choose_lineage(store, None)
        for name in dict.fromkeys(chosen):
            site = site_of(store.load(name), marks, reasons)
            folder, files = site_files(site)
            write_folder(output / folder, files)
            written += sum(len(text.encode()) for text in files.values())
            names[name] = len(site.lineage.runs)
    front = site_front(names)
    write_folder(output, front)
    written += sum(len(text.encode()) for text in front.values())
    click.echo(
        f"written: {output / 'index.html'} ({len(names)} jobs, {sum(names.values()):,} runs, "
        f"{written / 1e6:.1f} MB)"
    )
