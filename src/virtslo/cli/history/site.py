"""`virtslo history site`: the history as static pages."""

from pathlib import Path

import click

from virtslo.cli.history.options import choose_lineage, history_option, opened, remembered
from virtslo.cli.printing import say
from virtslo.model.history.site import JobSummary


@click.command("site")
@history_option
@click.option("--job", "wanted", metavar="NAME", multiple=True,
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
    location: str | None,
    wanted: tuple[str, ...],
    output: Path,
    annotations: Path | None,
    known: Path,
) -> None:
    """Write the history as static pages that need no server and no network.

    Per job: trends with change points, levels and their intervals, releases and events; the
    findings; the three tables per release; every run. Each view has an address of its own.

    The file of annotations is a list of entries with date (2024-03-25), kind (release, provider or
    event), label and, if wanted, link.
    """
    from virtslo.app.history.site import site_of, summary_of
    from virtslo.cli.output import check_folder, write_folder
    from virtslo.cli.wiring import site_files, site_front
    from virtslo.config.acknowledged_file import read_acknowledged
    from virtslo.config.annotations_file import read_annotations

    check_folder(output)
    marks = [] if annotations is None else read_annotations(annotations)
    reasons = read_acknowledged(known)
    written = 0
    jobs: list[JobSummary] = []
    with opened(location) as store:
        chosen = [choose_lineage(store, job) for job in wanted] or [
            item.name for item in store.lineages()
        ]
        if not chosen:
            choose_lineage(store, None)
        for name in dict.fromkeys(chosen):
            with remembered(store, name) as known_before:
                site = site_of(store.load(name), marks, reasons, known_before)
            folder, files = site_files(site)
            write_folder(output / folder, files)
            written += sum(len(text.encode()) for text in files.values())
            jobs.append(summary_of(site))
    front = site_front(jobs)
    write_folder(output, front)
    written += sum(len(text.encode()) for text in front.values())
    say(
        f"written: {output / 'index.html'} ({_many(len(jobs), 'job')}, "
        f"{_many(sum(job.runs for job in jobs), 'run')}, {written / 1e6:.1f} MB)"
    )


def _many(count: int, name: str) -> str:
    return f"{count:,} {name}{'' if count == 1 else 's'}"
