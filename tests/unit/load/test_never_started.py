"""VMs that nothing starts, by what their manifests say."""

from typing import Any

import pytest

from virtslo.load.never_started import never_started
from virtslo.load.planned import PlannedObject
from virtslo.model.plan.workload import Kind


def planned(kind: Kind, spec: Any) -> PlannedObject:
    return PlannedObject(0, kind, "w", "one", {"spec": spec})


@pytest.mark.parametrize(
    ("spec", "place", "value"),
    [
        ({"runStrategy": "Halted"}, "spec.runStrategy", "Halted"),
        ({"runStrategy": "Manual"}, "spec.runStrategy", "Manual"),
        ({"runStrategy": "WaitAsReceiver"}, "spec.runStrategy", "WaitAsReceiver"),
        ({"running": False}, "spec.running", "false"),
    ],
)
def test_a_vm_that_nothing_starts_is_named_once(
    spec: dict[str, Any], place: str, value: str
) -> None:
    (problem,) = never_started([planned(Kind.VM, spec)] * 3)

    assert problem.place == f"template: {place}"
    assert problem.found == f"{value} (of 3 objects)"


def test_the_vms_of_a_pool_are_looked_at_too() -> None:
    spec = {"virtualMachineTemplate": {"spec": {"running": False}}}

    (problem,) = never_started([planned(Kind.VMPOOL, spec)])

    assert problem.place == "template: spec.virtualMachineTemplate.spec.running"


@pytest.mark.parametrize(
    ("kind", "spec"),
    [
        (Kind.VM, {"runStrategy": "Always"}),
        (Kind.VM, {"runStrategy": "RerunOnFailure"}),
        (Kind.VM, {"runStrategy": "Once"}),
        (Kind.VM, {"running": True}),
        (Kind.VM, {}),
        (Kind.VM, None),
        (Kind.VMI, {"runStrategy": "Halted"}),
        (Kind.VMPOOL, {"virtualMachineTemplate": None}),
    ],
)
def test_what_is_started_or_not_known_is_not_named(kind: Kind, spec: Any) -> None:
    assert never_started([planned(kind, spec)]) == []
