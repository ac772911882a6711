"""Sources that must agree are compared in what both of them can have counted."""

from dataclasses import replace

import pytest

from support.reads import measured_burst, read, with_idle_pods
from virtslo.model.run.findings import Finding
from virtslo.model.run.rest_calls import API_SERVER, AUDIT_ALL, CallSource, CounterRead
from virtslo.slo.findings.source_comparison import comparison_findings

PODS = ("CREATE", "pods", "201")
DISCOVERY = ("GET", "/apis", "200")
FORBIDDEN = ("GET", "pods", "403")
UNKNOWN = ("GET", "pods", "401")
REFUSED = ("CREATE", "pods", "409")
Counts = dict[tuple[str, str, str], int]


def reads(source: CallSource, counts: Counts) -> list[CounterRead]:
    """Reads of all callers before and after a ramp-up in which these requests were made."""
    return [
        read("idle", "before", "*", at=0.0, source=source),
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


def of_components(
    counted: Counts, measured: Counts, *, edges: float = 0.0, servers: int = 2
) -> list[Finding]:
    """Findings where virt-controller counts these calls and the API servers, of everybody, those.

    The first server that was read has them all; the others have none.
    """
    before = read("idle", "before", "virt-controller-a", at=0.0)
    after = read("ramp_up", "after", "virt-controller-a", counted, at=10.0)
    slow = replace(after, ended_ns=after.ended_ns + int(edges * 1e9))
    first, last = reads(API_SERVER, measured)
    others = [
        replace(each, pod=f"server-{number}", counters=())
        for number in range(1, servers)
        for each in (first, last)
    ]
    read_of = [*with_idle_pods([before, slow]), first, last, *others]
    return list(comparison_findings(measured_burst(read_of)))


@pytest.mark.parametrize(
    "counted",
    [
        {PODS: 10},
        {PODS: 7},
        {},
        # What the server's metrics need not have.
        {PODS: 10, FORBIDDEN: 5, REFUSED: 3},
        {PODS: 10, ("WATCH", "pods", "200"): 4},
        {PODS: 10, ("UPDATE", "virtualmachineinstances", "202"): 4},
        {PODS: 10, ("CREATE", "pods", "<error>"): 4},
    ],
)
def test_components_with_no_more_requests_than_the_server_are_believed(counted: Counts) -> None:
    assert of_components(counted, {PODS: 10}) == []


def test_components_with_more_requests_than_the_servers_are_not_believed() -> None:
    (finding,) = of_components({PODS: 10, REFUSED: 3}, {PODS: 6})
    assert finding.inconclusive
    assert finding.touches == ("rest_calls",)
    assert finding.detail == (
        "the component counters have requests that the API server's own do not have: "
        "CREATE pods 201: 10 of 6, more than their edges explain; the figures are theirs"
    )


def test_of_one_server_that_was_read_there_may_be_others() -> None:
    """A load balancer has one address, and the metrics behind it are those of one server."""
    (finding,) = of_components({PODS: 300}, {PODS: 101}, servers=1)
    assert not finding.inconclusive
    assert "300 of 101" in finding.detail
    assert "perhaps not every API server was read" in finding.detail


def test_requests_that_fit_in_the_edges_of_the_reads_are_allowed() -> None:
    assert of_components({PODS: 10}, {PODS: 8}, edges=2.0) == []
    assert of_components({PODS: 10}, {PODS: 7}, edges=2.0)
