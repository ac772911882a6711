"""Objectives: the built-in ones, a file's, and everything that can be wrong with one."""

from pathlib import Path
from typing import Any

import pytest

from virtslo.base.errors import ScenarioError
from virtslo.config.objectives_file import BUILT_IN, choose_objectives, objectives_of
from virtslo.config.objectives_schema import EXAMPLE, objectives_schema
from virtslo.model.plan.objectives import Bound, ObjectiveSet, Promise
from virtslo.model.report.indicators import Definition, Section
from virtslo.slo.catalog.catalog import CATALOG

KNOWN = CATALOG
RUNNING = "vmi_creation_to_running_seconds"


def read(*objectives: dict[str, Any], **more: Any) -> ObjectiveSet:
    document = {
        "apiVersion": "virtslo/v1",
        "kind": "Objectives",
        "name": "ours",
        "objectives": list(objectives),
        **more,
    }
    return objectives_of(document, source="ours.yaml", indicators=KNOWN)


def problems(*objectives: dict[str, Any], **more: Any) -> list[str]:
    with pytest.raises(ScenarioError) as caught:
        read(*objectives, **more)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_built_in_catalog_can_be_judged(name: str, tmp_path: Path) -> None:
    found, wrong = choose_objectives(name, base=tmp_path, indicators=KNOWN)

    assert wrong == []
    assert found is not None
    assert found.name == name
    assert found.description


def test_the_thresholds_of_kubevirts_jobs_are_the_ones_in_use() -> None:
    found, _ = choose_objectives("kubevirt-ci", base=Path(), indicators=KNOWN)

    assert found is not None
    bounds = {(item.indicator, item.statistic): item.bound.constant for item in found.objectives}
    assert bounds == {
        (RUNNING, "p50"): 45.0,
        (RUNNING, "p95"): 60.0,
        ("rest_calls_patch_virtualmachineinstances", "count"): 2.0,
        ("rest_calls_update_virtualmachineinstances", "count"): 10.0,
        ("vmi_intent_to_running_seconds", "p95"): 60.0,
        # not KubeVirt's, but what follows from 60 s, and that every request is accepted
        ("create_success_ratio", "value"): 1.0,
        ("delete_success_ratio", "value"): 1.0,
        ("phase_rate_running", "mean"): 0.0,
        ("replacement_seconds", "p95"): 60.0,
        ("cycle_recovery_seconds", "max"): 60.0,
    }
    (rate,) = [item for item in found.objectives if item.indicator == "phase_rate_running"]
    assert rate.bound.at(100) == pytest.approx(90 / 60)


def test_the_example_is_read() -> None:
    first, ratio, growing = objectives_of(EXAMPLE, source="x", indicators=KNOWN).objectives

    assert first.bound == Bound(60.0)
    assert first.promise == Promise(("burst",), ("vmi",), 1000)
    assert (ratio.per, ratio.unit, ratio.bound.constant) == ("rest_calls_create_pods", "", 2)
    assert growing.bound.at(100) == 420


def test_a_file_is_found_beside_the_scenario(tmp_path: Path) -> None:
    (tmp_path / "ours.yaml").write_text(
        "apiVersion: virtslo/v1\nkind: Objectives\nname: ours\nobjectives:\n"
        "  - {indicator: phase_rate_running, atLeast: 20/s}\n"
    )

    found, wrong = choose_objectives("ours.yaml", base=tmp_path, indicators=KNOWN)

    assert wrong == []
    assert found is not None
    assert found.objectives[0].bound == Bound(20.0, 0.0, is_least=True)
    assert found.objectives[0].statistic == "mean"


def test_an_unknown_catalog_is_refused_with_the_nearest_name(tmp_path: Path) -> None:
    found, (problem,) = choose_objectives("kubevirtci", base=tmp_path, indicators=KNOWN)

    assert found is None
    assert problem.hint == "did you mean kubevirt-ci?"


def test_an_unknown_indicator_is_refused_with_the_nearest_name() -> None:
    (problem,) = problems({"indicator": "vmi_creation_to_runing_seconds", "statistic": "p95",
                           "atMost": "1s"})  # fmt: skip

    assert "objectives.0.indicator" in problem
    assert f"did you mean {RUNNING}?" in problem


@pytest.mark.parametrize(
    ("objective", "words"),
    [
        ({"indicator": RUNNING, "atMost": "1s"}, "statistic: expected one of p50, p95, p99, max"),
        ({"indicator": RUNNING, "statistic": "mean", "atMost": "1s"}, "expected one of p50"),
        ({"indicator": RUNNING, "statistic": "p95"}, "found neither atMost and atLeast"),
        ({"indicator": RUNNING, "statistic": "p95", "atMost": "1s", "atLeast": "1s"}, "found both"),
        ({"indicator": RUNNING, "statistic": "p95", "atMost": 45}, "with a unit: 45s"),
        ({"indicator": RUNNING, "statistic": "p95", "atMost": "0s"}, "nothing takes no time"),
        ({"indicator": RUNNING, "statistic": "p95", "atMost": "20/s"}, "a duration such as 45s"),
        ({"indicator": RUNNING, "statistic": "p95", "atMost": {"perObject": 1}}, "grows with"),
        ({"indicator": RUNNING, "statistic": "p95", "atMost": True}, "a number, a text such as"),
        ({"indicator": "phase_rate_running", "atLeast": "45s"}, "a rate such as 20/s"),
        ({"indicator": "rest_calls_create_pods", "statistic": "count", "atMost": -1}, "no figure"),
        ({"indicator": "rest_calls_create_pods", "statistic": "count", "atLeast": 0}, "no figure"),
        ({"indicator": "rest_calls_create_pods", "statistic": "count", "atMost": "3s"}, "a number"),
        ({"indicator": RUNNING, "per": "rest_calls_create_pods", "atMost": 2}, "two counts"),
        ({"indicator": "rest_calls_create_pods", "per": "pods", "atMost": 2}, "per: expected an"),
        ({"indicator": RUNNING, "statistic": "p59", "atMost": "1s"}, "did you mean p99?"),
        ({"indicators": RUNNING, "statistic": "p95", "atMost": "1s"}, "did you mean indicator?"),
    ],
)  # fmt: skip
def test_what_cannot_be_judged_is_refused(objective: dict[str, Any], words: str) -> None:
    assert any(words in problem for problem in problems(objective)), problems(objective)


def test_a_quantile_that_can_never_have_data_is_refused() -> None:
    (problem,) = problems(
        {"indicator": RUNNING, "statistic": "p99", "atMost": "1s"}, promisedFor={"maxObjects": 50}
    )

    assert "p99 of fewer than 100 objects is no data" in problem


def test_every_problem_is_told_at_once() -> None:
    found = problems(
        {"indicator": "nothing", "atMost": 1},
        {"indicator": RUNNING, "statistic": "p95", "atMost": 45},
        {"indicator": RUNNING, "statistic": "p95", "atMots": "45s"},
    )

    assert any("objectives.0.indicator" in problem for problem in found)
    assert any("objectives.1.atMost" in problem for problem in found)
    assert any("objectives.2.atMots" in problem for problem in found)


def test_two_objectives_of_one_name_are_refused() -> None:
    same = {"name": "a", "indicator": "phase_rate_running", "atLeast": "1/s"}

    (problem,) = problems(same, same)

    assert "objectives.0 has it already" in problem


def test_the_schema_takes_the_example_and_refuses_another_key() -> None:
    jsonschema = pytest.importorskip("jsonschema")

    jsonschema.validate(EXAMPLE, objectives_schema())
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**EXAMPLE, "objective": []}, objectives_schema())


def test_nothing_can_be_promised_where_nothing_is_measured() -> None:
    found, wrong = choose_objectives("kubevirt-ci", base=Path(), indicators={})

    assert found is None
    assert wrong


def test_units_of_a_bound_follow_the_indicator() -> None:
    known = {
        "a_share": Definition("a_share", "share", ("value",), Section.OTHER, "a share", "watch")
    }
    made = objectives_of(
        {**EXAMPLE, "objectives": [{"indicator": "a_share", "atMost": "5%"}]},
        source="x",
        indicators=known,
    )

    assert made.objectives[0].bound.constant == pytest.approx(0.05)
