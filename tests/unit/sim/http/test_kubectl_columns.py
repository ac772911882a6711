"""Cells of tables: ages, conditions, addresses, owners."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from virtslo.sim.http.kubectl_columns import COLUMNS, human_duration

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def cells(plural: str, target: dict[str, Any]) -> dict[str, Any]:
    return {column.name: column.read(target, NOW) for column in COLUMNS[plural]}


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (timedelta(seconds=-5), "0s"),
        (timedelta(seconds=119), "119s"),
        (timedelta(minutes=2), "2m"),
        (timedelta(minutes=3, seconds=10), "3m10s"),
        (timedelta(minutes=10, seconds=30), "10m"),
        (timedelta(minutes=179), "179m"),
        (timedelta(hours=3, minutes=5), "3h5m"),
        (timedelta(hours=8, minutes=5), "8h"),
        (timedelta(hours=47), "47h"),
        (timedelta(days=2, hours=1), "2d1h"),
        (timedelta(days=8, hours=1), "8d"),
        (timedelta(days=729), "729d"),
        (timedelta(days=800), "2y70d"),
        (timedelta(days=4000), "10y"),
    ],
)
def test_a_span_is_told_in_two_units_at_most(span: timedelta, text: str) -> None:
    assert human_duration(span.total_seconds()) == text


def test_a_machine_is_told_in_kubevirts_columns() -> None:
    found = cells(
        "virtualmachineinstances",
        {
            "metadata": {"name": "one", "creationTimestamp": "2026-01-01T23:59:00Z"},
            "status": {
                "phase": "Running",
                "nodeName": "node-1",
                "interfaces": [{"ipAddress": "10.0.0.1"}],
                "conditions": [{"type": "Ready", "status": "True"}],
            },
        },
    )

    assert found == {
        "Name": "one",
        "Age": "60s",
        "Phase": "Running",
        "IP": "10.0.0.1",
        "NodeName": "node-1",
        "Ready": "True",
        "Live-Migratable": None,
        "Paused": None,
    }


def test_a_machine_that_has_no_status_yet_has_empty_cells() -> None:
    found = cells("virtualmachineinstances", {"metadata": {"name": "one"}})

    assert found["Phase"] is None
    assert found["IP"] is None
    assert found["Age"] == "<unknown>"


def test_a_node_is_told_with_its_roles_and_whether_it_takes_pods() -> None:
    found = cells(
        "nodes",
        {
            "metadata": {
                "name": "a",
                "labels": {
                    "node-role.kubernetes.io/worker": "",
                    "node-role.kubernetes.io/control-plane": "",
                },
            },
            "spec": {"unschedulable": True},
            "status": {
                "conditions": [{"type": "Ready", "status": "True"}],
                "addresses": [{"type": "InternalIP", "address": "10.1.0.0"}],
            },
        },
    )

    assert found["Status"] == "Ready,SchedulingDisabled"
    assert found["Roles"] == "control-plane,worker"
    assert found["Internal-IP"] == "10.1.0.0"
    assert found["External-IP"] == "<none>"


def test_an_event_is_told_by_when_it_was_last_seen() -> None:
    found = cells(
        "events",
        {
            "metadata": {"name": "e", "creationTimestamp": "2026-01-01T00:00:00Z"},
            "involvedObject": {"kind": "Pod", "name": "p", "fieldPath": "spec"},
            "firstTimestamp": "2026-01-01T23:50:00Z",
            "lastTimestamp": "2026-01-01T23:59:30Z",
            "source": {"component": "kubelet", "host": "a"},
            "count": 3,
        },
    )

    assert found["Last Seen"] == "30s"
    assert found["First Seen"] == "10m"
    assert found["Object"] == "pod/p"
    assert found["Source"] == "kubelet, a"
    assert found["Count"] == 3


def test_a_revision_is_told_with_its_controller() -> None:
    owner = {"kind": "VirtualMachine", "name": "one", "controller": True}

    found = cells(
        "controllerrevisions",
        {"metadata": {"name": "r", "ownerReferences": [owner]}, "revision": 2},
    )

    assert found["Controller"] == "virtualmachine/one"
    assert found["Revision"] == 2


@pytest.mark.parametrize("plural", sorted(COLUMNS))
@pytest.mark.parametrize("odd", ["x", 3, [], [1], True, {"a": 1}])
def test_an_object_with_odd_fields_is_still_a_row(plural: str, odd: Any) -> None:
    shapes: list[dict[str, Any]] = [
        {"spec": odd, "status": odd},
        {"spec": {"template": odd, "selector": odd, "ports": odd}, "status": {"conditions": odd}},
        {"spec": {"template": {"spec": {"nodeSelector": odd}}}, "status": {"addresses": odd}},
    ]
    for shape in shapes:
        target = {"metadata": {"name": "a", "creationTimestamp": "2026-01-01T00:00:00Z"}, **shape}
        cells = [column.cell(target, NOW) for column in COLUMNS[plural]]
        assert "a" in cells
