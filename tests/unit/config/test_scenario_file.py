"""Scenarios are read whole, and refused with every problem at once."""

from pathlib import Path
from typing import Any

import pytest

from virtslo.base.errors import ScenarioError
from virtslo.config.scenario_file import read_document, read_scenario, scenario_from_mapping
from virtslo.config.schema import EXAMPLE
from virtslo.config.suite_file import is_suite_document, suite_scenarios
from virtslo.model.plan.scenario import (
    Arrival,
    ArrivalProcess,
    Churn,
    ChurnMode,
    Deadlines,
    Observe,
    Pattern,
    Victims,
)
from virtslo.model.plan.workload import Kind
from virtslo.slo.catalog.catalog import CATALOG

EXAMPLES = Path(__file__).parents[3] / "examples"

KNOWN = CATALOG
SKETCH = """
apiVersion: virtslo/v1
name: burst-1000-vmi
workload:
  kind: VirtualMachineInstance
  count: 1000
  namespaces: 4
  template: cirros
  variables: {memory: 90Mi}
load:
  pattern: burst
  arrival: {process: poisson, rate: 50/s}
  maxInFlight: 200
  churn: {objects: 50, cycles: 10, every: 60s, victims: random}
warmUp: {objects: 1}
deadlines: {running: 10m, gone: 10m}
observe: {restCalls: auto, prometheus: null, auditLog: null}
objectives: kubevirt-ci
repeat: 1
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "scenario.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def minimal(**fields: Any) -> dict[str, Any]:
    return {
        "apiVersion": "virtslo/v1",
        "name": "x",
        "workload": {"kind": "vmi", "count": 100},
        "load": {"pattern": "burst"},
        **fields,
    }


def problems_of(document: dict[str, Any], **places: str) -> dict[str, str]:
    with pytest.raises(ScenarioError) as caught:
        scenario_from_mapping(document, source="test", base=Path(), places=places)
    return {problem.place: str(problem) for problem in caught.value.problems}


def test_lists_and_mappings_are_variables_of_one_dialect_alone() -> None:
    given = {"kind": "vmi", "count": 1, "variables": {"image": ["a"], "cpu": {}}}
    found = problems_of(minimal(workload=given))

    assert set(found) == {"workload.variables.image", "workload.variables.cpu"}
    assert all("a text, a number or a boolean" in words for words in found.values())


def test_the_sketch_of_the_design_is_read(tmp_path: Path) -> None:
    given = read_scenario(written(tmp_path, SKETCH), indicators=KNOWN)

    assert given.name == "burst-1000-vmi"
    assert given.workload.kind is Kind.VMI
    assert (given.workload.count, given.workload.namespaces) == (1000, 4)
    assert given.load.pattern is Pattern.BURST
    assert given.load.arrival == Arrival(ArrivalProcess.POISSON, 50.0)
    assert given.load.max_in_flight == 200
    assert given.deadlines == Deadlines(600.0, 600.0)
    assert given.observe == Observe()
    assert given.objectives is not None
    assert given.objectives.name == "kubevirt-ci"
    assert given.source == str(tmp_path / "scenario.yaml")


def test_the_sketch_is_read_for_the_other_patterns_too(tmp_path: Path) -> None:
    steady = SKETCH.replace("pattern: burst", "pattern: steady-state")
    churn = read_scenario(written(tmp_path, steady), indicators=KNOWN).load.churn

    assert churn == Churn(50, 10, 60.0, Victims.RANDOM, ChurnMode.OBJECTS)


def test_defaults_are_those_of_the_design() -> None:
    given = scenario_from_mapping(
        minimal(load={"pattern": "steady-state"}), source="test", base=Path()
    )

    assert given.load.arrival == Arrival(ArrivalProcess.BURST)
    assert given.load.max_in_flight == 100
    assert (given.load.settle, given.load.settle_limit) == (5.0, 60.0)
    assert given.load.churn == Churn(5, 5, 60.0)
    assert (given.warm_up, given.repeat) == (1, 1)
    assert given.deadlines == Deadlines(None, None)


def test_constant_churn_counts_its_replacements() -> None:
    load = {"pattern": "constant-churn", "churn": {"rate": "2/s", "duration": "30s"}}
    given = scenario_from_mapping(minimal(load=load), source="test", base=Path())

    assert given.load.churn is not None
    assert (given.load.churn.objects, given.load.churn.rate) == (60, 2.0)


def test_a_bad_file_gets_all_its_problems_at_once() -> None:
    found = problems_of(
        {
            "apiVersion": "virtslo/v1",
            "workload": {"kind": "pod", "count": -5, "namespaces": "x", "templte": "y"},
            "load": {
                "pattern": "bursty",
                "arrival": {"rate": 5},
                "churn": {"every": 60},
                "maxInFlight": 0,
            },
            "repeat": 0,
            "extra": 1,
        }
    )

    assert set(found) == {
        "name",
        "workload.kind",
        "workload.count",
        "workload.namespaces",
        "workload.templte",
        "load.pattern",
        "load.arrival.rate",
        "load.churn.every",
        "load.maxInFlight",
        "repeat",
        "extra",
    }
    assert "hint: did you mean template?" in found["workload.templte"]


def test_clashes_and_templates_are_told_together_with_field_errors() -> None:
    found = problems_of(
        minimal(
            workload={"kind": "vmi", "count": 10, "namespaces": 20, "template": "nope"},
            repeat="often",
        )
    )

    assert set(found) == {"repeat", "workload.namespaces", "workload.template"}


def test_one_mistake_is_one_problem() -> None:
    found = problems_of(minimal(workload={"kind": "vmi", "count": -1, "namespaces": 20}))

    assert set(found) == {"workload.count"}


@pytest.mark.parametrize("document", [{}, {"workload": 1, "load": []}, {"workload": {}}])
def test_almost_nothing_is_told_too(document: dict[str, Any]) -> None:
    assert {"apiVersion", "name"} <= set(problems_of(document))


def test_options_are_named_as_options() -> None:
    places = {"workload.count": "--count", "load.arrival.rate": "--rate"}
    document = minimal(
        workload={"kind": "vmi", "count": "ten"}, load={"pattern": "burst", "arrival": {"rate": 5}}
    )

    assert set(problems_of(document, **places)) == {"--count", "--rate"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("apiVersion: virtslo/v2\n", "apiVersion: expected apiVersion: virtslo/v1"),
        ("kind: Pod\n", "found a file with the keys kind"),
        ("workload: {kind: vmi}\n", "hint: add the line apiVersion: virtslo/v1"),
        ("{}\n", "found a file with the keys no keys"),
    ],
)
def test_a_file_of_another_kind_is_told_what_was_expected(
    tmp_path: Path, text: str, found: str
) -> None:
    with pytest.raises(ScenarioError) as caught:
        read_scenario(written(tmp_path, text))

    assert found in str(caught.value)


def test_a_document_can_be_read_before_options_are_put_over_it(tmp_path: Path) -> None:
    document, base = read_document(written(tmp_path, SKETCH))

    assert document["workload"]["count"] == 1000
    assert base == tmp_path


def test_the_example_of_the_schema_is_a_scenario() -> None:
    assert (
        scenario_from_mapping(EXAMPLE, source="test", base=Path(), indicators=KNOWN).name
        == "burst-1000-vmi"
    )


@pytest.mark.parametrize(
    "path",
    sorted(
        path
        for path in EXAMPLES.rglob("*.yaml")
        if path.parent.name != "templates" and path != EXAMPLES / "slo.yaml"  # objectives
    ),
    ids=lambda path: path.stem,
)
def test_every_example_is_a_scenario(path: Path) -> None:
    document, base = read_document(path)
    if is_suite_document(document):
        assert suite_scenarios(document, source=str(path), base=base, indicators=KNOWN)
    else:
        assert read_scenario(path, indicators=KNOWN).workload.count > 0
