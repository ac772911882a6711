"""What a shell may put in for an argument: known words, or else names of files or folders.

Invariant: nothing is read here; what is offered is never checked: `config` says what is right.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

Completing = Callable[[click.Context, click.Parameter, str], "list[CompletionItem]"]


def words(*known: str, is_file_too: bool = False) -> Completing:
    """Complete these words, and names of files where that is another way to say it."""

    def complete(
        _context: click.Context, _parameter: click.Parameter, begun: str
    ) -> "list[CompletionItem]":
        return offered(known, begun, kind="file" if is_file_too else "")

    return complete


def offered(known: tuple[str, ...], begun: str, *, kind: str) -> "list[CompletionItem]":
    """The known words that begin so; where there is none, what the shell itself knows of `kind`."""
    from click.shell_completion import CompletionItem

    found = [CompletionItem(word) for word in known if word.startswith(begun)]
    if kind and not found:
        found.append(CompletionItem(begun, type=kind))
    return found
