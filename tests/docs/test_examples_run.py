"""The examples of churn and suites are run, not only planned."""

from pathlib import Path

import pytest

from support.cli import virtslo

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        "steady-state.yaml",
        "steady-state-pool.yaml",
        "steady-state-pool-scale.yaml",
        "steady-state-restart.yaml",
        "constant-churn.yaml",
        "suite.yaml",
        "perfscale/steady-state.yaml",
    ],
)
def test_an_example_runs_and_is_valid(tmp_path: Path, name: str) -> None:
    done = virtslo(
        "run", str(EXAMPLES / name), "--runs", str(tmp_path), "--format", "json", "--quiet"
    )

    assert done.code == 0, done.err
    assert done.document["valid"] is True
