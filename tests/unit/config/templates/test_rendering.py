"""Manifests: exact, shared, bounded, and refused when they are not the workload's."""

from typing import Any

import pytest

from virtslo.base.errors import ScenarioError
from virtslo.config.manifests import reader as manifest_reader
from virtslo.config.templates import rendering as templates
from virtslo.config.templates.builtin import builtin_template
from virtslo.config.templates.rendering import render_manifests
from virtslo.model.plan.scenario import Dialect, Template
from virtslo.model.plan.workload import Kind

HEAD = "apiVersion: kubevirt.io/v1\nkind: VirtualMachineInstance\n"
PLAIN = HEAD + "metadata:\n  name: {{ name }}\nspec:\n  domain: {cpu: {cores: 1}}\n"


def contexts(count: int) -> list[dict[str, Any]]:
    return [
        {"index": n, "name": f"vmi-{n}", "namespace": f"ns-{n % 2}", "run_id": "r", "replica": n}
        for n in range(count)
    ]


def render(text: str, count: int = 1, dialect: Dialect = Dialect.JINJA, **variables: Any) -> Any:
    return render_manifests(Template("mine", text, dialect), contexts(count), variables, Kind.VMI)


def problems_of(text: str, **variables: Any) -> str:
    with pytest.raises(ScenarioError) as caught:
        render(text, **variables)
    return "\n".join(map(str, caught.value.problems))


def test_equal_parts_are_one_value() -> None:
    first, second = render(PLAIN, 2)

    assert first["metadata"]["name"] == "vmi-0"
    assert second["metadata"]["name"] == "vmi-1"
    assert first["spec"] is second["spec"]


def test_equal_subtrees_of_different_specs_are_one_value() -> None:
    text = PLAIN + "  number: {{ index }}\n"
    first, second = render(text, 2)

    assert first["spec"] != second["spec"]
    assert first["spec"]["domain"] is second["spec"]["domain"]


def test_one_true_and_one_point_nought_stay_apart() -> None:
    (manifest,) = render(PLAIN + "  values: [1, true, 1.0, '1']\n")

    assert [type(value) for value in manifest["spec"]["values"]] == [int, bool, float, str]


def test_go_templates_render_too() -> None:
    text = PLAIN.replace("{{ name }}", "a-{{.iteration}}-{{.replica}}")
    (manifest,) = render(text, dialect=Dialect.GO)

    assert manifest["metadata"]["name"] == "a--0"


def test_an_authors_own_name_wins_in_go_templates() -> None:
    text = PLAIN.replace("{{ name }}", "{{.name}}-{{.replica}}")
    (manifest,) = render(text, dialect=Dialect.GO, name="own", replica=7)

    assert manifest["metadata"]["name"] == "own-0"


def test_manifests_are_rendered_in_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(templates, "CHUNK", 2)
    monkeypatch.setattr(manifest_reader, "REMEMBERED", 3)

    made = render(PLAIN, 5)

    assert [manifest["metadata"]["name"] for manifest in made] == [f"vmi-{n}" for n in range(5)]
    assert made[0]["spec"] is made[4]["spec"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("just words", "a manifest of a VirtualMachineInstance, found 'just words'"),
        ("", "found nothing"),
        ("- 1", "found a list"),
        (PLAIN + "---\n" + PLAIN, "a second document"),
        (PLAIN.replace("VirtualMachineInstance", "Pod"), "mine: kind: expected Virtual"),
        (PLAIN.replace("kubevirt.io/v1", "v1"), "mine: apiVersion: expected kubevirt.io/v1"),
        (PLAIN.replace("name: {{ name }}", "namespace: other"), "metadata.namespace: expected"),
        (PLAIN.replace("name: {{ name }}", "finalizers: [x/y]"), "metadata.finalizers"),
        (PLAIN.replace("name: {{ name }}", "ownerReferences: [{}]"), "ownerReferences"),
        (PLAIN.replace("name: {{ name }}", "labels: [x]"), "metadata.labels: expected a mapping"),
        (HEAD + "spec: {}\nmetadata: x", "metadata: expected a mapping, found 'x'"),
        (HEAD + "metadata: {}", "spec: expected a mapping, found nothing"),
        (PLAIN + "status: 1\n", "status"),
        (PLAIN + "extra: 1\n", "mine: extra"),
        (PLAIN + "spec: {}\n", "line 7 as rendered: expected each key once"),
        (PLAIN + "  x: [\n", "as rendered: expected well-formed YAML"),
        ("{{ nothing }}", "template mine, line 1"),
    ],
)
def test_what_is_no_manifest_of_the_workload_is_refused(text: str, found: str) -> None:
    assert found in problems_of(text)


def test_several_problems_of_a_manifest_come_together() -> None:
    text = "apiVersion: v1\nkind: Pod\nmetadata: {finalizers: [x], namespace: y}\nspec: 1\n"

    assert len(problems_of(text).split("\n")) >= 5


def test_the_planned_namespace_and_no_name_at_all_are_fine() -> None:
    text = PLAIN.replace("name: {{ name }}", "namespace: {{ namespace }}")

    assert [made["metadata"]["namespace"] for made in render(text, 2)] == ["ns-0", "ns-1"]


@pytest.mark.parametrize(
    "text",
    [
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        "{% set x = 'x' * 4000000000 %}",
        "{{ range(10 ** 9) }}",
    ],
)
def test_a_greedy_template_is_stopped(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(templates, "DEADLINE_SECONDS", 1.0)

    found = problems_of(text)

    assert "no end within" in found or "more memory" in found or "too much" in found.lower()


def test_more_manifests_than_parts_are_remembered_share_one_spec() -> None:
    count = manifest_reader.REMEMBERED + 100
    builtin = builtin_template("cirros", Kind.VMI)
    assert builtin is not None
    many = render_manifests(
        builtin, [{**c, "namespace": "ns"} for c in contexts(count)], {}, Kind.VMI
    )

    assert len({id(made["spec"]) for made in many}) == 1
    assert many[-1]["metadata"]["name"] == f"vmi-{count - 1}"
