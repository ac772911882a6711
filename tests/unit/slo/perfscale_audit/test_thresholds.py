"""Thresholds the right way round: more than the bound is a violation, no data is no verdict."""

import math

import pytest

from virtslo.model.report.perfscale_audit import PerfscaleAuditValue, Threshold
from virtslo.model.report.verdicts import Outcome
from virtslo.slo.perfscale_audit.thresholds import judge

PODS = PerfscaleAuditValue("CREATE-pods-count", 100.0, "requests", 100.0, 100.0)


def value(
    number: float, low: float | None = None, high: float | None = None
) -> PerfscaleAuditValue:
    return PerfscaleAuditValue("x", number, "requests", low, high)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (value(50.0), Outcome.MET),
        (value(60.0), Outcome.MET),
        (value(60.5), Outcome.VIOLATED),
        (value(55.0, 50.0, 70.0), Outcome.INCONCLUSIVE),
        (value(10.0, 10.0, math.inf), Outcome.INCONCLUSIVE),
        (value(61.0, 61.0, math.inf), Outcome.VIOLATED),
        (PerfscaleAuditValue("x", None, "requests", reason="not scraped"), Outcome.INCONCLUSIVE),
    ],
)
def test_a_result_may_be_at_most_its_bound(found: PerfscaleAuditValue, expected: Outcome) -> None:
    (verdict,) = judge([Threshold("x", 60.0)], {"x": found})

    assert verdict.verdict is expected


@pytest.mark.parametrize(("number", "expected"), [(200.0, Outcome.MET), (201.0, Outcome.VIOLATED)])
def test_a_ratio_bounds_the_result_by_so_many_times_the_other(
    number: float, expected: Outcome
) -> None:
    threshold = Threshold("x", 0.0, "CREATE-pods-count", 2.0)

    (verdict,) = judge([threshold], {"x": value(number), PODS.key: PODS})

    assert verdict.verdict is expected
    assert verdict.bound == 200.0


def test_a_result_that_is_not_there_is_not_met() -> None:
    threshold = Threshold("x", 0.0, "CREATE-pods-count", 2.0)
    nothing, half = judge([threshold], {}), judge([threshold], {"x": value(1.0)})

    assert nothing[0].verdict is Outcome.INCONCLUSIVE
    assert half[0].verdict is Outcome.INCONCLUSIVE
    assert "CREATE-pods-count" in half[0].detail


def test_a_misspelt_result_is_told_with_the_nearest() -> None:
    (verdict,) = judge([Threshold("CREATE-podz-count", 60.0)], {PODS.key: PODS})

    assert verdict.verdict is Outcome.INCONCLUSIVE
    assert "did you mean CREATE-pods-count?" in verdict.detail
