"""A prediction from records of a plane, whole: its figures, their two errors, what it rests on."""

import re
from pathlib import Path

import pytest

from support.cli import only_run, virtslo
from virtslo.app.calibrate.factors import scaled
from virtslo.config.profiles import builtin_document, profile_with
from virtslo.config.profiles.profile_file import profile_text

PLANE = {"capacity": 1.3, "starting": 1.4}
FIGURES = (
    "all Running after",
    "creation to Running, P50",
    "creation to Running, P95",
    "deletion to gone, P50",
    "deletion to gone, P95",
    "deletion to gone, last",
)
TWENTY = 20
LINE = re.compile(r"\s+([\d.]+) (ms|s) \[[\d.]+ m?s, [\d.]+ m?s\], model's error ± (\d+)%$")


def recorded(tmp_path: Path, plane: Path, count: int) -> str:
    """The record of a burst on the plane."""
    runs = tmp_path / str(count)
    ran = virtslo(
        "run", "burst", "--count", str(count), "--repeat", "1", "--nodes", "5", "--simulate",
        str(plane), "--seed", "5", "--quiet", "--runs", str(runs),
    )  # fmt: skip
    assert ran.code == 0, ran.err
    return str(only_run(runs))


@pytest.mark.slow
def test_a_larger_burst_is_predicted_with_both_errors_apart(tmp_path: Path) -> None:
    """The plane is simulated, so that the larger burst can be run there and compared."""
    plane = tmp_path / "plane.yaml"
    made = profile_with("plane", scaled(builtin_document("two-core"), PLANE), {})
    plane.write_text(profile_text(made), encoding="utf-8")
    small, middle, large = (recorded(tmp_path, plane, count) for count in (12, 24, 48))
    found = virtslo(
        "predict", small, "--hold-out", middle, "--count", "48", "--base", "two-core",
        "--seeds", "3", "--quiet",
    )  # fmt: skip
    assert found.code == 0, found.err
    lines = found.out.splitlines()

    assert lines[0] == "Predicted burst of 48 x vmi on 5 nodes, 3 seeds, simulated"
    for figure, line in zip(FIGURES, lines[1:7], strict=True):
        assert line.strip().startswith(figure), line
        assert LINE.search(line), line
    assert "Extrapolated: 2 times the largest burst that was recorded (24 objects)" in found.out
    assert "Error on records that were held out: never fitted" in found.out
    assumed = found.out.split("\nAssumed\n")[1].split("\n\n")[0]
    assert f"client limits as read in {Path(small).name}" in assumed
    assert "threads, replicas and the API server's cores and request queue as in" in assumed
    true = virtslo("calibrate", small, "--hold-out", large, "--base", "two-core", "--quiet")
    judged = true.out.split("never fitted\n")[1]
    error = re.search(r"all Running after .*: ([+-][\d.]+)%", judged)
    assert error is not None
    assert abs(float(error[1])) < TWENTY
