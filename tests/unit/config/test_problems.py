"""Errors of the validator become problems that a person can act on."""

from typing import Any

import pytest
from pydantic import ValidationError

from virtslo.base.errors import Problem
from virtslo.config.problems import found_text, keys_at, nearest, place_of, problem_of
from virtslo.config.schema import EXAMPLE, ScenarioModel


def problem(document: Any) -> Problem:
    with pytest.raises(ValidationError) as caught:
        ScenarioModel.model_validate(document)
    (error,) = caught.value.errors(include_url=False)
    return problem_of(error, ScenarioModel, {})


def workload(**fields: Any) -> Any:
    return {**EXAMPLE, "workload": {**EXAMPLE["workload"], **fields}}


def test_an_unknown_key_names_the_known_ones_and_the_nearest() -> None:
    actual = problem(workload(namespces=2))

    assert actual.place == "workload.namespces"
    assert "namespaces" in actual.expected
    assert actual.hint == "did you mean namespaces?"


def test_a_missing_key_says_what_it_is_for() -> None:
    actual = problem({key: value for key, value in EXAMPLE.items() if key != "name"})

    assert (actual.place, actual.found) == ("name", "nothing")
    assert "what the scenario is called" in actual.expected


@pytest.mark.parametrize(
    ("fields", "expected", "found"),
    [
        ({"count": "many"}, "a whole number", "'many'"),
        ({"count": -1}, "at least 1", "-1"),
        ({"count": 10**9}, "at most 1000000", "1000000000"),
        ({"count": True}, "a whole number", "true"),
        ({"template": 7}, "a text", "7"),
        ({"template": ""}, "a text of at least 1 characters", "''"),
        ({"template": "x" * 5000}, "a text of at most 4096 characters", "'xxx"),
        ({"variables": []}, "a mapping", "a list"),
        ({"variables": {"a": {1: 2}}}, "a mapping whose keys are texts", "a mapping"),
        ({"variables": {"a": {1}}}, "a text, a number or a boolean", "{1}"),
        ({"namespace": "A B"}, "a name of at most 63 characters", "'A B'"),
        ({"dialect": "jina"}, "one of jinja, go, go-text", "'jina'"),
    ],
)
def test_values_are_told_with_what_was_expected(
    fields: dict[str, Any], expected: str, found: str
) -> None:
    actual = problem(workload(**fields))

    assert actual.expected == expected
    assert actual.found.startswith(found)


def test_places_are_named_as_the_author_knows_them() -> None:
    places = {"workload.count": "--count", "workload": "the workload"}

    assert place_of(("workload", "count"), places) == "--count"
    assert place_of(("workload", "variables", "x"), places) == "the workload.variables.x"
    assert place_of(("load", "pattern"), places) == "load.pattern"
    assert place_of((), places) == "the document"


def test_keys_are_known_at_every_depth() -> None:
    assert keys_at(ScenarioModel, ("load", "churn"))[:2] == ["objects", "cycles"]
    assert keys_at(ScenarioModel, ("nowhere",)) == []


def test_values_are_shown_short() -> None:
    assert found_text("x" * 500).endswith("…")
    assert found_text(10**5000) == "a number of thousands of digits"
    assert found_text({"a": 1}) == "a mapping"


def test_a_hint_is_given_only_where_a_word_is_near() -> None:
    assert nearest("max_in_flight", ["maxInFlight"]) == "did you mean maxInFlight?"
    assert nearest("zebra", ["maxInFlight"]) == ""
