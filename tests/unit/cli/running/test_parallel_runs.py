"""Which repetitions get processes of their own: those that take longer than a process to start."""

from dataclasses import replace
from typing import Any

import pytest

from support.scenarios import scenario
from virtslo.cli.running import parallel_runs
from virtslo.cli.running.parallel_runs import FEW_NODES, SMALL, is_worth_processes
from virtslo.model.plan.suite import SuitePart, SuiteRecord
from virtslo.model.simulated.target import SimulatedTarget

CHURN = {"churn": {"objects": 5, "cycles": 5}}
HOURLY = {"churn": {"objects": 1, "cycles": 5, "every": "1h"}}


def batches(number: int, *parts: Any) -> list[SuiteRecord]:
    made = tuple(SuitePart(f"part-{index}", part) for index, part in enumerate(parts))
    return [SuiteRecord("s", "s", seed, made) for seed in range(number)]


@pytest.mark.parametrize(
    ("number", "cores", "parts", "expected"),
    [
        (5, 2, [scenario(count=SMALL)], False),
        (5, 2, [scenario(count=SMALL + 1)], True),
        (5, 1, [scenario(count=SMALL + 1)], False),
        (1, 2, [scenario(count=SMALL + 1)], False),
        (5, 2, [scenario(count=SMALL), scenario(count=1)], True),
        (5, 2, [scenario(count=SMALL - 25, pattern="steady-state", load=CHURN)], False),
        (5, 2, [scenario(count=SMALL - 24, pattern="steady-state", load=CHURN)], True),
        (5, 2, [scenario(count=1, load={"hold": "1h"})], True),
        (5, 2, [scenario(count=5, pattern="steady-state", load=HOURLY)], True),
    ],
)
def test_few_objects_are_run_in_this_process(
    monkeypatch: pytest.MonkeyPatch, number: int, cores: int, parts: list[Any], expected: bool
) -> None:
    monkeypatch.setattr(parallel_runs, "core_count", lambda: cores)

    assert is_worth_processes(batches(number, *parts)) is expected


@pytest.mark.parametrize(("nodes", "expected"), [(FEW_NODES, False), (FEW_NODES + 1, True)])
def test_few_objects_on_many_nodes_are_not(
    monkeypatch: pytest.MonkeyPatch, nodes: int, *, expected: bool
) -> None:
    """A run of ten takes 0.7 CPU s on 10 nodes, 2.3 on 400 and 27 on 3 000."""
    monkeypatch.setattr(parallel_runs, "core_count", lambda: 2)
    target = SimulatedTarget("ci", 1, nodes)

    found = [replace(each, simulated=target) for each in batches(2, scenario(count=10))]

    assert is_worth_processes(found) is expected
