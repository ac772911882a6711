"""A finding settled by new runs, by the command line."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from support.cli import virtslo
from support.stored_runs import stored_run
from support.worsened_histories import PER_SIDE, worsened_history
from virtslo.store.history.database import open_history
from virtslo.store.records import read_record

METRIC = ("--metric", "patch_virtualmachineinstances")


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """Twelve runs of a build and twelve of a worse one."""
    return worsened_history(tmp_path_factory.mktemp("confirm"), count=10)


@pytest.fixture(scope="module")
def finding(history: tuple[str, str]) -> str:
    document = virtslo("history", "changes", *history, "--format", "json").document
    (found,) = document["findings"]
    return str(found["id"])


def confirm(history: tuple[str, str], finding: str, folder: Path, *options: str) -> tuple[int, Any]:
    """Make three runs a side; the exit code, and what was logged."""
    log = folder / "confirmed.jsonl"
    done = virtslo("history", "confirm", finding, *history, *METRIC, "--make",
                   "--runs", str(folder / "runs"), "--log", str(log), *options)  # fmt: skip
    assert log.exists(), done.err
    return done.code, json.loads(log.read_text().splitlines()[-1])


def test_the_number_of_runs_is_printed_and_nothing_is_run(
    history: tuple[str, str], finding: str, tmp_path: Path
) -> None:
    done = virtslo("history", "confirm", finding, *history, *METRIC, "--runs", str(tmp_path))

    assert done.code == 0
    assert "3 runs a side show every change" in done.out
    assert list(tmp_path.iterdir()) == []


def test_runs_of_the_recorded_clusters_confirm_it_with_seeds_of_their_own(
    history: tuple[str, str], finding: str, tmp_path: Path
) -> None:
    code, document = confirm(history, finding, tmp_path)

    (series,) = document["series"]
    assert (code, document["standing"]) == (1, "confirmed")
    assert (series["base"], series["candidate"]) == (1.0, 2.0)
    seeds = []
    for folder in sorted((tmp_path / "runs").iterdir()):
        simulated = read_record(folder).header.environment.simulated
        assert simulated is not None
        seeds.append((simulated.profile, simulated.seed))
    known = PER_SIDE
    assert sorted(seeds) == [
        (profile, known + number) for profile in ("ci", "regressed") for number in (1, 2, 3)
    ]


def test_runs_of_a_mended_candidate_clear_it(
    history: tuple[str, str], finding: str, tmp_path: Path
) -> None:
    code, document = confirm(history, finding, tmp_path, "--candidate", "simulated:ci")

    assert (code, document["standing"]) == (0, "cleared")


def test_what_cannot_be_run_again_is_refused(
    history: tuple[str, str], finding: str, tmp_path: Path
) -> None:
    log = ("--log", str(tmp_path / "log"))
    where = tmp_path / "published.db"
    store = open_history(str(where))
    store.put([
        replace(stored_run(number, value=10.0 if number < 20 else 20.0), form="kubevirt-ci")
        for number in range(40)
    ])  # fmt: skip
    store.close()
    published = ("--history", str(where))
    document = virtslo("history", "changes", *published, "--format", "json").document
    (change,) = document["findings"]

    foreign = virtslo("history", "confirm", change["id"], *published, "--make", *log)
    target = virtslo("history", "confirm", finding, *history, "--make", "--base", "other", *log)
    unknown = virtslo("history", "confirm", "nothing", *history)
    power = virtslo("history", "confirm", finding, *history, "--power", "100%")
    closed = virtslo("history", "confirm", finding, *history, "--make",
                     "--log", str(tmp_path / "none" / "log"))  # fmt: skip

    assert (foreign.code, target.code, unknown.code, power.code, closed.code) == (3, 2, 2, 2, 3)
    assert "was not made by virtslo" in foreign.err
    assert "--base: expected recorded, simulated:PROFILE or context:NAME" in target.err
    assert "cannot be written" in closed.err
