"""The same scenario and seed repeat byte for byte, in another process with another hash seed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.cli import contents, only_run, virtslo

COMMAND = (
    "run", "burst", "--repeat", "1", "--count", "25", "--arrival", "poisson", "--rate", "5/s",
    "--quiet", "--format", "json",
)  # fmt: skip


def run_in_a_process(runs: Path, *, hash_seed: str, seed: str, profile: str) -> dict[str, bytes]:
    options = ("--simulate", profile, "--seed", seed, "--runs", str(runs))
    subprocess.run(
        [sys.executable, "-m", "virtslo", *COMMAND, *options],
        check=True,
        capture_output=True,
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        timeout=120,
    )
    return contents(only_run(runs))


@pytest.fixture(scope="module")
def of_seed_seven(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A run of seed 7 with the profile `ci`."""
    folder = tmp_path_factory.mktemp("runs")
    return run_in_a_process(folder, hash_seed="1", seed="7", profile="ci")


def test_two_processes_with_different_hash_seeds_write_the_same_bytes(
    of_seed_seven: dict[str, bytes], tmp_path: Path
) -> None:
    again = run_in_a_process(tmp_path, hash_seed="4242", seed="7", profile="ci")

    assert of_seed_seven.keys() == again.keys()
    for name, content in of_seed_seven.items():
        assert content == again[name], name


def test_so_do_runs_in_which_nothing_takes_time(tmp_path: Path) -> None:
    """Of what happens at one moment only the order could differ."""
    first = run_in_a_process(tmp_path / "a", hash_seed="1", seed="7", profile="instant")
    second = run_in_a_process(tmp_path / "b", hash_seed="4242", seed="7", profile="instant")

    assert first == second


def test_another_seed_differs(of_seed_seven: dict[str, bytes], tmp_path: Path) -> None:
    virtslo(*COMMAND, "--simulate", "ci", "--seed", "8", "--runs", str(tmp_path))

    other = contents(only_run(tmp_path))
    assert of_seed_seven["observations.jsonl.gz"] != other["observations.jsonl.gz"]


@pytest.mark.parametrize(
    ("test", "kind", "label"),
    [("burst", "vmi", "sbb8a65fd"), ("steady-state", "vm", "s3f6bf62a")],
)
def test_a_scenario_of_version_0_2_draws_what_it_drew(
    tmp_path: Path, test: str, kind: str, label: str
) -> None:
    """Delays are drawn by the label: a field that a scenario has got since must not change it."""
    options = ("--kind", kind, "--count", "4", "--repeat", "1", "--seed", "1", "--quiet")
    done = virtslo("run", test, *options, "--runs", str(tmp_path))

    assert done.code in {0, 4}, done.err
    assert json.loads((only_run(tmp_path) / "run.json").read_text())["run_label"] == label
