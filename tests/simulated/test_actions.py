"""Runs that act on their machines: every action is measured, and the burst before it is as ever."""

from pathlib import Path
from typing import Any

import pytest

from support.cli import virtslo

SCENARIO = """
apiVersion: virtslo/v1
name: power
workload: {kind: vm, count: 4}
warmUp: {objects: 0}
load:
  pattern: burst
  actions:
    - {action: stop, rate: 20/s, atOnce: 2, delay: 5s}
    - {action: start}
    - {action: restart, force: true}
    - {action: pause}
    - {action: unpause}
    - {action: migrate}
    - {action: stop, force: true}
    - {action: start, paused: true}
"""


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    path = tmp_path / "power.yaml"
    path.write_text(SCENARIO)
    return path


def values(document: dict[str, Any], name: str) -> dict[str, tuple[float | None, int]]:
    return {
        each["statistic"]: (each["value"], each["samples"])
        for each in document["indicators"]
        if each["name"] == name
    }


def test_every_action_is_measured_and_the_burst_stays_what_it_was(
    tmp_path: Path, scenario: Path
) -> None:
    runs = ("--runs", str(tmp_path / "runs"), "--format", "json", "--quiet", "--seed", "3")
    done = virtslo("run", str(scenario), *runs)
    plain = scenario.with_name("plain.yaml")
    plain.write_text(SCENARIO.split("  actions:", maxsplit=1)[0])
    without = virtslo("run", str(plain), *runs)

    assert done.code == 0, done.err
    assert done.document["valid"]
    for action, samples in (
        ("start", 8), ("stop", 8), ("restart", 4), ("pause", 4), ("unpause", 4), ("migrate", 4),
    ):  # fmt: skip
        of = values(done.document, f"{action}_seconds")
        assert of["p50"][1] == samples
        assert (of["max"][0] or 0) > 0
        assert values(done.document, f"{action}_success_ratio")["value"] == (1.0, samples)
    for name in ("time_to_all_running_seconds", "phase_rate_running", "not_seen_running"):
        with_actions = next(iter(values(done.document, name).values()))
        plain_burst = next(iter(values(without.document, name).values()))
        assert with_actions[0] == pytest.approx(plain_burst[0], rel=0.2)
        assert with_actions[1] == plain_burst[1]
    assert values(done.document, "vmi_deletion_to_gone_seconds")["p50"][1] == 4
    assert values(without.document, "stop_seconds") == {}


def test_a_request_that_kubevirt_refuses_is_reported_in_its_words(
    tmp_path: Path, scenario: Path
) -> None:
    text = SCENARIO.split("    - {action: stop, rate", maxsplit=1)[0]
    scenario.write_text(text + "    - {action: start}\n    - {action: unpause}\n")

    done = virtslo("run", str(scenario), "--runs", str(tmp_path / "runs"), "--format", "json")

    assert done.code == 4
    told = [each["detail"] for each in done.document["data_quality"]]
    assert any("4 of 4 requests to start a machine failed" in each for each in told)
    assert any("VM is already running" in each for each in told)
    assert any("VMI is not paused" in each for each in told)
