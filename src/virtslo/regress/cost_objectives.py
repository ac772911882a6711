"""Bounds on a difference of cost: `WHAT +X`, judged on a card's lines.

Invariant: three values. A bound is met where the whole interval is within it, violated where all of
it is beyond it, and else inconclusive; words that name no line say so.
"""

import math
import re
from collections.abc import Sequence

from virtslo.base.errors import Problem, ScenarioError
from virtslo.model.cost.card import CostObjective, CostRow, CostVerdict

_BOUND = re.compile(r"(?P<what>.+?)\s+\+(?P<most>\d+(\.\d+)?)\s*\Z")


def parse_bound(text: str) -> tuple[str, float]:
    """The words of the lines that are meant, and the most that the difference may be."""
    found = _BOUND.match(text)
    if found is None or not math.isfinite(float(found["most"])):
        expected = "WHAT +X, such as 'PATCH nodes per node and hour +0'"
        raise ScenarioError("command line", [Problem("--at-most", repr(text), expected)])
    return found["what"], float(found["most"])


def judge(text: str, rows: Sequence[CostRow]) -> CostObjective:
    """A bound, judged on every line that has all of its words."""
    what, most = parse_bound(text)
    words = re.findall(r"[\w/.-]+", what.lower())
    chosen = [row for row in rows if _has(row, words)]
    if not chosen:
        return CostObjective(text, "met", "neither side has such a line")
    judged = [(_verdict(row, most), row) for row in chosen]
    for verdict in ("violated", "inconclusive"):
        worst = [row for found, row in judged if found == verdict]
        if worst:
            return CostObjective(text, verdict, _words(worst[0]))
    return CostObjective(text, "met", f"{len(chosen)} line{'s' if chosen[1:] else ''} within it")


def _has(row: CostRow, words: Sequence[str]) -> bool:
    there = set(re.findall(r"[\w/.-]+", row.key.label.lower()))
    return all(word in there for word in words)


def _verdict(row: CostRow, most: float) -> str:
    if row.interval is None:
        return "inconclusive"
    low, high = row.interval
    if high <= most:
        return "met"
    if low > most and row.verdict is CostVerdict.MORE:
        return "violated"
    return "inconclusive"


def _words(row: CostRow) -> str:
    if row.interval is None:
        return f"{row.key.label}: too few runs"
    low, high = row.interval
    return f"{row.key.label}: {row.difference:+.3g} ({low:+.3g} to {high:+.3g})"
