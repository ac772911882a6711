"""Repetitions that go on until an interval is narrow enough, and end at a number all the same."""

import json
from pathlib import Path

import pytest

from support.cli import only_run, virtslo
from virtslo.app.repetitions import is_enough, widths_of
from virtslo.cli.records import read_runs
from virtslo.model.plan.suite import Until

SMALL = ("run", "burst", "--count", "6", "--format", "json")


@pytest.mark.parametrize(
    ("share", "most", "runs", "is_reached"),
    [("90%", "12", 5, True), pytest.param("0.1%", "6", 6, False, marks=pytest.mark.slow)],
)
def test_repetitions_end_when_the_interval_is_narrow_or_at_the_most(
    share: str, most: str, runs: int, is_reached: bool, tmp_path: Path
) -> None:
    done = virtslo(
        *SMALL, "--until", f"vmi_intent_to_running_seconds:p50={share}", "--repeat", most,
        "--runs", str(tmp_path),
    )  # fmt: skip

    assert len(done.document["runs"]) == runs
    assert ("--until was not reached" in done.err) != is_reached
    assert done.code == 0
    suite = json.loads((only_run(tmp_path) / "suite.json").read_text())
    assert suite["until"]["indicator"] == "vmi_intent_to_running_seconds"
    assert [part["seed"] for part in suite["parts"]] == list(range(1, runs + 1))


def test_the_width_is_that_of_the_interval_that_is_printed(tmp_path: Path) -> None:
    done = virtslo(*SMALL, "--repeat", "3", "--runs", str(tmp_path), "--quiet")
    (group,) = done.document["repetitions"]
    name, statistic = "vmi_intent_to_running_seconds", "p50"
    cell = next(item for item in group["indicators"]
                if (item["name"], item["statistic"]) == (name, statistic))  # fmt: skip
    ends = cell["interval"]["low"], cell["interval"]["high"]
    records, _ = read_runs([only_run(tmp_path)])

    (width,) = widths_of(records, Until(0.05, name, statistic))

    expected = max(cell["value"] - ends[0], ends[1] - cell["value"]) / cell["value"]
    assert width.share == pytest.approx(expected)
    assert is_enough([width], Until(expected + 0.01)) is True
    assert is_enough([width], Until(expected - 0.01)) is False
    (never,) = widths_of(records, Until(0.05))
    assert never.share is None, "the P95 of six objects"
    assert is_enough([never], Until(0.05)) is True, "more runs cannot help"


def test_until_and_order_are_not_said_again_of_a_suite_that_is_resumed(tmp_path: Path) -> None:
    virtslo(*SMALL, "--repeat", "2", "--runs", str(tmp_path), "--quiet")

    done = virtslo(
        "run", "suite", "--resume", str(only_run(tmp_path)), "--until", "ci=5%", "--order", "random"
    )  # fmt: skip

    assert done.code == 2
    assert "--until: expected none: the suite says" in done.err
    assert "--order: expected none: the suite says" in done.err
