"""Text as GitHub Markdown has it: harmless, cut to its limits, and without markup of its own.

Invariant: no text from elsewhere becomes a tag, a link or picture of the form `[…](…)`, a cell or a
character by its number. What GitHub makes of bare text is not prevented: it links URLs, notifies
`@names`, and knows references (`[…][…]` with a line `[…]: URL`).
"""

import re
from collections.abc import Sequence
from typing import Final

from virtslo.base.plain_text import report_text

_ENTITY: Final = re.compile(r"&(?=#|\w+;)")


def escape(text: str) -> str:
    """Text that Markdown and HTML leave as it is."""
    text = _ENTITY.sub("&amp;", report_text(text))
    for character in ("\\", "|", "<", ">", "*", "_", "["):
        text = text.replace(character, f"\\{character}" if character not in "<>" else {
            "<": "&lt;", ">": "&gt;"}[character])  # fmt: skip
    return text


def plain(text: str) -> str:
    """Text whose words stand as they are."""
    text = _ENTITY.sub("&amp;", report_text(text))
    return text.replace("<", "&lt;").replace("](", "]\\(")


def markdown_row(cells: Sequence[str]) -> str:
    """A row of a table."""
    return "| " + " | ".join(plain(cell).replace("|", "\\|") for cell in cells) + " |"
