"""`virtslo history`: the group of its commands, imported when they are called."""

from collections.abc import Mapping
from typing import Final

import click

from virtslo.cli.lazy_group import LazyGroup

COMMANDS: Final[Mapping[str, tuple[str, str]]] = {
    "import": ("virtslo.cli.history.importing", "Store records and published results."),
    "list": ("virtslo.cli.history.listing", "List what the history holds."),
    "show": ("virtslo.cli.history.showing", "Show one run as it is stored."),
    "changes": ("virtslo.cli.history.changes", "Find what changed, and when."),
    "check": ("virtslo.cli.history.checking", "Check a run against the runs before it."),
    "confirm": ("virtslo.cli.history.confirming", "Settle a finding by new runs."),
    "site": ("virtslo.cli.history.site", "Write the history as static pages."),
    "acknowledge": ("virtslo.cli.history.acknowledging", "Mark a finding as known."),
}


@click.group("history", cls=LazyGroup, modules=COMMANDS)
def command() -> None:
    """Keep runs over time and find what changed.

    A history is a SQLite file, by default in the user's data folder, or a PostgreSQL for a team:
    --history postgresql://user@host/name, with its password in PGPASSWORD or a passfile.
    """
