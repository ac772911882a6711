"""A REST call as every source counts it."""

import pytest

from virtslo.model.kubernetes.calls import RestCall
from virtslo.model.run.rest_calls import CallCount, CounterRead, Moment, counters_of


@pytest.mark.parametrize(
    ("target", "resource", "subresource"),
    [
        ("pods", "pods", ""),
        ("pods/status", "pods", "status"),
        ("/metrics", "", "/metrics"),
        ("/apis/apps/v1", "", "/apis/apps/v1"),
        ("", "", ""),
    ],
)
def test_a_target_is_a_resource_a_subresource_or_a_path(
    target: str, resource: str, subresource: str
) -> None:
    call = RestCall.of_target("GET", target, "200")

    assert call == RestCall("GET", resource, subresource, "200")
    assert call.target == target


def test_a_folded_call_is_its_resources() -> None:
    assert RestCall("PATCH", "pods", "status", "200").folded() == RestCall(
        "PATCH", "pods", "", "200"
    )
    assert RestCall("GET", "", "/metrics", "200").folded().target == ""


@pytest.mark.parametrize(
    ("code", "is_success"),
    [("200", True), ("201", True), ("409", False), ("<error>", False), ("", False)],
)
def test_only_2xx_is_a_success(code: str, is_success: bool) -> None:
    assert RestCall("GET", "pods", "", code).is_success is is_success


def test_counts_come_back_from_a_read_as_they_were_and_in_order() -> None:
    counted = {
        RestCall("PATCH", "pods", "status", "200"): 2,
        RestCall("GET", "", "/healthz", "200"): 9,
        RestCall("PATCH", "pods", "", "200"): 1,
    }

    kept = counters_of(counted)
    read = CounterRead(
        stage="ramp_up", moment=Moment.AFTER, component="*", pod="*",
        started_ns=0, ended_ns=0, counters=kept,
    )  # fmt: skip

    assert kept == (
        CallCount("GET", "/healthz", "200", 9),
        CallCount("PATCH", "pods", "200", 1),
        CallCount("PATCH", "pods/status", "200", 2),
    )
    assert read.counted == counted
