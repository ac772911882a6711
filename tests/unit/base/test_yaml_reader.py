"""The second way of reading YAML: as Kubernetes' own reader, with the same limits."""

import pytest

from virtslo.base.limits import Limit
from virtslo.base.yaml_reader import Reading, YamlProblem, parse_yaml
from virtslo.base.yaml_scalars import Rules

KUBERNETES = Reading(rules=Rules.SIGS)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\n---\n", {"a": 1}),
        ("a: 1\n---\nb: 2\n", {"a": 1}),
        ("1: p\ntrue: q\n1.5: z", {"1": "p", "true": "q", "1.5": "z"}),
        ("a: 1\na: 2", {"a": 2}),
        (
            "b: &b {x: 1, z: 2}\na:\n  <<: *b\n  z: 3",
            {"b": {"x": 1, "z": 2}, "a": {"x": 1, "z": 3}},
        ),
        ("b: &b {x: 1}\na:\n  z: 3\n  <<: [*b, {z: 4}]", {"b": {"x": 1}, "a": {"z": 4, "x": 1}}),
        ("'<<': 1", {"<<": 1}),
        (b"\xef\xbb\xbfa: 1", {"a": 1}),
    ],
)
def test_what_kubernetes_takes_is_read(text: str | bytes, expected: object) -> None:
    assert parse_yaml(text, KUBERNETES) == expected


@pytest.mark.parametrize(
    "text",
    [
        "a: &a {<<: *a}",
        "a: {<<: 1}",
        "a: !!int ''",
        "a: !!float ''",
        "a: !!bool maybe",
        "a: !!timestamp x\nb: !!set {x}",
        "a: " + "9" * 401,
        "a: 0x" + "f" * 5000,
        b"a: \xff",
        b"\xff\xfe\x00",
        "&a [*a]",
    ],
)
def test_what_is_no_value_is_a_problem_and_never_another_error(text: str | bytes) -> None:
    with pytest.raises(YamlProblem):
        parse_yaml(text, KUBERNETES)


def test_a_long_text_counts_as_often_as_it_is_named() -> None:
    reading = Reading(values=Limit("values", 100, "values"))
    text = "a: &a " + "x" * 640 + "\nb: ["

    assert parse_yaml(text + ", ".join(["*a"] * 5) + "]", reading)["b"][4] == "x" * 640
    with pytest.raises(YamlProblem, match="more than 100 values"):
        parse_yaml(text + ", ".join(["*a"] * 9) + "]", reading)
