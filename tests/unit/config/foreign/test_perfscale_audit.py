"""perfscale-audit's input files, unchanged; every problem at once, no secret repeated."""

from typing import Any

import pytest

from virtslo.base.errors import ScenarioError
from virtslo.config.foreign.perfscale_audit import perfscale_audit_request
from virtslo.model.report.perfscale_audit import PerfscaleAuditRequest, Threshold

NOW = 1_800_000_000.0
DOCUMENT = {
    "startTime": "2026-01-31T10:00:00Z",
    "endTime": "2026-01-31T10:05:00Z",
    "prometheusURL": "https://prometheus.example",
    "prometheusScrapeInterval": 15_000_000_000,
    "prometheusVerifyTLS": True,
    "thresholdExpectations": {
        "vmiCreationToRunningSecondsP95": {"value": 60},
        "PATCH-virtualmachineinstances-count": {"metric": "CREATE-pods-count", "ratio": 2},
    },
}


def request(**changes: Any) -> PerfscaleAuditRequest:
    document = {key: value for key, value in {**DOCUMENT, **changes}.items() if value is not None}
    return perfscale_audit_request(document, source="input.json", now=NOW)


def test_a_file_is_read_unchanged() -> None:
    found = request()

    assert found.end - found.start == 300.0
    assert found.scrape_interval == 15.0
    assert found.thresholds == (
        Threshold("vmiCreationToRunningSecondsP95", 60.0),
        Threshold("PATCH-virtualmachineinstances-count", 0.0, "CREATE-pods-count", 2.0),
    )


def test_an_end_that_is_left_out_is_now_and_a_start_is_a_duration_before() -> None:
    found = request(startTime=None, endTime=None, duration="5m")

    assert (found.start, found.end) == (NOW - 300, NOW)


def test_every_problem_is_told_at_once_and_no_secret_is() -> None:
    with pytest.raises(ScenarioError) as refused:
        request(
            startTime="yesterday",
            prometheusURL=None,
            prometheusBearerToken=["s3cret"],
            thresholdExpectations={"x": {"value": "many"}, "y": {"metric": "z"}},
            aKeyNobodyKnows={},
        )

    places = {problem.place for problem in refused.value.problems}
    assert places == {
        "startTime", "prometheusURL", "prometheusBearerToken", "aKeyNobodyKnows",
        "thresholdExpectations.x.value", "thresholdExpectations.y.ratio",
    }  # fmt: skip
    assert "s3cret" not in str(refused.value)


def test_a_window_ends_after_it_starts() -> None:
    with pytest.raises(ScenarioError, match="before the end"):
        request(endTime="2026-01-31T09:00:00Z")


@pytest.mark.parametrize(
    "changes",
    [
        {"startTime": "0001-01-01T00:00:00Z"},
        {"endTime": "9999-12-31T23:59:59Z"},
        {"startTime": "2025-01-31T10:00:00Z"},
        {"startTime": None, "endTime": None, "duration": "100000000000000h"},
        {"startTime": None, "endTime": None, "duration": "0"},
        {"prometheusScrapeInterval": 1},
        {"prometheusScrapeInterval": 10**400},
        {"prometheusScrapeInterval": float("inf")},
        {"thresholdExpectations": {"x": {"value": 10**400}}},
        {"thresholdExpectations": {"x": {"value": float("inf")}}},
        {"thresholdExpectations": {"x": {"metric": "y", "ratio": 10**400}}},
        {"thresholdExpectations": {"x": {"metric": 5, "ratio": 1}}},
    ],
)
def test_numbers_and_moments_beyond_all_reason_are_problems(changes: dict[str, Any]) -> None:
    with pytest.raises(ScenarioError) as refused:
        request(**changes)

    assert len(refused.value.problems) == 1
