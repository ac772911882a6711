"""What commands say on standard output and standard error.

Invariant: text from elsewhere never reaches a terminal as it is: what is said is made harmless
here, one line at a time; what is shown was made harmless where it was made.
"""

import click

from virtslo.base.plain_text import harmless, json_text


def say(text: str, *, err: bool = False, lines: bool = False) -> None:
    """Say a line; with `lines`, several."""
    click.echo(harmless(text, lines=lines), err=err)


def show(text: str) -> None:
    """Show a text that a renderer made, as it is."""
    click.echo(text, nl=not text.endswith("\n"))


def show_json(text: str) -> None:
    """Show a JSON document."""
    show(json_text(text))
