"""The shape of an object: numbers and the API's own names, whatever is in the object."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from virtslo.model.plan.trace import Shape
from virtslo.model.plan.workload import Kind
from virtslo.observe.shapes import members_of, owner_of, shape_of

MACHINE = {
    "domain": {
        "cpu": {"cores": 2, "sockets": 3},
        "memory": {"guest": "1Gi"},
        "resources": {"requests": {"cpu": "250m"}},
        "devices": {"disks": [{"name": "secret-disk"}], "interfaces": [{}, {}], "rng": {}},
    },
    "volumes": [
        {"name": "a", "persistentVolumeClaim": {"claimName": "payroll"}},
        {"name": "b", "containerDisk": {"image": "registry/private"}},
        {"name": "c", "payroll": {}},
    ],
}
EXPECTED = Shape(
    vcpus=6,
    cpu_milli=250,
    memory_bytes=1 << 30,
    devices={"disks": 1, "interfaces": 2},
    volumes={"containerDisk": 1, "other": 1, "persistentVolumeClaim": 1},
)


@pytest.mark.parametrize(
    ("kind", "spec"),
    [
        (Kind.VMI, MACHINE),
        (Kind.VM, {"runStrategy": "Always", "template": {"spec": MACHINE}}),
        (Kind.VMIRS, {"template": {"spec": MACHINE}}),
        (
            Kind.VMPOOL,
            {"virtualMachineTemplate": {"spec": {"template": {"spec": MACHINE}}}},
        ),
    ],
)
def test_a_shape_is_read_at_the_place_of_its_kind(kind: Kind, spec: dict[str, Any]) -> None:
    assert shape_of(kind, {"spec": spec}) == EXPECTED


@pytest.mark.parametrize(
    ("spec", "starts"),
    [
        ({"runStrategy": "Halted"}, False),
        ({"runStrategy": "Manual"}, False),
        ({"runStrategy": "Once"}, True),
        ({"running": False}, False),
        ({"running": True}, True),
    ],
)
def test_a_machine_that_nothing_starts_is_known(spec: dict[str, Any], starts: bool) -> None:
    found = shape_of(Kind.VM, {"spec": spec})

    assert found is not None
    assert found.starts is starts


def test_vcpus_alone_request_a_tenth_of_a_cpu_each() -> None:
    assert Shape(vcpus=4).requested_milli == 400
    assert Shape(vcpus=4, cpu_milli=1).requested_milli == 1
    assert Shape().requested_milli is None


def test_only_a_controller_of_kubevirts_is_an_owner() -> None:
    def owned(version: str, kind: str, controller: bool) -> dict[str, Any]:
        reference = {"apiVersion": version, "kind": kind, "name": "n", "uid": "u"}
        return {"metadata": {"ownerReferences": [{**reference, "controller": controller}]}}

    assert owner_of(owned("kubevirt.io/v1", "VirtualMachine", True)) == (Kind.VM, "n", "u")
    assert owner_of(owned("kubevirt.io/v1", "VirtualMachine", False)) is None
    assert owner_of(owned("example.com/v1", "VirtualMachine", True)) is None
    assert owner_of(owned("apps/v1", "Deployment", True)) is None


def test_members_of_a_group_are_its_replicas() -> None:
    assert members_of(Kind.VMPOOL, {"spec": {"replicas": 7}}) == 7
    assert members_of(Kind.VMIRS, {"spec": {}}) == 1
    assert members_of(Kind.VMPOOL, {"spec": {"replicas": "many"}}) == 1
    assert members_of(Kind.VM, {"spec": {"replicas": 7}}) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda below: st.lists(below, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["spec", "domain", "cpu", "cores", "memory", "guest", "devices", "disks", "volumes",
             "template", "running", "resources", "requests", "metadata", "ownerReferences"]
        ),
        below,
        max_size=4,
    ),
    max_leaves=12,
)  # fmt: skip


@given(JSON, st.sampled_from(Kind))
def test_odd_objects_never_fail(target: Any, kind: Kind) -> None:
    shape_of(kind, target)
    owner_of(target)
    members_of(kind, target)
