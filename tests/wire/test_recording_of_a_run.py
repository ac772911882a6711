"""The record of a run against a cluster that is served makes a trace that replays."""

from pathlib import Path

from support.cli import only_run, virtslo
from support.simulate_process import simulate_process


def test_a_run_against_a_served_cluster_replays(tmp_path: Path) -> None:
    with simulate_process(tmp_path, "--nodes", "3") as kubeconfig:
        run = virtslo(
            "run", "burst", "--kubeconfig", str(kubeconfig), "--count", "2", "--repeat", "1",
            "--yes", "--settle", "1s", "--runs", str(tmp_path / "runs"), "--quiet",
        )  # fmt: skip
    assert run.code == 0, run.err
    trace = tmp_path / "trace.jsonl"

    assert virtslo("record", str(only_run(tmp_path / "runs")), "-o", str(trace)).code == 0
    replay = virtslo("run", "replay", "--trace", str(trace), "--dry-run")

    assert '"label"' not in trace.read_text()
    assert replay.code == 0, replay.err
    assert "arrivals: 2 vmi" in replay.out
