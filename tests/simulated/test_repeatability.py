"""The same scenario and seed repeat byte for byte, in another process with another hash seed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.cli import contents, only_run, virtslo


def run_in_a_process(runs: Path, *, hash_seed: str, seed: str, profile: str) -> dict[str, bytes]:
    command = [
        sys.executable,
        "-m",
        "virtslo",
        "run",
        "burst",
        "--repeat",
        "1",
        "--count",
        "25",
        "--quiet",
    ]
    command += ["--simulate", profile, "--seed", seed, "--runs", str(runs), "--format", "json"]
    subprocess.run(
        [*command, "--arrival", "poisson", "--rate", "5/s"],
        check=True,
        capture_output=True,
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        timeout=120,
    )
    return contents(only_run(runs))


@pytest.mark.parametrize("profile", ["ci", "instant"])
def test_two_processes_with_different_hash_seeds_write_the_same_bytes(
    tmp_path: Path, profile: str
) -> None:
    first = run_in_a_process(tmp_path / "a", hash_seed="1", seed="7", profile=profile)
    second = run_in_a_process(tmp_path / "b", hash_seed="4242", seed="7", profile=profile)

    assert first.keys() == second.keys()
    for name in first:
        assert first[name] == second[name], name


def test_another_seed_differs(tmp_path: Path) -> None:
    first = run_in_a_process(tmp_path / "a", hash_seed="0", seed="7", profile="ci")
    second = run_in_a_process(tmp_path / "b", hash_seed="0", seed="8", profile="ci")

    assert first["observations.jsonl.gz"] != second["observations.jsonl.gz"]


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
