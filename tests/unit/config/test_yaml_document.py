"""YAML is read with bounds; what is refused says where and why."""

from pathlib import Path

import pytest

from virtslo.base.errors import ScenarioError
from virtslo.base.yaml_reader import YamlProblem, parse_yaml, shorten
from virtslo.config.yaml_document import read_mapping, read_text

BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 10)}]\n" for n in range(9)
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", None),
        ("# only a comment\n", None),
        ("a: 1", {"a": 1}),
        ("a: [1, 2.5, yes, ~, 'yes', text]", {"a": [1, 2.5, True, None, "yes", "text"]}),
        ("a: &x {b: 1}\nc: *x", {"a": {"b": 1}, "c": {"b": 1}}),
        ("a: 1:30\nb: 2026-01-01", {"a": "1:30", "b": "2026-01-01"}),
        ("a: !!str 1", {"a": "1"}),
        ("a: |\n  two\n  lines\n", {"a": "two\nlines\n"}),
        ("- - - 1", [[[1]]]),
        ("'<<': 1", {"<<": 1}),
    ],
)
def test_plain_values_are_read(text: str, expected: object) -> None:
    assert parse_yaml(text) == expected


@pytest.mark.parametrize(
    ("text", "line", "found"),
    [
        (BOMB, 5, "more than 100000 values"),
        ("[" * 50_000, 1, "more than 64 levels"),
        ("- " * 50_000 + "1", 1, "more than 64 levels"),
        ("a: 1\nb: 2\na: 3", 3, "the key 'a' twice"),
        ("a: &x [*x]", 1, "the alias *x"),
        ("a: *nothing", 1, "nothing"),
        ("a: !!python/object/apply:os.system [x]", 1, "python/object"),
        ("a: !mine 1", 1, "the tag !mine"),
        ("a: !!binary aGk=", 1, "binary"),
        ("a: 1\n---\nb: 2", 2, "a second document"),
        ("1: x", 1, "a number as a key"),
        ("yes: x", 1, "a boolean as a key"),
        ("? [a]\n: x", 1, "a collection as a key"),
        ("a: .inf", 1, ".inf"),
        ("a: 1\nb:\n\t- x", 3, "cannot start any token"),
        ("a: 'open", 1, "unexpected end"),
        ("a: \x00", 1, "not allowed"),
        ("b: &b {x: 1}\na:\n  <<: *b", 3, "a merge key"),
        ("a: " + "9" * 5000, 1, "999"),
    ],
)
def test_what_will_not_do_is_refused_with_its_line(text: str, line: int, found: str) -> None:
    with pytest.raises(YamlProblem) as caught:
        parse_yaml(text)

    assert found in caught.value.found
    assert caught.value.line == line


def problem_of(path: Path) -> str:
    with pytest.raises(ScenarioError) as caught:
        read_mapping(path)
    (problem,) = caught.value.problems
    return str(problem)


def test_a_file_that_is_no_scenario_says_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "scenario.yaml"

    assert "No such file" in problem_of(path)
    assert "found a folder" in problem_of(tmp_path)
    for data, found in (
        (b"", "an empty file"),
        (b"- 1", "a list at the top"),
        (b"just words", "a text at the top"),
        (b"a: 1\nb: \xff", "line 2: expected text in UTF-8, found byte 0xff"),
        (b"a: " + b"x" * (1024 * 1024), "more than 1 MiB"),
        (b"a: [", "expected well-formed YAML"),
    ):
        path.write_bytes(data)
        assert found in problem_of(path)


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    path = tmp_path / "scenario.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1")

    assert read_text(path) == "a: 1"
    assert read_mapping(path) == {"a": 1}


def test_texts_in_messages_are_short_and_on_one_line() -> None:
    assert shorten("a\n  b") == "a b"
    assert len(shorten("x" * 500)) == 60
