"""What is wrong with a template, or with a call in it.

Invariant: a problem names its line, what was found and what was expected; nothing here is shown as
a traceback. Only the standard library is imported: this runs in the rendering child.
"""


class TemplateProblem(Exception):
    """A template that cannot be rendered: in which line, what was found, what was expected."""

    def __init__(self, line: int, found: str, expected: str, hint: str = "") -> None:
        super().__init__(f"line {line}: expected {expected}, found {found}")
        self.line = line
        self.found = found
        self.expected = expected
        self.hint = hint


class CallProblem(Exception):
    """Arguments that a function does not take, or a result that cannot be known here."""


def shorten(text: str, limit: int = 40) -> str:
    """A text on one line, of at most `limit` characters."""
    flat = " ".join(text.split())
    return flat if len(flat) <= limit else flat[: limit - 1] + "…"
