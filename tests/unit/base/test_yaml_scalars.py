"""Our reading of YAML against Go's own judgement of a thousand texts (tools/judge_yaml.py)."""

import json
from pathlib import Path
from typing import Any

import pytest

from virtslo.base.yaml_reader import GoMapping, Reading, YamlProblem, parse_yaml
from virtslo.base.yaml_scalars import Date, Rules, key_text, plain_value

TABLE: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "support" / "go_yaml.json").read_text()
)
REFUSED = {"$refused": 1}


def ours(text: str, rules: Rules) -> Any:
    try:
        value = parse_yaml(text, Reading(rules=rules))
    except YamlProblem:
        return REFUSED
    if rules is Rules.V3:
        if value is None:
            return {}
        if not isinstance(value, dict) or any(_has_other_keys(below) for below in value.values()):
            return REFUSED
    return _told(value, is_go=rules is Rules.V3)


def _has_other_keys(value: Any) -> bool:
    if isinstance(value, list):
        return any(_has_other_keys(below) for below in value)
    if isinstance(value, GoMapping):
        return value.has_other_keys or any(_has_other_keys(below) for below in value.values())
    return False


def _told(value: Any, *, is_go: bool) -> Any:
    """A value as the table writes it: floats and dates are marked where Go keeps them apart."""
    if isinstance(value, dict):
        return {key: _told(below, is_go=is_go) for key, below in value.items()}
    if isinstance(value, list):
        return [_told(below, is_go=is_go) for below in value]
    if isinstance(value, Date):
        return {"$time": 1}
    return {"$float": repr(value)} if is_go and isinstance(value, float) else value


@pytest.mark.parametrize("rules", [Rules.SIGS, Rules.V3])
def test_nothing_that_go_reads_is_read_otherwise(rules: Rules) -> None:
    read = [row for row in TABLE if row[rules] != REFUSED]
    found = {row["text"]: ours(row["text"], rules) for row in read}
    differing = [
        (row["text"], found[row["text"]], row[rules])
        for row in read
        if found[row["text"]] != REFUSED
        and json.dumps(found[row["text"]], sort_keys=True) != json.dumps(row[rules], sort_keys=True)
    ]

    assert len(read) > 800
    assert differing == []
    taken = sum(value != REFUSED for value in found.values())
    assert taken / len(read) > 0.94


@pytest.mark.parametrize("rules", [Rules.SIGS, Rules.V3])
def test_hardly_anything_that_go_refuses_is_read(rules: Rules) -> None:
    refused = [row["text"] for row in TABLE if row[rules] == REFUSED]

    assert sum(ours(text, rules) != REFUSED for text in refused) / len(refused) < 0.1


@pytest.mark.parametrize(
    ("text", "sigs", "v3"),
    [
        ("yes", True, "yes"),
        ("010", 8, 8),
        ("0o10", 8, 8),
        ("-0b11", -3, -3),
        ("1_000", 1000, 1000),
        ("08", 8.0, 8.0),
        ("1e400", "1e400", "1e400"),
        ("1:30", "1:30", "1:30"),
        ("18446744073709551615", 2**64 - 1, 2**64 - 1),
        ("2026-01-01", "2026-01-01", Date("2026-01-01")),
    ],
)
def test_a_plain_scalar_is_what_go_makes_of_it(text: str, sigs: Any, v3: Any) -> None:
    read = [plain_value(text, rules) for rules in (Rules.SIGS, Rules.V3)]

    assert read == [sigs, v3]
    assert [type(value) for value in read] == [type(sigs), type(v3)]


def test_a_key_is_written_as_go_writes_it_or_not_taken() -> None:
    written = [key_text(value) for value in (True, 8, 1.5, 1e20, None, 123456789.5, 2**63)]

    assert written == ["true", "8", "1.5", "1e+20", None, None, None]
