"""The rendering child bounds itself, answers in JSON and imports little."""

import json
import subprocess
import sys
from typing import Any

import pytest

from virtslo.config.go_templates.problems import TemplateProblem
from virtslo.config.templates.render_child import render_all


def request(text: str, dialect: str = "jinja", **rest: Any) -> dict[str, Any]:
    return {
        "dialect": dialect,
        "text": text,
        "variables": {"memory": "90Mi"},
        "contexts": [{"index": 0}, {"index": 1}],
        "max_document": 1000,
        "max_total": 1500,
        **rest,
    }


def test_every_context_is_a_text() -> None:
    assert render_all(request("{{ memory }}-{{ index }}")) == ["90Mi-0", "90Mi-1"]
    assert render_all(request("{{.memory}}-{{.index}}", "go")) == ["90Mi-0", "90Mi-1"]


def test_a_go_template_that_is_taken_for_jinja_is_recognised() -> None:
    with pytest.raises(TemplateProblem) as raised:
        render_all(request("name: vm-{{ .name }}"))

    assert "workload.dialect: go" in raised.value.hint


@pytest.mark.parametrize(
    ("text", "line", "found"),
    [
        ("\n{{ nothing }}", 2, "'nothing' is undefined"),
        ("{% if %}", 1, "Expected an expression"),
        ("{{ 1 / 0 }}", 1, "ZeroDivisionError"),
        ("\n\n{{ ''.__class__.__mro__ }}", 3, "unsafe"),
        ("{% include 'x' %}", 1, "no loader"),
        ("{% set x = memory.append(1) %}", 1, "no attribute"),
        ("{{ 'x' * 1001 }}", 1, "more than 1000 characters"),
        ("{{ 'x' * 900 }}", 1, "more than 1500 characters"),
        ("{{ lipsum() }}", 1, "'lipsum' is undefined"),
    ],
)
def test_a_templates_problem_has_a_line(text: str, line: int, found: str) -> None:
    with pytest.raises(TemplateProblem) as caught:
        render_all(request(text))

    assert found in caught.value.found
    assert caught.value.line == line


def test_go_texts_are_bounded_too() -> None:
    with pytest.raises(TemplateProblem, match="more than 1000 characters"):
        render_all(request("x" * 1001, "go"))


def test_the_child_answers_in_json_and_imports_neither_models_nor_networks() -> None:
    code = (
        "import sys\nfrom virtslo.config.templates.render_child import main\nmain(60)\n"
        "print(','.join(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=f"jinja\n{json.dumps(request('{{ index }}'))}\n",
        capture_output=True,
        text=True,
        check=True,
    )

    answer, modules = done.stdout.split("\n", 1)
    assert json.loads(answer) == {"texts": ["0", "1"]}
    loaded = set(modules.strip().split(","))
    assert not {"pydantic", "aiohttp", "yaml", "msgspec", "virtslo.model"} & loaded
