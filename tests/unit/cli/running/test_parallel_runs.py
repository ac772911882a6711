"""Which repetitions get processes of their own: those that take longer than a process to start."""

from typing import Any

import pytest

from support.scenarios import scenario
from virtslo.cli.running import parallel_runs
from virtslo.cli.running.parallel_runs import SMALL, is_worth_processes
from virtslo.model.plan.suite import SuitePart, SuiteRecord

CHURN = {"churn": {"objects": 5, "cycles": 5}}


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
    ],
)
def test_few_objects_are_run_in_this_process(
    monkeypatch: pytest.MonkeyPatch, number: int, cores: int, parts: list[Any], expected: bool
) -> None:
    monkeypatch.setattr(parallel_runs, "core_count", lambda: cores)

    assert is_worth_processes(batches(number, *parts)) is expected
