"""The JSON Schema describes the file that is read."""

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import ValidationError

from virtslo.config.field_types import read_kind
from virtslo.config.schema import EXAMPLE, ScenarioModel, scenario_schema
from virtslo.model.plan.workload import Kind


def properties(schema: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    for definition in [schema, *schema["$defs"].values()]:
        yield from definition.get("properties", {}).items()


def test_the_schema_is_closed_titled_and_has_an_example_that_is_valid() -> None:
    schema = scenario_schema()

    assert schema["$schema"].startswith("https://json-schema.org/")
    assert schema["title"] == "virtslo scenario"
    assert schema["additionalProperties"] is False
    assert schema["examples"] == [EXAMPLE]
    ScenarioModel.model_validate(EXAMPLE)


def test_every_field_is_described_and_in_the_case_of_kubernetes() -> None:
    for name, field in properties(scenario_schema()):
        assert field.get("description") or "$ref" in field, name
        assert "_" not in name


def test_defaults_of_durations_are_written_as_durations() -> None:
    defaults = {name: field.get("default") for name, field in properties(scenario_schema())}

    assert (defaults["settle"], defaults["settleLimit"], defaults["every"]) == ("5s", "60s", "60s")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("vmi", Kind.VMI),
        ("VirtualMachineInstance", Kind.VMI),
        ("VM", Kind.VM),
        ("virtualmachines", Kind.VM),
        ("vmpools", Kind.VMPOOL),
        ("VirtualMachineInstanceReplicaSet", Kind.VMIRS),
    ],
)
def test_kinds_go_by_any_of_their_names(text: str, kind: Kind) -> None:
    assert read_kind(text) is kind


def load(**fields: Any) -> dict[str, Any]:
    return {**EXAMPLE, "load": {"pattern": "steady-state", **fields}}


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"settle": 5}, "a duration such as 90s"),
        ({"settle": True}, "a duration such as 90s"),
        ({"settle": "soon"}, "a duration such as 90s"),
        ({"settle": "999h"}, "from 0s to 168h"),
        ({"arrival": {"rate": 50}}, "a rate such as 50/s"),
        ({"arrival": {"rate": None, "startRate": "x"}}, "a rate such as"),
        ({"arrival": {"rate": [1]}}, "a rate such as 50/s"),
        ({"arrival": {"rate": "0/s"}}, "a rate above 0"),
        ({"arrival": {"rate": "9" * 400 + "/s"}}, "a rate above 0"),
        ({"churn": {"objects": 0}}, "at least 1"),
        ({"churn": {"objects": "0%"}}, "at least 1"),
        ({"churn": {"objects": "101%"}}, "at most 100%"),
        ({"churn": {"objects": 1.5}}, "at least 1"),
        ({"churn": {"every": "0s"}}, "from 0.001s"),
    ],
)
def test_units_are_asked_for(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        ScenarioModel.model_validate(load(**fields))

    assert words in caught.value.errors()[0]["msg"]


def test_zero_needs_no_unit_where_it_is_allowed() -> None:
    assert ScenarioModel.model_validate(load(settle=0)).load.settle == 0.0
