"""The workloads that the generators are measured with hold the same VMIs for each of them."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from virtslo.config.scenario_file import read_scenario
from virtslo.config.templates.rendering import render_manifests
from virtslo.load.plan import contexts
from virtslo.model.plan.scenario import Scenario

TOOL = Path(__file__).parents[2] / "tools" / "bench_peers.py"
COUNT = 3


@pytest.fixture(name="tool")
def _tool(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("bench_peers", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "bench_peers", module)
    spec.loader.exec_module(module)
    return module


def names(scenario: Scenario) -> list[str]:
    """What the objects of a scenario are named."""
    workload = scenario.workload
    made = render_manifests(
        workload.template, contexts(scenario, "run"), workload.variables, workload.kind
    )
    return [manifest["metadata"]["name"] for manifest in made]


def test_every_generator_creates_as_many_objects_of_different_names(
    tool: ModuleType, tmp_path: Path
) -> None:
    tool.write_workloads(tmp_path / "w", COUNT)
    ours = read_scenario(tmp_path / "w" / "load-generator.yaml")
    burner = read_scenario(tmp_path / "w" / "kube-burner.yml")

    assert names(ours) == ["density--1", "density--2", "density--3"]
    assert names(burner) == ["density-0-1", "density-1-1", "density-2-1"]


def test_the_end_of_a_log_is_shown(tool: ModuleType, tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_bytes(b"".join(b"line %d\n" % number for number in range(20)) + b"\xff why\n")

    shown = tool.last_lines(log).splitlines()

    assert len(shown) == tool.LOG_LINES
    assert shown[-1] == "    \ufffd why"
