"""A churn ladder in a document: one scenario a rung, each with a rate of its own.

Invariant: what comes out holds no ladder; a ladder that is wrong is refused with every problem
before any of its rungs is read.
"""

import itertools
from collections.abc import Mapping
from typing import Any, Final

from virtslo.base.errors import Problem
from virtslo.base.units import parse_rate

PLACE: Final = "load.churn.ladder"
MOST_RUNGS: Final = 20
_EXPECTED: Final = "rising rates, such as 1/s,2/s,5/s"


def has_ladder(document: Mapping[str, Any]) -> bool:
    """Whether a document's churn is a ladder."""
    return _churn(document).get("ladder") is not None


def rungs_of(
    document: Mapping[str, Any], *, place: str = PLACE
) -> tuple[list[tuple[str, dict[str, Any]]], list[Problem]]:
    """The documents of the rungs by their rate; and what is wrong with the ladder."""
    churn = _churn(document)
    texts, problems = _texts(churn.get("ladder"), place)
    rates: list[float] = []
    for number, text in enumerate(texts):
        try:
            rates.append(parse_rate(text))
        except ValueError:
            problems.append(Problem(f"{place}[{number}]", repr(text), "a rate, such as 2/s"))
    if not problems and not (
        1 < len(rates) <= MOST_RUNGS and all(low < high for low, high in itertools.pairwise(rates))
    ):
        problems.append(Problem(place, ", ".join(texts), f"2 to {MOST_RUNGS} {_EXPECTED}"))
    if churn.get("rate") is not None:
        problems.append(Problem("load.churn.rate", repr(churn["rate"]), f"it, or {place}"))
    load = document.get("load")
    pattern = load.get("pattern") if isinstance(load, Mapping) else None
    if pattern != "constant-churn":
        problems.append(Problem(place, f"it with the pattern {pattern}", "it with constant-churn"))
    if problems:
        return [], problems
    return [
        (f"{rate:g}", _with_rate(document, text, rate))
        for text, rate in zip(texts, rates, strict=True)
    ], []


def _texts(given: Any, place: str) -> tuple[list[str], list[Problem]]:
    if isinstance(given, str):
        return [part.strip() for part in given.split(",")], []
    if isinstance(given, list) and all(isinstance(item, str) for item in given):
        return list(given), []
    return [], [Problem(place, repr(given), _EXPECTED)]


def _churn(document: Mapping[str, Any]) -> Mapping[str, Any]:
    load = document.get("load")
    churn = load.get("churn") if isinstance(load, Mapping) else None
    return churn if isinstance(churn, Mapping) else {}


def _with_rate(document: Mapping[str, Any], text: str, rate: float) -> dict[str, Any]:
    churn = {key: value for key, value in _churn(document).items() if key != "ladder"}
    load = {**document["load"], "churn": {**churn, "rate": text}}
    name = document.get("name")
    named = {"name": f"{name}-{rate:g}"} if isinstance(name, str) else {}
    return {**document, **named, "load": load}
