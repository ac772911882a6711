"""Every pattern and kind repeats byte for byte, in another process with another hash seed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.cli import contents, only_run

CASES = [
    ("steady-state", "vmi", "objects"),
    ("steady-state", "vm", "objects"),
    ("steady-state", "vm", "restart"),
    ("steady-state", "vmpool", "objects"),
    ("steady-state", "vmpool", "scale"),
    ("steady-state", "vmirs", "scale"),
    ("constant-churn", "vmi", "objects"),
    ("constant-churn", "vm", "restart"),
    ("constant-churn", "vmpool", "objects"),
    ("burst", "vm", None),
    ("burst", "vmpool", None),
    ("burst", "vmirs", None),
]


def run_in_a_process(
    runs: Path, pattern: str, kind: str, mode: str | None, *, hash_seed: str
) -> dict[str, bytes]:
    command = [sys.executable, "-m", "virtslo", "run", pattern, "--kind", kind, "--count", "8"]
    command += ["--simulate", "ci", "--seed", "7", "--repeat", "1", "--runs", str(runs), "--quiet"]
    if pattern == "steady-state":
        command += ["--churn", "2", "--cycles", "2", "--every", "20s"]
    elif pattern == "constant-churn":
        command += ["--churn", "1/s", "--duration", "5s"]
    if mode is not None:
        command += ["--churn-mode", mode]
    done = subprocess.run(
        command,
        check=False,
        capture_output=True,
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        timeout=120,
    )
    assert done.returncode in {0, 4}, done.stderr
    return contents(only_run(runs))


@pytest.mark.slow
@pytest.mark.parametrize(("pattern", "kind", "mode"), CASES)
def test_two_processes_write_the_same_bytes(
    tmp_path: Path, pattern: str, kind: str, mode: str | None
) -> None:
    first = run_in_a_process(tmp_path / "a", pattern, kind, mode, hash_seed="1")
    second = run_in_a_process(tmp_path / "b", pattern, kind, mode, hash_seed="4242")

    assert first.keys() == second.keys()
    for name in first:
        assert first[name] == second[name], name
