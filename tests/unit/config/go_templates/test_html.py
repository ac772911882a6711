"""The Go dialect renders what html/template renders, or refuses by name."""

from typing import Any

import pytest

from virtslo.config.go_templates.problems import TemplateProblem
from virtslo.config.go_templates.template import GoTemplate, go_text

VARIABLES: dict[str, Any] = {"replica": 3, "x": "value", "empty": "", "odd": "a&b+\"<>'"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("a-{{.iteration}}-{{.replica}}", "a--3"),
        ("{{ .replica }}", "3"),
        ("{{$.replica}}", "3"),
        ("x {{- .replica -}} \n y", "x3y"),
        ("x  {{- .replica }} y", "x3 y"),
        ("{{/* a comment */}}z", "z"),
        ("{{.odd}}", "a&amp;b&#43;&#34;&lt;&gt;&#39;"),
        ("if a < b then", "if a &lt; b then"),
        ('{{ .empty | default "d" }}', "d"),
        ('{{ .missing | default "a\\"b" | quote }}', '"a&#34;b"'),
        ("{{ .x | quote }}", '"value"'),
        ("{{ if .x }}{{ .odd }}{{ end }}", "a&amp;b&#43;&#34;&lt;&gt;&#39;"),
    ],
)
def test_what_is_understood_is_rendered(text: str, expected: str) -> None:
    assert GoTemplate(text, escape=True).render(VARIABLES) == expected


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{{if .x}}y", "{{if}} without an end"),
        ("{{ range .x }}{{ end }}", "range over a string"),
        ("{{ .x | add 1 }}", "the function 'add'"),
        ("{{ .x | upper }}", "the function 'upper'"),
        ("{{.x.y}}", ".y of a string"),
        ("{{}}", "nothing in an action"),
        ("{{ .replica", "an action that is not closed"),
        ("<b>{{.x}}", "HTML tag"),
        ("<!-- {{.x}}", "HTML tag"),
        ("cat </dev/null", "HTML tag"),
    ],
)
def test_what_is_not_understood_is_refused_by_name(text: str, found: str) -> None:
    with pytest.raises(TemplateProblem) as caught:
        GoTemplate("first line\n" + text, escape=True).render(VARIABLES)

    assert found in caught.value.found
    assert caught.value.line == 2


def test_a_variable_that_nothing_sets_is_refused_with_those_that_are() -> None:
    with pytest.raises(TemplateProblem) as caught:
        GoTemplate("{{.continerTag}}", escape=True).render({"containerTag": "x"})

    assert "continerTag" in caught.value.found
    assert "containerTag" in caught.value.expected


def test_a_collection_has_no_text() -> None:
    with pytest.raises(TemplateProblem, match=r"a \[\]interface"):
        GoTemplate("{{.x}}", escape=True).render({"x": [1]})


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, ""),
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (-7, "-7"),
        (100, "100"),
        (999_999, "999999"),
        (1_000_000, "1e+06"),
        (1_234_567, "1.234567e+06"),
        (1.5, "1.5"),
        (-0.25, "-0.25"),
        (0.0001, "0.0001"),
        (0.00001, "1e-05"),
        ("text", "text"),
    ],
)
def test_scalars_are_printed_as_go_prints_them(value: object, expected: str) -> None:
    assert go_text(value) == expected
