"""The environment of several runs: what they share once, and the rest as a table."""

from dataclasses import replace

from virtslo.model.report.document import Report, RunSummary, Tables
from virtslo.model.run.environment import Environment
from virtslo.model.simulated.target import SimulatedTarget
from virtslo.report.content import (
    environment_differences,
    environment_sections,
    shared_environment,
)

FIRST = RunSummary(
    "run-1", "burst", "vmi", "s", 100,
    Environment("v1.36.2", "v1.9.0", 2, simulated=SimulatedTarget("ci", 1, 2)),
    "runs/run-1", "complete",
)  # fmt: skip
SECOND = replace(
    FIRST,
    id="run-2",
    directory="runs/run-2",
    environment=Environment("v1.36.2", "v1.9.1", 2, simulated=SimulatedTarget("ci", 2, 2)),
)


def report(*runs: RunSummary) -> Report:
    return Report(runs, True, (), Tables({}, {}, {}), (), ())


def test_what_runs_share_stands_once_and_the_rest_is_a_row_each() -> None:
    ((title, shared),) = shared_environment(report(FIRST, SECOND))
    differences = environment_differences(report(FIRST, SECOND))

    assert title == "Environment of every run"
    assert "nodes: 2 ()" in shared
    assert differences.columns == ["Run", "seed", "versions", "record"]
    assert [row[:3] for row in differences.rows] == [
        ["run-1", "1", "Kubernetes v1.36.2, KubeVirt v1.9.0"],
        ["run-2", "2", "Kubernetes v1.36.2, KubeVirt v1.9.1"],
    ]


def test_what_one_run_lacks_is_a_dash() -> None:
    slower = replace(SECOND, least_seconds=12.0)
    differences = environment_differences(report(FIRST, slower))
    ceiling = differences.columns.index("ceiling")

    assert differences.rows[0][ceiling] == "–"
    assert "12 s" in differences.rows[1][ceiling]


def test_a_single_run_has_one_section_and_no_differences() -> None:
    sections = list(environment_sections(report(FIRST)))

    assert list(shared_environment(report(FIRST))) == sections
    assert [title for title, _lines in sections] == ["Environment of run-1"]
    assert environment_differences(report(FIRST)).rows == []
