"""A group of commands whose modules are imported when a command is called.

Invariant: listing the commands imports none of them, so that `--help` stays quick.
"""

import importlib
from collections.abc import Mapping
from typing import Any

import click

from virtslo.base.near_words import did_you_mean


class LazyGroup(click.Group):
    """A group that imports a command's module only when it is used."""

    def __init__(
        self, *arguments: Any, modules: Mapping[str, tuple[str, str]], **options: Any
    ) -> None:
        super().__init__(*arguments, **options)
        self._modules = modules

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command, in the order of use."""
        return list(self._modules)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name, imported now."""
        if cmd_name not in self._modules:
            return None
        module, _ = self._modules[cmd_name]
        command: click.Command = importlib.import_module(module).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the arguments name; an unknown one is refused with the nearest."""
        name = args[0]
        if name not in self._modules and not name.startswith("-"):
            hint = did_you_mean(name, self._modules)
            known = f"the commands are {', '.join(self._modules)}"
            ctx.fail(f"no command {name!r}: {hint or known}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in self._modules.items()])
