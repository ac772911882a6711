"""`virtslo compare` on runs of the simulated cluster, as it is and with a regression built in."""

from pathlib import Path

import pytest

from support.cli import virtslo
from support.sample_history import copied


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("runs")
    for profile in ("ci", "regressed"):
        for seed in ("1", "2", "3"):
            done = virtslo("run", "burst", "--count", "10", "--simulate", profile,
                           "--seed", seed, "--repeat", "1",
                           "--runs", str(root / profile / seed), "--quiet")  # fmt: skip
            assert done.code == 0, done.err
    return root


def test_unlike_runs_are_refused_with_what_differs(runs: Path) -> None:
    done = virtslo("compare", str(runs / "ci"), str(runs / "regressed"))

    assert done.code == 3
    assert "simulated, ci" in done.err
    assert "simulated, regressed" in done.err
    assert "--allow-differences" in done.err


def test_one_run_a_side_shows_the_call_that_came_on_top(runs: Path) -> None:
    done = virtslo("compare", str(runs / "ci" / "1"), str(runs / "regressed" / "1"),
                   "--allow-differences", "--format", "json")  # fmt: skip

    rows = {
        (row["key"]["indicator"], row["key"]["statistic"]): row
        for row in done.document["indicators"]
    }
    patches = rows["rest_calls_patch_virtualmachineinstances", "per_object"]
    times = rows["vmi_creation_to_running_seconds", "p50"]
    assert done.code == 1
    assert (patches["verdict"], patches["base"], patches["candidate"]) == ("worse", 1.0, 2.0)
    assert times["verdict"] == "cannot tell"
    assert "n = 10 / 10" in times["note"]


def test_runs_of_one_seed_are_compared_in_pairs(runs: Path) -> None:
    done = virtslo("compare", str(runs / "ci"), str(runs / "regressed"), "--allow-differences")

    assert done.code == 1
    assert "3 against 3 runs, paired by seed" in done.out


@pytest.mark.slow
def test_ten_runs_a_side_show_the_regression_and_nothing_that_is_not_there(tmp_path: Path) -> None:
    for profile in ("ci", "regressed"):
        done = virtslo("run", "burst", "--count", "10", "--simulate", profile, "--seed", "1",
                       "--repeat", "10", "--runs", str(tmp_path / profile), "--quiet")  # fmt: skip
        assert done.code == 0, done.err

    done = virtslo("compare", str(tmp_path / "ci"), str(tmp_path / "regressed"),
                   "--allow-differences", "--format", "json")  # fmt: skip

    rows = {
        (row["key"]["indicator"], row["key"]["statistic"]): row
        for row in done.document["indicators"]
    }
    worse = {key for key, row in rows.items() if row["verdict"] == "worse"}
    boot = rows["vmi_scheduled_to_running_seconds", "p50"]
    assert (done.code, done.document["paired"]) == (1, True)
    assert not any(row["verdict"] == "better" for row in rows.values())
    assert {
        ("rest_calls_patch_virtualmachineinstances", "per_object"),
        ("controller_calls_per_vmi", "per_object"),
        ("vmi_scheduled_to_running_seconds", "p50"),
        ("mean_seconds_in_scheduled", "mean"),
    } <= worse
    assert boot["interval"][0] < 4.5 / 3.2 < boot["interval"][1]
    assert not any(
        indicator.startswith(("vmi_creation_to_scheduled", "vmi_deletion", "own_call"))
        for indicator, _ in worse
    ), "what the regression does not touch"


def test_a_group_is_no_worse_than_itself(runs: Path) -> None:
    done = virtslo("compare", str(runs / "ci"), str(runs / "ci"))

    assert done.code == 0
    assert "0 worse, 0 better" in done.out


@pytest.mark.parametrize("form", ["markdown", "html"])
def test_every_format_says_the_verdict(runs: Path, tmp_path: Path, form: str) -> None:
    path = tmp_path / "comparison"

    done = virtslo("compare", str(runs / "ci"), str(runs / "regressed"), "--allow-differences",
                   "--format", form, "-o", str(path))  # fmt: skip

    text = path.read_text()
    assert done.code == 1
    assert "rest_calls_patch_virtualmachineinstances" in text
    assert "worse" in text


def test_a_history_can_be_compared_by_days_and_by_environment(
    imported_sample: Path, tmp_path: Path
) -> None:
    where = ("--history", str(copied(imported_sample, tmp_path)))

    days = virtslo("compare", "history:e2e@2024-10-10..2024-11-04",
                   "history:e2e@2024-11-06..2024-12-01", *where)  # fmt: skip
    versions = virtslo("compare", "history:e2e@*1.27", "history:e2e@*1.34", *where)

    assert days.code == 1
    (line,) = [line for line in days.out.splitlines()
               if line.startswith("vmi avgVirtControllerCPUUsage")]  # fmt: skip
    assert "worse" in line
    assert (versions.code, "provider 1.27 against provider 1.34" in versions.err) == (3, True)


def test_a_plan_says_how_many_runs_show_a_difference(runs: Path) -> None:
    done = virtslo("plan", str(runs / "ci"), "--detect", "5%", "--format", "json",
                   "--indicator", "vmi_intent_to_running_seconds:p50")  # fmt: skip

    (plan,) = done.document
    (row,) = plan["rows"]
    assert (done.code, plan["wanted"], row["runs"]) == (0, 0.05, plan["runs"])
    assert row["spread"] > 0
    assert row["needed_range"][0] <= row["needed"]
    text = virtslo("plan", str(runs / "ci"), "--detect", "5%").out
    assert "vmi_intent_to_running_seconds p95" not in text, "ten objects have no P95"
    assert "runs for 5 %" in text


def test_a_plan_of_what_is_no_indicator_is_refused(runs: Path) -> None:
    done = virtslo("plan", str(runs / "ci"), "--indicator", "phase_rate_runing",
                   "--indicator", "phase_rate_running:p95")  # fmt: skip

    assert done.code == 2
    assert done.err.count("--indicator: expected") == 2
    assert virtslo("plan", str(runs / "ci"), "--detect", "0%").code == 2
