"""Bounds on differences of cost."""

import pytest

from virtslo.base.errors import ScenarioError
from virtslo.model.cost.card import CostKey, CostPart, CostRow, CostVerdict
from virtslo.regress.cost_objectives import judge, parse_bound

KEY = CostKey(CostPart.IDLE, "virt-controller", "PATCH nodes", "calls per node and hour")


def row(low: float, high: float, verdict: CostVerdict) -> CostRow:
    return CostRow(KEY, 1.0, 1.0 + (low + high) / 2, (low, high), verdict)


@pytest.mark.parametrize(
    ("bound", "found", "expected"),
    [
        ("PATCH nodes per node and hour +0", row(1, 2, CostVerdict.MORE), "violated"),
        ("PATCH nodes per node and hour +0", row(0, 0, CostVerdict.NONE), "met"),
        ("PATCH nodes per node and hour +0", row(-1, 1, CostVerdict.NONE), "inconclusive"),
        ("PATCH nodes per node and hour +0", row(-2, -1, CostVerdict.LESS), "met"),
        ("patch nodes +1.5", row(-1, 1, CostVerdict.NONE), "met"),
        ("patch nodes +1.5", row(1, 2, CostVerdict.MORE), "inconclusive"),
    ],
)
def test_the_interval_decides(bound: str, found: CostRow, expected: str) -> None:
    assert judge(bound, [found]).verdict == expected


def test_too_few_runs_decide_nothing() -> None:
    found = CostRow(KEY, 0, 1, None, CostVerdict.CANNOT_TELL)

    assert judge("PATCH nodes +0", [found]).verdict == "inconclusive"


def test_a_line_that_neither_side_has_is_within_every_bound_and_says_so() -> None:
    judged = judge("DELETE nodes +0", [row(1, 2, CostVerdict.MORE)])

    assert judged.verdict == "met"
    assert "neither side" in judged.reason


@pytest.mark.parametrize("text", ["", "PATCH nodes", "+1", "PATCH nodes 5", "PATCH nodes +x"])
def test_what_is_no_bound_is_refused(text: str) -> None:
    with pytest.raises(ScenarioError, match="--at-most"):
        parse_bound(text)
