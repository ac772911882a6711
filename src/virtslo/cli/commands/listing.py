"""`virtslo list`: the records of a folder, newest first."""

from pathlib import Path

import click

from virtslo.cli.options import folder_option


@click.command("list")
@folder_option("runs", "of records", parameter="root")
@click.option(
    "--limit",
    type=click.IntRange(1, 10_000),
    default=10,
    show_default=True,
    help="Number of records, newest first; each is read whole for its verdict.",
)
def command(root: Path, limit: int) -> int:
    """List the records of a folder, newest first: id, test, target, time and verdict.

    A record is named by its id, by any part of it that no other record has, or by `latest`.
    """
    from virtslo.cli.record_list import print_records

    return print_records(root, limit)
