"""Names that a history can hold and a terminal can show.

Invariant: a name is text in one line, without control characters or halves of characters; a run
under another name is left out, and so is a figure, each by name and reason. What a document says of
its cluster is written as such a line.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from virtslo.model.history.runs import HistoryRun, OddInput

LONGEST: Final = 300
_NAMED: Final = 3


def with_plain_names(run: HistoryRun) -> Iterator[HistoryRun | OddInput]:
    """The run with the figures that have plain names, and what is odd."""
    place = shown(run.origin)
    for what, name in (("job", run.job), ("run id", run.run_id)):
        if (reason := problem_of(name)) is not None:
            yield OddInput(place, f"{what} '{shown(name)}': {reason}")
            return
    odd = {figure.indicator: reason for figure in run.figures
           if (reason := problem_of(figure.indicator)) is not None}  # fmt: skip
    for name, reason in list(odd.items())[:_NAMED]:
        yield OddInput(place, f"metric '{shown(name)}': {reason}", is_lost=False)
    if len(odd) > _NAMED:
        yield OddInput(place, f"and {len(odd) - _NAMED} more such metrics", is_lost=False)
    kept = tuple(
        figure
        if problem_of(figure.source or "none") is None
        else replace(figure, source=shown(figure.source))
        for figure in run.figures
        if figure.indicator not in odd
    )
    yield replace(
        run,
        origin=place,
        figures=kept,
        findings=tuple((code, shown(detail)) for code, detail in run.findings),
        environment=shown(run.environment),
        facts={shown(key): _shown_fact(value) for key, value in run.facts.items()},
        is_valid=run.is_valid and bool(kept),
    )


def _shown_fact(value: Any) -> Any:
    return shown(value) if isinstance(value, str) else value


def problem_of(name: str) -> str | None:
    """Why a name cannot be kept; None if it can."""
    if not name.strip():
        return "empty"
    if len(name) > LONGEST:
        return f"longer than {LONGEST} characters"
    return None if name.isprintable() else "control characters, or bytes that are not UTF-8"


def shown(text: str) -> str:
    """A text as one line that can be written anywhere, shortened."""
    plain = text
    if not text.isprintable():
        plain = "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)
    return plain if len(plain) <= LONGEST else plain[: LONGEST - 1] + "…"
