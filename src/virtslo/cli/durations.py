"""Durations of the command line that have bounds.

Invariant: one that cannot be taken is a problem beside the others, with the bounds that it has.
"""

from virtslo.base.errors import Problem
from virtslo.base.plain_text import shown_text
from virtslo.base.units import parse_bounded_duration


def read_duration(
    option: str, text: str, problems: list[Problem], *, least: float, most: float
) -> float:
    """Seconds of an option; the least of them where it cannot be taken, and a problem more."""
    try:
        return parse_bounded_duration(text, least=least, most=most)
    except ValueError as error:
        problems.append(Problem(option, shown_text(repr(text)), str(error)))
        return least
