"""Check the language: help texts that are a noun phrase or an imperative, and words of dialect.

Invariant: a finding names its place, the words found, and what to write instead. Words are looked
for where people read them: docs, docstrings, comments and texts of the source.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click

from virtslo.cli.main import COMMANDS, main

ROOT: Final = Path(__file__).parents[1]

NOT_A_DEFINITION: Final = re.compile(
    r"(of|how|what|whether|where|which|when|who|whose|why|it|its|they|this|that|as|if|so|a way)\b",
    re.IGNORECASE,
)
"""How a help text must not begin: it would be neither a noun phrase nor an imperative."""

DIALECT: Final = {
    r"somebody|someone": "the part that acts: user, client, controller",
    r"nobody": "no client, no component; or the passive",
    r"whoever": "the caller, the user, the component",
    r"of chance": "random",
    r"heal": "non-retryable",
    r"farewell": "close_notify",
    r"well again": "reset, ready",
    r"so many": "the number, count",
    r"wants? to (?:know|look)": "receives",
    r"is told|are told|was told|were told|told of": "is reported, is logged, receives",
    r"told apart": "distinguished",
    r"'s word": "value, report",
    r"take away|took away|taken away": "remove",
    r"for ever": "forever, without end",
}
"""Words of the house's dialect, and the field's own terms in their place."""

LEFT_AS_WRITTEN: Final = (
    "docs/adr",  # decisions stand as they were written
    "docs/gallery",  # output, made by a command
)


def help_problems() -> Iterator[str]:
    """Help texts of commands and options that are no noun phrase and no imperative."""
    context = click.Context(main, info_name="virtslo")
    for name in COMMANDS:
        command = main.get_command(context, name)
        assert command is not None
        yield from _command_problems(f"virtslo {name}", command)


def _command_problems(place: str, command: click.Command) -> Iterator[str]:
    summary = (command.help or "").strip().partition("\n")[0]
    yield from _text_problems(place, summary)
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            yield from _text_problems(f"{place} {parameter.opts[0]}", parameter.help or "")
    if isinstance(command, click.Group):
        context = click.Context(command, info_name=place)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from _command_problems(f"{place} {name}", below)


def _text_problems(place: str, text: str) -> Iterator[str]:
    if not text:
        yield f"{place}: no help text: write a noun phrase or an imperative"
        return
    if not text.endswith("."):
        yield f"{place}: {text!r}: end it with a full stop"
    if not (text[0].isupper() or text.startswith("/")):
        yield f"{place}: {text!r}: begin with a capital letter"
    if NOT_A_DEFINITION.match(text):
        yield f"{place}: {text!r}: begin with a noun or an imperative"


def dialect_problems() -> Iterator[str]:
    """Words of dialect in swept rooms, with the terms to use."""
    words = {
        re.compile(rf"\b(?:{pattern})\b", re.IGNORECASE): use for pattern, use in DIALECT.items()
    }
    for path in _texts():
        place = path.relative_to(ROOT)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            for word, use in words.items():
                if (found := word.search(line)) is not None:
                    yield f"{place}:{number}: {found[0]!r}: use {use}"


def _texts() -> Iterator[Path]:
    files = [*(ROOT / "src").rglob("*.py"), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md")]
    for path in sorted(files):
        place = path.relative_to(ROOT).as_posix()
        if path.name != "CHANGELOG.md" and not place.startswith(LEFT_AS_WRITTEN):
            yield path


if __name__ == "__main__":
    problems = [*help_problems(), *dialect_problems()]
    for problem in problems:
        print(problem)
    sys.exit(1 if problems else 0)
