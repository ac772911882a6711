"""`virtslo history list`: what the history holds."""

import click

from virtslo.cli.history.options import history_option, opened
from virtslo.cli.printing import say


@click.command("list")
@history_option
@click.option("--job", metavar="NAME", help="List the runs of this job or scenario instead.")
@click.option("--last", type=click.IntRange(1), default=20, show_default=True,
              help="With --job: number of its newest runs.")  # fmt: skip
def command(location: str | None, job: str | None, last: int) -> None:
    """List jobs and scenarios, or the newest runs of one."""
    from virtslo.cli.history.options import choose_lineage

    with opened(location) as store:
        if job is None:
            rows: list[tuple[str, ...]] = [
                ("job or scenario", "runs", "valid", "series", "first", "last")
            ]
            rows += [
                (item.name, str(item.runs), str(item.valid), str(item.series),
                 f"{item.first:%Y-%m-%d}", f"{item.last:%Y-%m-%d}")
                for item in store.lineages()
            ]  # fmt: skip
        else:
            lineage = store.load(choose_lineage(store, job))
            rows = [("run", "ended (UTC)", "environment", "valid", "flags")]
            rows += [
                (run.run_id, f"{run.ended_at:%Y-%m-%d %H:%M}", run.environment or "–",
                 "yes" if run.is_valid else "no",
                 ", ".join(f"{kind}: {' '.join(flags)}" for kind, flags in run.flags.items()))
                for run in lineage.runs[-last:]
            ]  # fmt: skip
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        say("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
                   .rstrip())  # fmt: skip
