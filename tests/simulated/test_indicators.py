"""Every indicator that a run prints is defined, with its unit and its statistics."""

import json
from pathlib import Path

import pytest

from support.cli import virtslo
from virtslo.slo.catalog.catalog import CATALOG

POOLS = "pools.yaml"
DOCUMENT = """\
apiVersion: virtslo/v1
name: pools
workload: {kind: vmpool, count: 8, groups: 2, template: cirros}
load: {pattern: burst}
"""
ACTIONS = "actions.yaml"
ACTIONS_DOCUMENT = """\
apiVersion: virtslo/v1
name: actions
workload: {kind: vm, count: 8, template: cirros}
load:
  pattern: burst
  actions:
    - {action: stop}
    - {action: start}
    - {action: restart, force: true}
    - {action: pause}
    - {action: unpause}
    - {action: migrate}
"""
FILES = {POOLS: DOCUMENT, ACTIONS: ACTIONS_DOCUMENT}
CHURN = ("--churn", "2", "--cycles", "2", "--every", "20s")
ONCE = ("--repeat", "1")
OPEN_LOOP = ("--arrival", "poisson", "--rate", "5/s", "--max-in-flight", "2")
RUNS = {
    "burst of VMIs": ("burst", "--kind", "vmi", "--repeat", "3"),
    "open-loop burst": ("burst", *OPEN_LOOP, *ONCE),
    "burst of VMs": ("burst", "--kind", "vm", *ONCE),
    "burst of pools": (POOLS, *ONCE),
    "actions on machines": (ACTIONS, *ONCE),
    "steady state of VMIs": ("steady-state", "--kind", "vmi", *CHURN),
    "restarts": ("steady-state", "--kind", "vm", "--churn-mode", "restart", *CHURN),
    "scaling": ("steady-state", "--kind", "vmpool", "--churn-mode", "scale", *CHURN),
    "idle": ("idle", "--duration", "10m"),
    "constant churn": ("constant-churn", "--churn", "1/s", "--duration", "5s"),
}
NOT_OF_A_SIMULATED_RUN = {"in_flight_wait_seconds"}
"""In virtual time the generator is never late."""


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, object]]]:
    """The indicators of each run's JSON document."""
    return {name: indicators(tmp_path_factory.mktemp("runs"), *run) for name, run in RUNS.items()}


def indicators(runs: Path, *options: str) -> list[dict[str, object]]:
    for name, text in FILES.items():
        (runs / name).write_text(text, encoding="utf-8")
    given = [str(runs / option) if option in FILES else option for option in options]
    shape = ("--count", "8", "--simulate", "ci", "--runs", str(runs))
    done = virtslo("run", *given, *shape, "--format", "json", "--quiet")
    assert done.code in {0, 4}, done.err
    found: list[dict[str, object]] = json.loads(done.out)["indicators"]
    return found


@pytest.mark.parametrize("run", RUNS)
def test_every_figure_is_as_its_definition_says(
    printed: dict[str, list[dict[str, object]]], run: str
) -> None:
    wrong = [
        item
        for item in printed[run]
        if (definition := CATALOG.get(str(item["name"]))) is None
        or not definition.has(str(item["statistic"]))
        or definition.unit != item["unit"]
    ]

    assert printed[run]
    assert wrong == []


def test_every_definition_is_of_something_that_is_printed(
    printed: dict[str, list[dict[str, object]]],
) -> None:
    names = {item["name"] for found in printed.values() for item in found}

    assert CATALOG.keys() - names == NOT_OF_A_SIMULATED_RUN
