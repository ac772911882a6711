"""Sources that must agree are compared in what both of them can have counted."""

import pytest

from support.reads import measured_burst, read
from virtslo.model.run.rest_calls import API_SERVER, AUDIT_ALL, CounterRead
from virtslo.slo.findings.source_comparison import comparison_findings

PODS = ("CREATE", "pods", "201")
DISCOVERY = ("GET", "/apis", "200")
FORBIDDEN = ("GET", "pods", "403")
UNKNOWN = ("GET", "pods", "401")
REFUSED = ("CREATE", "pods", "409")
Counts = dict[tuple[str, str, str], int]


def reads(source: str, counts: Counts) -> list[CounterRead]:
    """Reads of all callers before and after a ramp-up in which these requests were made."""
    return [
        read("", "before", "*", at=0.0, source=source),
        read("ramp_up", "after", "*", counts, at=10.0, source=source),
    ]


def details(audited: Counts, measured: Counts) -> list[str]:
    """Of the findings, where the log and the server's metrics have these counts."""
    run = measured_burst([*reads(AUDIT_ALL, audited), *reads(API_SERVER, measured)])
    found = list(comparison_findings(run))
    assert all(each.code == "sources_disagree" and each.inconclusive for each in found)
    return [each.detail for each in found]


def test_equal_counts_are_no_finding() -> None:
    assert details({PODS: 10}, {PODS: 10}) == []


def test_one_request_that_only_one_source_has_is_a_finding() -> None:
    (detail,) = details({PODS: 10, REFUSED: 1}, {PODS: 10})
    assert "CREATE pods 409: 1 and 0" in detail


@pytest.mark.parametrize(
    "counts", [{DISCOVERY: 2}, {FORBIDDEN: 9}, {UNKNOWN: 9}, {FORBIDDEN: 5, DISCOVERY: 1}]
)
def test_requests_that_only_one_source_can_have_are_not_compared(counts: Counts) -> None:
    assert details({PODS: 10, **counts}, {PODS: 10}) == []
    assert details({PODS: 10}, {PODS: 10, **counts}) == []
