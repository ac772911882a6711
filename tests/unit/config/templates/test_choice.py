"""Which template is meant, and whether it will do."""

from pathlib import Path
from typing import Any

import pytest

from virtslo.base.errors import Problem
from virtslo.config.schema import WorkloadModel
from virtslo.config.templates.choice import choose_template
from virtslo.model.plan.scenario import Template

OWN = "apiVersion: kubevirt.io/v1\nkind: VirtualMachineInstance\nspec: {x: '{{ colour }}'}\n"


def choose(base: Path, **fields: Any) -> tuple[Template | None, list[Problem]]:
    workload = WorkloadModel.model_validate({"kind": "vmi", "count": 4, **fields})
    return choose_template(workload, base=base, places={"workload.template": "--template"})


def test_a_builtin_is_meant_by_its_name(tmp_path: Path) -> None:
    template, problems = choose(tmp_path)

    assert template is not None
    assert template.name == "cirros"
    assert problems == []


@pytest.mark.parametrize("name", ["./own.yaml", "own.yaml"])
def test_a_path_is_relative_to_the_scenario(tmp_path: Path, name: str) -> None:
    (tmp_path / "own.yaml").write_text(OWN)

    template, problems = choose(tmp_path, template=name, variables={"colour": "red"})

    assert problems == []
    assert template == Template(name, OWN)


def test_a_plain_name_of_a_file_that_is_there_is_a_path(tmp_path: Path) -> None:
    (tmp_path / "own").write_text(OWN)

    template, problems = choose(tmp_path, template="own", variables={"colour": "red"})

    assert template is not None
    assert problems == []


@pytest.mark.parametrize(
    ("fields", "place", "found", "hint"),
    [
        ({"template": "ciros"}, "--template", "'ciros'", "did you mean cirros?"),
        ({"template": "instancetype"}, "--template", "'instancetype'", "is there for vm"),
        ({"template": "zzz"}, "--template", "'zzz'", "a path has a /"),
        ({"template": "no.yaml"}, "--template", "'no.yaml' (No such file", "looked for"),
        ({"dialect": "go"}, "--template", "with the dialect go", "leave workload.dialect out"),
        ({"variables": {"memry": "1"}}, "workload.variables.memry", "", "did you mean memory?"),
        ({"variables": {"name": "x"}}, "workload.variables.name", "virtslo's own", "run itself"),
    ],
)
def test_what_is_not_there_is_told_with_what_is(
    tmp_path: Path, fields: dict[str, Any], place: str, found: str, hint: str
) -> None:
    _, (problem,) = choose(tmp_path, **fields)

    assert problem.place == place
    assert found in problem.found
    assert hint in problem.hint


def test_a_template_that_will_not_do_is_found_by_trying_it(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(OWN)

    _, (problem,) = choose(tmp_path, template="own.yaml")

    assert problem.place == "--template: template own.yaml, line 3"
    assert "'colour' is undefined" in problem.found
