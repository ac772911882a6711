"""`virtslo history acknowledge`: mark a finding as known, with a reason."""

from pathlib import Path

import click

from virtslo.cli.history.options import choose_lineage, history_option, opened, remembered
from virtslo.cli.printing import say


@click.command("acknowledge")
@click.argument("finding")
@click.option("--reason", required=True, help="Cause or pull request that explains it.")
@history_option
@click.option("--job", metavar="NAME", help="The job or scenario, or a part of its name.")
@click.option(
    "--file",
    "path",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("virtslo-acknowledged.yaml"),
    show_default=True,
    help="The file that keeps it; put it under version control.",
)
def command(finding: str, reason: str, location: str | None, job: str | None, path: Path) -> None:
    """Mark FINDING, by the id that `history changes` prints, as known.

    `history changes --new` leaves it out from then on.
    """
    from virtslo.cli.output import write_file
    from virtslo.config.acknowledged_file import acknowledged_text, read_acknowledged
    from virtslo.regress.findings import examine

    if not reason.strip():
        raise click.UsageError("--reason: expected a text, found nothing")
    with opened(location) as store:
        lineage = store.load(choose_lineage(store, job))
        with remembered(store, lineage.name) as checkpoints:
            known = [item.id for item in examine(lineage, checkpoints=checkpoints).findings]
    if finding not in known:
        raise click.UsageError(
            f"no finding {finding!r} of {lineage.name}: virtslo history changes lists them"
        )
    reasons = {**read_acknowledged(path), finding: reason.strip()}
    write_file(path, acknowledged_text(reasons))
    say(f"acknowledged: {finding} in {path}")
