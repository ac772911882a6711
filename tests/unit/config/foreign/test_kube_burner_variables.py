"""Input variables of kube-burner: lists and mappings reach a template, odd ones are refused."""

from pathlib import Path

from virtslo.base.yaml_reader import Reading, parse_yaml
from virtslo.base.yaml_scalars import Rules
from virtslo.config.foreign.kube_burner_variables import read_variables
from virtslo.config.scenario_file import read_scenario
from virtslo.config.templates.rendering import render_manifests


def read(text: str) -> tuple[dict[str, object], dict[str, str]]:
    found = read_variables(parse_yaml(text, Reading(rules=Rules.V3)), "inputVars")
    return found.values, {problem.place: problem.found for problem in found.problems}


def test_lists_and_mappings_are_kept_as_they_are() -> None:
    values, problems = read("{a: [1, yes, 2.0, null, true], b: {c: [{d: 010}], e: {}}, f: x}")

    assert problems == {}
    assert values == {
        "a": [1, "yes", 2.0, None, True],
        "b": {"c": [{"d": 8}], "e": {}},
        "f": "x",
    }
    assert type(values["b"]) is dict


def test_what_a_template_would_get_otherwise_is_refused_by_its_path() -> None:
    _, problems = read("{a: [1, 2026-01-01], b: {c: {7: x}}, d: 2026-01-02}")

    assert problems == {
        "inputVars.a[1]": "the date 2026-01-01",
        "inputVars.b.c": "a key that is no text",
        "inputVars.d": "the date 2026-01-02",
    }


def test_variables_are_a_mapping_or_absent() -> None:
    assert read("") == ({}, {})
    assert read("[1]")[1] == {"inputVars": "a list"}


def test_a_template_ranges_over_lists_and_mappings(tmp_path: Path) -> None:
    labels = "{{range $k, $v := .labels}}{{$k}}: {{$v | quote}}, {{end}}"
    text = f"""
apiVersion: kubevirt.io/v1
kind: VirtualMachineInstance
metadata:
  name: "vm-{{{{.Replica}}}}"
  labels: {{ {labels}disks: "{{{{range .disks}}}}{{{{.}}}} {{{{end}}}}"}}
spec: {{domain: {{}}}}
"""
    (tmp_path / "vmi.yml").write_text(text)
    job = """
jobs:
- name: density
  objects:
  - objectTemplate: vmi.yml
    inputVars: {labels: {b: 1, a: yes}, disks: [root, 10, 2.5]}
"""
    path = tmp_path / "workload.yml"
    path.write_text(job)

    workload = read_scenario(path).workload

    context = {"index": 0, "run_id": "r", "namespace": "density"}
    (made,) = render_manifests(workload.template, [context], workload.variables, workload.kind)
    assert made["metadata"]["labels"] == {"a": "yes", "b": "1", "disks": "root 10 2.5 "}
