"""Go's text/template with sprig: the texts here are what Go makes of the same input."""

from typing import Any

import pytest

from virtslo.config.go_templates import evaluator
from virtslo.config.go_templates.problems import TemplateProblem
from virtslo.config.go_templates.template import GoTemplate

VARIABLES: dict[str, Any] = {
    "Iteration": 3, "Replica": 1, "name": "density", "memory": "90Mi", "on": True, "off": False,
    "items": ["a", "b"], "map": {"z": 1, "a": {"b": "deep"}}, "empty": "", "half": 0.5,
    "big": 21_000_000,
}  # fmt: skip


def rendered(text: str) -> str:
    return GoTemplate(text).render(VARIABLES)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{.name}}-{{.Iteration}}", "density-3"),
        ("{{ .big }}|{{ .half }}|{{ .on }}", "21000000|0.5|true"),
        ("<b>{{ .name }}</b> & 'q'", "<b>density</b> & 'q'"),
        ("{{ add .Iteration 1 }}", "4"),
        ("{{ add 1 .Iteration | mul 2 }}", "8"),
        ("{{ sub 1 3 }} {{ div -7 2 }} {{ mod -7 2 }}", "-2 -3 -1"),
        ('{{ .empty | default "x" }}{{ default 5 .Replica }}', "x1"),
        ('{{ printf "%s-%02d" .name .Iteration }}', "density-03"),
        ("{{ if .on }}yes{{ else }}no{{ end }}", "yes"),
        ("{{ if .off }}a{{ else if .on }}b{{ else }}c{{ end }}", "b"),
        ("{{ if and .on (eq .Iteration 3) }}in{{ end }}", "in"),
        ("{{ if or .off (gt .Iteration 5) }}in{{ else }}out{{ end }}", "out"),
        ("{{ range $i, $x := .items }}{{ $i }}={{ $x }};{{ end }}", "0=a;1=b;"),
        ("{{ range .items }}[{{ . }}]{{ end }}", "[a][b]"),
        ("{{ range until 3 }}{{ . }}{{ end }}", "012"),
        ("{{ range $k, $v := .map }}{{ $k }} {{ end }}", "a z "),
        ("{{ with .map.a }}{{ .b }} {{ $.name }}{{ end }}", "deep density"),
        ("{{ range list }}x{{ else }}none{{ end }}", "none"),
        ("{{ $x := 1 }}{{ $x = add $x 1 }}{{ $x }}", "2"),
        ("a {{- .name -}} b", "adensityb"),
        ("{{/* a remark */}}x", "x"),
        ('{{ .name | upper | quote }}', '"DENSITY"'),
        ('{{ index .map "z" }}{{ index .items 1 }}', "1b"),
        ('{{ if ne (index .map "none") "true" }}shown{{ end }}', "shown"),
        ('{{ "a\\nb" | indent 2 }}', "  a\n  b"),
        ('{{ ternary "x" "y" .on }}{{ ternary "x" "y" .off }}', "xy"),
        ('{{ .name | trunc 3 }}{{ .name | replace "den" "x" }}', "denxsity"),
        ('{{ join "," .items }} {{ len .items }}', "a,b 2"),
        ("{{ `raw {}` }}", "raw {}"),
    ],
)  # fmt: skip
def test_it_renders_what_go_renders(text: str, expected: str) -> None:
    assert rendered(text) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{{ .missing }}", "'missing', which nothing sets"),
        ("{{ randAlphaNum 5 }}", "the function 'randAlphaNum'"),
        ("{{ now }}", "the function 'now'"),
        ("\n{{ if .on }}", "line 2"),
        ("{{ end }}", "belongs to"),
        ('{{ template "x" }}', "the template 'x'"),
        ("{{ $x }}", "$x"),
        ("{{ .name", "not closed"),
        ("{{ div 1 0 }}", "div"),
        ("{{ int 1e300 }}", "int"),
        ("{{ repeat 100000000 .name }}", "too long"),
        ("{{ range until 2000000 }}{{ end }}", "too long"),
        ('{{ if gt "a" 1 }}{{ end }}', "cannot be compared"),
        ("{{ add 1 (add 2 3 }}", "not closed"),
    ],
)
def test_it_refuses_by_line_and_name(text: str, words: str) -> None:
    with pytest.raises(TemplateProblem) as refused:
        rendered(text)

    assert words in str(refused.value)


def test_a_template_without_an_end_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluator, "MAX_STEPS", 10_000)
    text = "{{ range until 5000 }}{{ range until 5000 }}x{{ end }}{{ end }}"

    with pytest.raises(TemplateProblem, match="without an end"):
        rendered(text)
