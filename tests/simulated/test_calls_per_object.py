"""Calls per object equal those of a real control plane: call by call, code by code, in order."""

import sys
from collections.abc import Sequence

import pytest

from support.calls_table import SEEDS, Cell, cells_of, fewest_seeds
from support.hollow_clusters import NAMESPACE, Hollow, vm, vmi
from support.real_deletions import LEAST_RUNS, real_runs
from support.reference_calls import (
    CREATE_COLUMNS,
    DELETE,
    DELETE_COLUMNS,
    REPEATS,
    UNDETERMINED,
    tolerance,
)
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes import resources
from virtslo.model.kubernetes.resources import Resource

pytestmark = pytest.mark.timeout(300)

COLUMNS = [
    *(pytest.param(i, fewest_seeds(i), id=name) for i, name in enumerate(CREATE_COLUMNS)),
    *(
        pytest.param(i, SEEDS, id=f"{name}, every seed", marks=pytest.mark.slow)
        for i, name in enumerate(CREATE_COLUMNS)
        if fewest_seeds(i) != SEEDS
    ),
]

OTHERS = frozenset({"loader", "kube-scheduler", "kube-controller-manager"})
"""Whose writes are no part of an object's own order."""

VMI_ORDER = [
    "virt-controller update virtualmachineinstances",
    "virt-controller create pods",
    "virt-controller patch pods/status",
    "virt-controller update virtualmachineinstances",
    "virt-controller update virtualmachineinstances",
    "virt-controller update virtualmachineinstances",
    "virt-controller patch pods",
    "virt-handler update virtualmachineinstances",
    "virt-handler update virtualmachineinstances",
    "virt-controller patch virtualmachineinstances",
]
"""One VMI on an idle plane: the writes to it and to its pod, in the recorded order."""

VM_ORDER = [
    "virt-controller patch virtualmachines",
    "virt-controller create controllerrevisions",
    "virt-controller create virtualmachineinstances",
    "virt-controller create pods",
    "virt-controller patch pods/status",
    "virt-controller patch pods",
    "virt-handler update virtualmachineinstances",
    "virt-handler update virtualmachineinstances",
    "virt-controller patch virtualmachineinstances",
]

DELETE_ORDER = [
    "virt-controller delete pods",
    "virt-controller patch virtualmachineinstances",
    "virt-handler update virtualmachineinstances",
    "kubelet patch pods/status",
    "kubelet delete pods",
    "virt-controller update virtualmachineinstances",
]


@pytest.mark.parametrize(("index", "seeds"), COLUMNS)
def test_calls_per_object_are_the_references(index: int, seeds: Sequence[int]) -> None:
    cells = list(cells_of(index, seeds))
    table = [f"{cell}{'' if cell.is_met else '   differs'}" for cell in cells if not cell.is_zero]
    sys.stdout.write("\n".join([*table, ""]))
    differing = [str(cell) for cell in cells if not cell.is_met]
    assert not differing


@pytest.mark.parametrize(
    ("part", "column", "component", "call", "expected", "met", "missed"),
    [
        ("delete", "VMI ×100", "virt-controller", "create pods 201", 1.0, (0.86, 1.14), (0.8, 1.2)),
        ("delete", "VMI ×100", "virt-controller", REPEATS, 0.53, (0.0, 0.75), (-0.01, 0.76)),
        ("delete", "VM ×30", "virt-controller", REPEATS, 1.4, (0.6, 1.2, 1.4), (0.59, 1.45)),
        ("delete", "VMI ×100", "kubelet", REPEATS, 0.53, (0.4, 0.66), (0.3, 0.7)),
        ("create", "VMI ×100", "virt-controller", REPEATS, 0.53, (0.4, 0.66), (0.3, 0.7)),
    ],
)
def test_a_cell_is_met_near_the_reference_or_in_the_range_of_real_runs(
    part: str,
    column: str,
    component: str,
    call: str,
    expected: float,
    met: tuple[float, ...],
    missed: tuple[float, ...],
) -> None:
    def is_met(actual: float) -> bool:
        return Cell(part, column, component, call, expected, actual).is_met

    assert all(map(is_met, met))
    assert not any(map(is_met, missed))


@pytest.mark.parametrize(("column", "call"), UNDETERMINED)
def test_real_runs_differ_more_than_a_cell_may_that_is_held_to_their_range(
    column: str, call: str
) -> None:
    runs = real_runs(column, call)
    reference = DELETE["virt-controller", call][DELETE_COLUMNS.index(column)]

    assert len(runs) >= LEAST_RUNS
    assert max(runs) - min(runs) > 2 * tolerance(column, reference)


async def _one(hollow: Hollow, resource: Resource, body: Object) -> tuple[list[str], list[str]]:
    """The writes of one object's life, as `component verb resource`: coming up, going down."""
    name = body["metadata"]["name"]
    await hollow.api.create(resource, body, namespace=NAMESPACE)
    await hollow.until_status(resources.VMIS, name, "phase", "Running")

    async def is_settled() -> bool:
        return hollow.clock.now_ns() > settled_ns

    settled_ns = hollow.clock.now_ns() + 3_000_000_000
    await hollow.until(is_settled)
    up = _writes(hollow)
    hollow.audit_log.clear()
    await hollow.api.delete(resource, name, namespace=NAMESPACE)
    await hollow.until_gone(resources.VMIS, name)
    return up, _writes(hollow)


def _writes(hollow: Hollow) -> list[str]:
    lines = []
    for line in hollow.audit_log:
        component, reference = line["userAgent"].split("/")[0], line["objectRef"]
        if line["verb"] in {"get", "list", "watch"} or component in OTHERS:
            continue
        resource = "/".join(filter(None, (reference["resource"], reference.get("subresource"))))
        if resource in {"events", "leases", "nodes", "nodes/status"}:
            continue
        if line["responseStatus"]["code"] < 300:
            lines.append(f"{component} {line['verb']} {resource}")
    return lines


@pytest.mark.hollow(profile="two-core")
async def test_a_vmi_comes_and_goes_in_the_recorded_order(hollow: Hollow) -> None:
    hollow.audit_log.clear()
    up, down = await _one(hollow, resources.VMIS, vmi("a"))

    assert [line for line in up if not line.startswith("kubelet")] == VMI_ORDER
    assert [line for line in down if line != "virt-controller delete pods"] == DELETE_ORDER[1:]
    assert down[0] == DELETE_ORDER[0]


@pytest.mark.hollow(profile="two-core")
async def test_a_vm_comes_up_in_the_recorded_order(hollow: Hollow) -> None:
    hollow.audit_log.clear()
    up, _ = await _one(hollow, resources.VMS, vm("a"))
    left_out = ("kubelet", "virt-controller update")

    assert [line for line in up if not line.startswith(left_out)] == VM_ORDER
    first = [line for line in up if "virtualmachines" in line][:3]
    assert sorted(first) == [
        "virt-controller patch virtualmachines",
        "virt-controller update virtualmachines",
        "virt-controller update virtualmachines/status",
    ]
