"""The same scenario and seed repeat byte for byte, in another process with another hash seed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.cli import contents, only_run


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
