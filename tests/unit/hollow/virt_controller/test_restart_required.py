"""Which changes of a running VM need a restart under KubeVirt's default rollout strategy."""

from typing import Any

import pytest

from virtslo.hollow.virt_controller.restart_required import needs_restart

DISKS = [{"name": "root"}]
ROOT = {"name": "root", "containerDisk": {"image": "x"}}
PLUGGED = {"name": "more", "persistentVolumeClaim": {"claimName": "c", "hotpluggable": True}}
FIXED = {"name": "more", "persistentVolumeClaim": {"claimName": "c"}}
VMI: dict[str, Any] = {"metadata": {"name": "a"}}


def spec(
    domain: dict[str, Any] | None = None, disks: tuple[str, ...] = (), **more: Any
) -> dict[str, Any]:
    names = [*DISKS, *({"name": name} for name in disks)]
    base = {
        "cpu": {"cores": 1, "sockets": 1},
        "memory": {"guest": "1Gi"},
        "devices": {"disks": names},
    }
    return {"domain": {**base, **(domain or {})}, "volumes": [ROOT], **more}


def asks(before: dict[str, Any], after: dict[str, Any], vmi: dict[str, Any] = VMI) -> bool:
    vm = {"spec": {"template": {"spec": after}}}
    return needs_restart(vm, vmi, {"data": {"spec": {"template": {"spec": before}}}})


@pytest.mark.parametrize(
    "after",
    [
        spec(),
        spec({"cpu": {"cores": 1, "sockets": 2}}),
        spec({"memory": {"guest": "2Gi"}}),
        spec(nodeSelector={"a": "b"}, affinity={"podAffinity": {}}, tolerations=[{}]),
        spec(disks=("more",), volumes=[ROOT, PLUGGED]),
    ],
    ids=["nothing", "sockets", "memory", "placement", "hotplug"],
)
def test_what_is_updated_live_asks_for_no_restart(after: dict[str, Any]) -> None:
    assert not asks(spec(), after)


@pytest.mark.parametrize(
    "after",
    [
        spec({"cpu": {"cores": 2, "sockets": 1}}),
        spec({"memory": {"guest": "1Gi", "hugepages": {"pageSize": "2Mi"}}}),
        spec({"resources": {"requests": {"memory": "80Mi"}}}),
        spec({"cpu": None}),
        spec(disks=("more",), volumes=[ROOT, FIXED]),
        spec(terminationGracePeriodSeconds=0),
    ],
    ids=["cores", "hugepages", "requests", "no_cpu", "volume", "grace"],
)
def test_everything_else_does(after: dict[str, Any]) -> None:
    assert asks(spec(), after)


def test_a_vmi_that_is_on_its_way_out_needs_no_restart() -> None:
    going = {"metadata": {"name": "a", "deletionTimestamp": "now"}}

    assert not asks(spec(), spec(terminationGracePeriodSeconds=0), going)
    assert not needs_restart({"spec": {"template": {"spec": spec()}}}, VMI, None)
