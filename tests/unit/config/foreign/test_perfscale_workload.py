"""Workload files of perfscale-load-generator are read as their authors meant them."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from virtslo.base.errors import ScenarioError
from virtslo.base.yaml_reader import STRICT
from virtslo.config.foreign.perfscale_workload import is_workload, reading_of, to_document
from virtslo.config.scenario_file import read_document, read_scenario
from virtslo.model.plan.scenario import Dialect, Pattern
from virtslo.model.plan.workload import Kind

TEMPLATE = """apiVersion: kubevirt.io/v1
kind: {kind}
metadata:
  name: density-{{{{.iteration}}}}-{{{{.replica}}}}
  namespace: {{{{.namespace}}}}
spec:
  image: {{{{.containerPrefix}}}}/{{{{.containerImg}}}}:{{{{.containerTag}}}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "templates").mkdir()
    template = TEMPLATE.format(kind="VirtualMachineInstance")
    (tmp_path / "templates" / "vmi.yaml").write_text(template)
    return tmp_path


def workload(**fields: Any) -> dict[str, Any]:
    return {
        "name": "Density Test",
        "count": 100,
        "object": {
            "templateFile": "templates/vmi.yaml",
            "inputVars": {
                "containerPrefix": "",
                "containerImg": "cirros",
                "containerTag": "",
                "namespace": "density",
            },
        },
        **fields,
    }


def read(folder: Path, **fields: Any) -> dict[str, Any]:
    return to_document(workload(**fields), folder / "w.yaml", environ={})


def problems_of(folder: Path, document: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(ScenarioError) as caught:
        to_document(document, folder / "w.yaml", environ={})
    return {problem.place: str(problem) for problem in caught.value.problems}


def test_a_file_is_read_unchanged(folder: Path) -> None:
    path = folder / "w.yaml"
    path.write_text(yaml.safe_dump(workload(type="burst", timeout="30m")))

    given = read_scenario(path)

    assert given.name == "density-test"
    assert given.workload.kind is Kind.VMI
    assert given.workload.count == 100
    assert given.workload.namespace == "density"
    assert given.workload.template.dialect is Dialect.GO
    assert given.workload.variables["containerImg"] == "cirros"
    assert given.load.pattern is Pattern.BURST
    assert given.deadlines.running == 1800.0


def test_options_can_be_put_over_it(folder: Path) -> None:
    path = folder / "w.yaml"
    path.write_text(yaml.safe_dump(workload()))

    document, base = read_document(path)

    assert document["workload"]["count"] == 100
    assert base == folder


def test_a_steady_state_becomes_cycles_on_a_schedule(folder: Path) -> None:
    document = read(folder, type="steady-state", churn=5, minChurnSleep="30s", timeout="10m")

    assert document["load"] == {
        "pattern": "steady-state",
        "churn": {"objects": 5, "cycles": 20, "every": "30s"},
    }
    assert document["deadlines"] == {}


@pytest.mark.parametrize(
    ("timeout", "expected"),
    [
        (None, "5m"),
        ("", None),
        ("10s", "5m"),
        ("30s", "5m"),
        ("31s", "31s"),
        ("-1h", "5m"),
        ("1h30m", "1h30m"),
        (0, "5m"),
        (90_000_000_000, "1m30s"),
        (9e10, "1m30s"),
    ],
)
def test_timeouts_are_strings_or_nanoseconds_and_short_ones_are_five_minutes(
    folder: Path, timeout: Any, expected: str | None
) -> None:
    if expected is None:
        assert set(problems_of(folder, workload(timeout=timeout))) == {"timeout"}
    else:
        assert read(folder, timeout=timeout)["deadlines"]["running"] == expected


@pytest.mark.parametrize(
    ("sleep", "expected"),
    [(None, "20s"), (0, "20s"), (999, "20s"), ("500ms", "500ms"), (30_000_000_000, "30s")],
)
def test_the_pause_between_cycles_has_the_generators_default(
    folder: Path, sleep: Any, expected: str
) -> None:
    document = read(folder, type="steady-state", churn=5, minChurnSleep=sleep)

    assert document["load"]["churn"]["every"] == expected


def test_empty_container_variables_come_from_the_environment(folder: Path) -> None:
    default = read(folder)["workload"]["variables"]
    environ = {"DOCKER_PREFIX": "quay.io/kubevirt", "DOCKER_TAG": "v1"}
    given = to_document(workload(), folder / "w.yaml", environ=environ)["workload"]["variables"]

    assert (default["containerPrefix"], default["containerTag"]) == (
        "registry:5000/kubevirt",
        "devel",
    )
    assert (given["containerPrefix"], given["containerTag"]) == ("quay.io/kubevirt", "v1")


def test_the_kind_is_that_of_the_template(folder: Path) -> None:
    path = folder / "templates" / "vmi.yaml"
    path.write_text(TEMPLATE.format(kind="VirtualMachine"))
    assert read(folder)["workload"]["kind"] == "VirtualMachine"

    path.write_text(TEMPLATE.format(kind="VirtualMachineInstanceReplicaSet") + "  replicas: 3\n")
    document = read(folder)["workload"]
    assert (document["groups"], document["count"]) == (100, 300)


def test_a_namespace_written_in_the_template_is_used(folder: Path) -> None:
    text = TEMPLATE.format(kind="VirtualMachineInstance").replace("{{.namespace}}", "literal")
    (folder / "templates" / "vmi.yaml").write_text(text)
    document = workload()
    del document["object"]["inputVars"]["namespace"]

    made = to_document(document, folder / "w.yaml", environ={})

    assert made["workload"]["namespace"] == "literal"


def test_a_file_is_read_by_the_generators_rules(folder: Path) -> None:
    path = folder / "w.yaml"
    path.write_text(
        """
---
name: density
object: &common
  containerPrefix: quay.io/kubevirt
  containerImg: on
  containerTag: 010
count: 7
count: 0x10
object:
  templateFile: templates/vmi.yaml
  inputVars: {<<: *common, namespace: density}
type: burst
---
another: document
"""
    )

    given = read_scenario(path)

    assert given.workload.count == 16
    assert given.workload.variables["containerImg"] is True
    assert given.workload.variables["containerTag"] == 8
    assert given.workload.namespace == "density"


@pytest.mark.parametrize(
    "text",
    [
        "apiVersion: virtslo/v1\nworkload: {}\nobject: 1\n",
        "workload: {count: 1}\nobject: 1\n",
        "count: 3\nname: x\n",
        "jobs: []\n",
    ],
)
def test_other_files_are_read_by_our_own_rules(text: str) -> None:
    assert reading_of(text) is STRICT
    assert reading_of("object: {}\n") is not STRICT


def test_all_problems_come_at_once(folder: Path) -> None:
    found = problems_of(
        folder,
        {
            "name": 7,
            "type": "stedy-state",
            "count": -1,
            "churn": "x",
            "timeout": True,
            "colour": "red",
            "object": {
                "templateFile": "templates/missing.yaml",
                "inputVars": {"a": []},
                "template": 1,
            },
        },
    )

    assert set(found) == {
        "name",
        "type",
        "count",
        "churn",
        "timeout",
        "colour",
        "object.template",
        "object.inputVars.a",
        f"object.templateFile: {folder / 'templates/missing.yaml'}",
    }
    assert "did you mean steady-state?" in found["type"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("just words", "expected a manifest of one of"),
        ("kind: Pod\napiVersion: v1\n", "the kind 'Pod'"),
        ("a: [", "well-formed YAML"),
        ("{{if .x}}", "{{if}} without an end"),
        ("{{.unset}}", "the variable 'unset'"),
        ("kind: VirtualMachine\nmetadata: 1", "metadata: expected a mapping"),
        ("kind: VirtualMachineInstanceReplicaSet\nspec: {replicas: x}", "spec.replicas"),
    ],
)
def test_a_template_that_is_no_manifest_is_refused(folder: Path, text: str, found: str) -> None:
    (folder / "templates" / "vmi.yaml").write_text(text)

    assert found in "\n".join(problems_of(folder, workload()).values())


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"object": None}, "object"),
        ({"object": {}}, "object.templateFile"),
        ({"object": {"templateFile": "templates/vmi.yaml", "inputVars": 3}}, "object.inputVars"),
        ({"count": 0}, "count"),
        ({"count": True}, "count"),
        ({"type": "steady-state"}, "churn"),
        ({"type": "steady-state", "churn": 1, "minChurnSleep": "1ms"}, "minChurnSleep"),
        ({"timeout": 1e300}, "timeout"),
    ],
)
def test_what_the_generator_would_get_wrong_is_refused(
    folder: Path, fields: dict[str, Any], place: str
) -> None:
    assert place in problems_of(folder, workload(**fields))


def test_a_workload_is_known_by_its_keys() -> None:
    assert is_workload({"object": {}})
    assert is_workload({"count": 1, "type": "burst"})
    assert not is_workload({"count": 1})
    assert not is_workload({"object": {}, "workload": {}})
