"""`virtslo history`: the group of its commands, imported when they are called."""

import importlib
from collections.abc import Mapping
from typing import Final

import click

COMMANDS: Final[Mapping[str, tuple[str, str]]] = {
    "import": ("virtslo.cli.history.importing", "Store records and published results."),
    "list": ("virtslo.cli.history.listing", "List what the history holds."),
    "show": ("virtslo.cli.history.showing", "Show one run as it is stored."),
    "changes": ("virtslo.cli.history.changes", "Find what changed, and when."),
    "check": ("virtslo.cli.history.checking", "Check a run against the runs before it."),
    "acknowledge": ("virtslo.cli.history.acknowledging", "Mark a finding as known."),
}


class LazyHistory(click.Group):
    """A group that imports a command's module only when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command, in the order of use."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name, imported now."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(COMMANDS[cmd_name][0]).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group("history", cls=LazyHistory)
def command() -> None:
    """Keep runs over time and find what changed.

    A history is a SQLite file, by default in the user's data folder, or a PostgreSQL for a team:
    --history postgresql://user@host/name, with its password in PGPASSWORD or a passfile.
    """
