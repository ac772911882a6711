"""Fields that cannot go together are told as one problem each."""

from typing import Any

import pytest

from virtslo.config.checks import churn_objects, clashes, replacements
from virtslo.config.schema import ScenarioModel


def found(workload: dict[str, Any], load: dict[str, Any]) -> list[str]:
    model = ScenarioModel.model_validate(
        {
            "apiVersion": "virtslo/v1",
            "name": "x",
            "workload": {"kind": "vmi", "count": 10, **workload},
            "load": {"pattern": "steady-state", **load},
        }
    )
    return [clash.fields[0] for clash in clashes(model)]


@pytest.mark.parametrize(
    ("workload", "load", "places"),
    [
        ({}, {}, []),
        ({}, {"pattern": "burst", "churn": {"objects": 99}}, []),
        ({"namespaces": 11}, {}, ["workload.namespaces"]),
        ({"namespaces": 2, "objectsPerNamespace": 3}, {}, ["workload.objectsPerNamespace"]),
        ({"kind": "vmpool", "namespaces": 2}, {}, ["workload.namespaces"]),
        ({"namespace": "a", "namespaces": 2}, {}, ["workload.namespaces"]),
        ({"groups": 2}, {}, ["workload.groups"]),
        ({"kind": "vmpool", "groups": 11}, {"pattern": "burst"}, ["workload.groups"]),
        ({}, {"arrival": {"rate": "1/s"}}, ["load.arrival.rate"]),
        ({}, {"arrival": {"process": "poisson"}}, ["load.arrival.rate"]),
        (
            {},
            {"arrival": {"process": "constant", "rate": "1/s", "startRate": "1/s"}},
            ["load.arrival.startRate"],
        ),
        ({}, {"arrival": {"process": "ramp", "rate": "1/s", "startRate": "1/s"}}, []),
        ({}, {"churn": {"objects": 11}}, ["load.churn.objects"]),
        (
            {},
            {"churn": {"rate": "1/s", "duration": "1m"}},
            ["load.churn.rate", "load.churn.duration"],
        ),
        ({"count": 1000}, {"churn": {"objects": 1000, "cycles": 9999}}, ["load.churn.cycles"]),
        ({}, {"churn": {"mode": "scale"}}, ["load.churn.mode"]),
        ({}, {"churn": {"mode": "restart"}}, ["load.churn.mode"]),
        ({"kind": "vmirs"}, {"churn": {"mode": "objects"}}, ["load.churn.mode"]),
        ({"kind": "vmpool"}, {"churn": {"objects": 3}}, ["load.churn.cycles"]),
        ({"kind": "vmpool"}, {"churn": {"objects": 3, "mode": "scale"}}, []),
        ({}, {"pattern": "constant-churn"}, ["load.churn.rate", "load.churn.duration"]),
        ({}, {"pattern": "constant-churn", "churn": {"rate": "1/s"}}, ["load.churn.duration"]),
        (
            {},
            {"pattern": "constant-churn", "churn": {"rate": "1/h", "duration": "1s"}},
            ["load.churn.duration"],
        ),
        (
            {"kind": "vmirs"},
            {"pattern": "constant-churn", "churn": {"rate": "1/s", "duration": "5s"}},
            ["load.churn.mode"],
        ),
        (
            {"kind": "vmpool"},
            {"pattern": "constant-churn", "churn": {"rate": "1/s", "duration": "11s"}},
            ["load.churn.duration"],
        ),
    ],
)
def test_clashes(workload: dict[str, Any], load: dict[str, Any], places: list[str]) -> None:
    assert found(workload, load) == places


@pytest.mark.parametrize(
    ("objects", "count", "expected"),
    [
        ("5%", 100, 5),
        ("7%", 100, 7),
        ("5%", 30, 2),
        ("5%", 101, 6),
        ("5%", 1, 1),
        ("0.1%", 100, 2),
        ("100 %", 10, 10),
        (1, 10, 1),
    ],
)
def test_a_share_is_rounded_up_and_at_least_two(
    objects: int | str, count: int, expected: int
) -> None:
    assert churn_objects(objects, count) == expected


def test_replacements_are_whole() -> None:
    assert replacements(0.1, 30.0) == 3
    assert replacements(1.0, 2.9) == 2
