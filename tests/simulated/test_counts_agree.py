"""The sources of REST call counts on the simulated cluster agree to the last call."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from support.cli import Outcome, only_run, virtslo
from virtslo.model.kubernetes.calls import ComponentCall
from virtslo.model.kubernetes.components import COUNTED_COMPONENTS
from virtslo.model.run.rest_calls import (
    API_SERVER,
    AUDIT_ALL,
    AUDIT_LOG,
    COMPONENTS,
    CallSource,
    ReadStage,
)
from virtslo.slo.record.call_windows import Window, folded, window_of
from virtslo.slo.record.scraped_window import scraped_window
from virtslo.store.records import read_record

SCENARIO = """
apiVersion: virtslo/v1
name: counted
workload: {{kind: {kind}, count: 10}}
load: {{pattern: {pattern}{churn}}}
observe: {{auditLog: {log}, prometheus: simulated}}
"""
CHURN = ", churn: {objects: 4, cycles: 2, every: 60s}"
KINDS = ("vmi", "vm", "vmpool", "vmirs")


class Counted:
    """A run, and what each source says of its windows."""

    def __init__(self, folder: Path, kind: str, pattern: str) -> None:
        text = SCENARIO.format(
            kind=kind,
            pattern=pattern,
            churn=CHURN if pattern == "steady-state" else "",
            log=folder / "audit.log",
        )
        (folder / "scenario.yaml").write_text(text)
        self.outcome: Outcome = virtslo(
            "run", str(folder / "scenario.yaml"), "--runs", str(folder / "runs"),
            "--format", "json", "--quiet",
        )  # fmt: skip
        self.calls = read_record(only_run(folder / "runs")).rest_calls
        self.stages = [read.stage for read in self.calls.reads if read.moment == "after"]

    def window(self, stage: ReadStage, source: CallSource) -> Window:
        found = window_of(self.calls.reads, stage, source=source)
        assert found is not None
        assert found.is_whole, found
        return found


@pytest.fixture(
    scope="module", params=[(kind, p) for p in ("burst", "steady-state") for kind in KINDS],
    ids="-".join,
)  # fmt: skip
def counted(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Counted:
    return Counted(tmp_path_factory.mktemp("counted"), *request.param)


def test_component_counters_are_the_audit_log_of_those_users(counted: Counted) -> None:
    stages = dict.fromkeys(counted.stages)
    assert {"idle", "ramp_up", "ramp_down"} <= stages.keys()
    for stage in stages:
        counters = counted.window(stage, COMPONENTS).requests
        log = folded(counted.window(stage, AUDIT_LOG).requests)

        assert calls(counters) == calls(log), stage


def test_the_api_servers_metric_is_the_whole_audit_log(counted: Counted) -> None:
    for stage in dict.fromkeys(counted.stages):
        metric = everybody(counted.window(stage, API_SERVER).requests)
        log = everybody(counted.window(stage, AUDIT_ALL).requests)

        assert metric == log, stage


def test_scraped_samples_are_the_component_counters(counted: Counted) -> None:
    for stage in [stage for stage in dict.fromkeys(counted.stages) if stage != "idle"]:
        scraped = scraped_window(counted.calls.scraped, stage)
        assert scraped is not None
        assert not scraped.failed

        assert of_objects(scraped.requests) == of_objects(
            counted.window(stage, COMPONENTS).requests
        ), stage


def test_no_disagreement_is_found_and_every_cell_is_counted(counted: Counted) -> None:
    document = counted.outcome.document
    codes = [finding["code"] for finding in document["data_quality"]]
    (run,) = document["runs"]
    tables = document["tables"]["rest_calls"]

    assert "sources_disagree" not in codes
    if run["kind"] in tables:
        cells = tables[run["kind"]][run["test"]]
        assert {cell["source"] for cell in cells.values()} == {"component counters"}
        assert all(isinstance(cell["value"], int) for cell in cells.values())


def test_a_created_vmi_has_one_pod_by_every_source(counted: Counted) -> None:
    document = counted.outcome.document
    wanted = 10 if document["runs"][0]["test"] == "burst" else 8
    (comparison,) = document["rest_calls_by_source"]
    (pods,) = [
        row["counts"]
        for row in comparison["rows"]
        if (row["verb"], row["resource"]) == ("CREATE", "pods")
    ]

    assert pods[:3] == [wanted] * 3


def calls(requests: Mapping[ComponentCall, int]) -> dict[ComponentCall, int]:
    """Requests by component, verb, resource and code; a watch ends where nobody counts it."""
    return {row: n for row, n in requests.items() if row.call.verb != "WATCH ended"}


def everybody(requests: Mapping[ComponentCall, int]) -> dict[tuple[str, str, str], int]:
    """Requests of resources by verb, resource/subresource and code; watches count when they end."""
    sums: dict[tuple[str, str, str], int] = {}
    for (_, call), count in requests.items():
        if not call.verb.startswith("WATCH") and not call.target.startswith("/"):
            key = (call.verb, call.target, call.code)
            sums[key] = sums.get(key, 0) + count
    return sums


def of_objects(requests: Mapping[ComponentCall, int]) -> dict[ComponentCall, int]:
    """What scrapes at rest can know exactly: heartbeats and leases go on between a scrape and a
    read."""
    return {
        made: n
        for made, n in requests.items()
        if made.component in COUNTED_COMPONENTS and made.call.target not in {"leases", "nodes"}
    }


def test_a_log_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    text = SCENARIO.format(kind="vmi", pattern="burst", churn="", log=tmp_path / "no" / "audit.log")
    (tmp_path / "scenario.yaml").write_text(text)

    done = virtslo("run", str(tmp_path / "scenario.yaml"), "--runs", str(tmp_path), "--quiet")

    assert done.code == 3
    assert "cannot write the audit log" in done.err


def test_a_prometheus_with_a_password_in_its_url_is_refused(tmp_path: Path) -> None:
    text: Any = SCENARIO.format(kind="vmi", pattern="burst", churn="", log="x").replace(
        "prometheus: simulated", "prometheus: 'http://me:secret@host'"
    )
    (tmp_path / "scenario.yaml").write_text(text)

    done = virtslo("run", str(tmp_path / "scenario.yaml"), "--quiet")

    assert done.code == 2
    assert "VIRTSLO_PROMETHEUS_TOKEN" in done.err
