"""kube-burner's example workload, run as it is on the simulated cluster."""

from pathlib import Path

from support.cli import virtslo

EXAMPLE = Path(__file__).parents[2] / "examples" / "kube-burner" / "density.yml"


def test_a_workload_of_kube_burners_runs_and_its_results_come_back_as_kube_burners(
    tmp_path: Path,
) -> None:
    done = virtslo("run", str(EXAMPLE), "--runs", str(tmp_path), "--format", "json", "--quiet")

    assert done.code == 0, done.err
    assert "note: jobs[0].namespacedIterations" in done.err
    (run,) = done.document["runs"]
    assert (run["kind"], run["count"]) == ("vmi", 20)
    back = virtslo("report", run["record"], "--format", "kube-burner", "--allow-simulated").document
    assert sum(item["metricName"] == "vmiLatencyMeasurement" for item in back) == 20
