"""Faults as people write them: every parameter, and every problem at once."""

import re
from pathlib import Path

import pytest

from virtslo.base.errors import ScenarioError
from virtslo.config.faults import parse_faults
from virtslo.config.scenario_file import scenario_from_mapping
from virtslo.config.schema import scenario_schema
from virtslo.model.plan.scenario import Scenario
from virtslo.model.simulated.faults import FAULTS, parameters_of


@pytest.mark.parametrize("name", FAULTS)
def test_a_bare_name_has_every_default(name: str) -> None:
    (fault,) = parse_faults([name])

    assert fault.name == name
    assert set(fault.values) == set(FAULTS[name].parameters)
    assert fault.stage is None
    assert not FAULTS[name].must_end or fault.lasts > 0


@pytest.mark.parametrize("name", FAULTS)
def test_every_parameter_is_taken(name: str) -> None:
    examples = {"share": "0.5", "span": "2s", "status": "503", "whole": "3"}
    given = {key: examples[item.kind] for key, item in FAULTS[name].parameters.items()}
    given |= {"at": "1s", "for": "2s", "every": "1m", "stage": "churn"}
    text = ",".join(f"{key}={given[key]}" for key in parameters_of(name))
    (fault,) = parse_faults([f"{name}:{text}"])

    assert (fault.at, fault.every, fault.stage) == (1.0, 60.0, "churn")
    assert fault.lasts == (0.0 if FAULTS[name].lasts is None else 2.0)
    assert fault.text == f"{name}:{text}"


def test_in_a_stage_a_fault_strikes_from_its_beginning() -> None:
    (fault,) = parse_faults(["api-server-restart:stage=ramp-up"])

    assert (fault.at, fault.stage) == (0.0, "ramp_up")


@pytest.mark.parametrize(
    ("text", "place", "expected"),
    [
        ("latncy", "--fault", "one of latency"),
        ("latency:dealy=1s", "--fault latency", "one of delay, rate, at, for"),
        ("latency:delay", "--fault latency", "delay=VALUE"),
        ("latency:delay=1", "--fault latency:delay", "a duration"),
        ("latency:rate=1.5", "--fault latency:rate", "from 0 to 1"),
        ("latency:rate=often", "--fault latency:rate", "from 0 to 1"),
        ("latency:rate=nan", "--fault latency:rate", "from 0 to 1"),
        ("server-error:code=404", "--fault server-error:code", "from 500 to 599"),
        ("latency:stage=later", "--fault latency:stage", "warm_up, ramp_up"),
        ("latency:every=10s", "--fault latency:every", "a fault that ends"),
        ("latency:every=10s,for=10s", "--fault latency:every", "more than for=10s"),
        ("api-server-restart:for=0s", "--fault api-server-restart:for", "more than nothing"),
        ("dropped-watches:for=2s", "--fault dropped-watches", "one of at, every, stage"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text: str, place: str, expected: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        parse_faults([text])

    (problem,) = caught.value.problems
    assert problem.place == place
    assert expected in problem.expected


def test_all_problems_come_at_once() -> None:
    with pytest.raises(ScenarioError) as caught:
        parse_faults(["latency:rate=2,delay=soon", "compactoin", "latency"])

    assert len(caught.value.problems) == 3
    assert "did you mean compaction?" in str(caught.value)


def scenario(pattern: str, *faults: object) -> Scenario:
    document = {
        "apiVersion": "virtslo/v1",
        "name": "a",
        "workload": {"kind": "vmi", "count": 5},
        "load": {"pattern": pattern},
        "faults": list(faults),
    }
    return scenario_from_mapping(document, source="a.yaml", base=Path())


def test_a_scenario_has_faults_as_the_option_has_them() -> None:
    text = "latency:delay=1s,stage=churn"

    assert scenario("steady-state", text, "compaction").faults == (text, "compaction")


def test_a_scenario_is_told_what_is_wrong_with_each_fault() -> None:
    with pytest.raises(ScenarioError) as caught:
        scenario("burst", "latency:rate=2,delay=soon", 7, "compaction", "compactoin")

    first, second, third = caught.value.problems
    assert first.place == "faults.0"
    assert "rate" in first.expected
    assert "delay" in first.expected
    assert second.place == "faults.1"
    assert third.hint == "did you mean compaction?"


def test_a_fault_of_a_stage_that_is_not_there_is_refused() -> None:
    with pytest.raises(ScenarioError, match="a stage that this pattern has"):
        scenario("burst", "latency:stage=churn")


def test_the_schema_knows_every_fault() -> None:
    pattern = scenario_schema()["properties"]["faults"]["items"]["pattern"]

    assert all(re.match(pattern, name) for name in FAULTS)
    assert not re.match(pattern, "latncy")
