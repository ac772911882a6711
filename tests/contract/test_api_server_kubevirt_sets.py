"""KubeVirt's pools, sets and migrations over the wire, its older versions and its columns."""

from typing import Any

import pytest

from support.kubevirt_bodies import body, create, path, vm, vmi
from support.raw_api import MERGE, RawApi


def replica_set(**spec: Any) -> dict[str, Any]:
    template = {"metadata": {"labels": {"a": "b"}}, "spec": vmi()}
    return {"selector": {"matchLabels": {"a": "b"}}, "template": template, **spec}


def pool(**spec: Any) -> dict[str, Any]:
    template = {"metadata": {"labels": {"a": "b"}}, "spec": vm()}
    return {"selector": {"matchLabels": {"a": "b"}}, "virtualMachineTemplate": template, **spec}


@pytest.mark.parametrize(
    ("kind", "spec"),
    [("VirtualMachineInstanceReplicaSet", replica_set), ("VirtualMachinePool", pool)],
    ids=["replica set", "pool"],
)
def test_a_selector_must_select_what_is_made(
    webhooks: RawApi, space: str, kind: str, spec: Any
) -> None:
    other = create(webhooks, space, kind, spec(selector={"matchLabels": {"a": "c"}}))
    none = spec()
    del none["selector"]
    missing = create(webhooks, space, kind, none)
    made = create(webhooks, space, kind, spec(replicas=0))

    assert other.code == 422
    assert other.message.endswith("denied the request: selector does not match labels.")
    assert other.causes == [("FieldValueInvalid", "spec.selector")]
    assert missing.code == 422
    assert ("FieldValueRequired", "spec.selector") in missing.causes
    assert made.code == 201


def test_a_pool_keeps_its_selector(webhooks: RawApi, space: str) -> None:
    create(webhooks, space, "VirtualMachinePool", pool(replicas=0))
    labels = {"a": "b", "c": "d"}
    template = {"metadata": {"labels": labels}}
    patch = {"spec": {"selector": {"matchLabels": labels}, "virtualMachineTemplate": template}}

    answer = webhooks.call("PATCH", path(space, "VirtualMachinePool", "one"), patch, kind=MERGE)

    assert answer.code == 422
    assert "selector is immutable after creation." in answer.message


@pytest.mark.parametrize(
    ("kind", "spec"),
    [("VirtualMachineInstanceReplicaSet", replica_set), ("VirtualMachinePool", pool)],
    ids=["replica set", "pool"],
)
def test_a_scale_is_read_and_written(kubevirt: RawApi, space: str, kind: str, spec: Any) -> None:
    create(kubevirt, space, kind, spec(replicas=0))
    place = f"{path(space, kind, 'one')}/scale"

    scale = kubevirt.call("GET", place).document
    updated = kubevirt.call("PUT", place, {**scale, "spec": {"replicas": 2}}).document
    stale = kubevirt.call("PUT", place, {**scale, "spec": {"replicas": 3}})
    negative = kubevirt.call("PATCH", place, {"spec": {"replicas": -1}}, kind=MERGE)
    zero = kubevirt.call("PATCH", place, {"spec": {"replicas": 0}}, kind=MERGE).document

    assert (scale["kind"], scale["apiVersion"]) == ("Scale", "autoscaling/v1")
    assert scale["spec"].get("replicas", 0) == 0
    assert updated["spec"]["replicas"] == 2
    assert stale.code == 409
    assert negative.code == 422
    assert zero["spec"].get("replicas", 0) == 0


def test_a_migration_needs_a_vmi(webhooks: RawApi, space: str) -> None:
    kind = "VirtualMachineInstanceMigration"

    none = create(webhooks, space, kind, {})
    missing = create(webhooks, space, kind, {"vmiName": "none"})

    assert none.code == 422
    assert "vmiName is missing" in none.message
    assert missing.code == 400
    assert f'the VMI "{space}/none" does not exist' in missing.message


@pytest.mark.parametrize(
    ("kind", "spec", "version"),
    [
        ("VirtualMachine", vm, "v1alpha3"),
        ("VirtualMachinePool", pool, "v1alpha1"),
    ],
    ids=["machines", "pools"],
)
def test_older_versions_are_served_beside_the_stored_one(
    kubevirt: RawApi, space: str, kind: str, spec: Any, version: str
) -> None:
    extra = {} if kind == "VirtualMachine" else {"replicas": 0}
    made = create(kubevirt, space, kind, spec(**extra)).document
    older = path(space, kind, version=version)
    api_version = f"{made['apiVersion'].split('/')[0]}/{version}"

    read = kubevirt.call("GET", f"{older}/one").document
    listed = kubevirt.call("GET", older).document
    again = {**body(kind, spec(**extra)), "apiVersion": api_version}
    again["metadata"]["name"] = "two"
    written = kubevirt.call("POST", older, again).document
    start = listed["metadata"]["resourceVersion"]
    with kubevirt.watch(older, resourceVersion=start) as events:
        event = next(events)

    assert read["apiVersion"] == written["apiVersion"] == api_version
    assert read["spec"] == made["spec"]
    assert read["metadata"]["uid"] == made["metadata"]["uid"]
    assert listed["apiVersion"] == api_version
    assert listed["items"][0]["apiVersion"] == api_version
    assert event["object"]["apiVersion"] == api_version
    stored = kubevirt.call("GET", path(space, kind, "two")).document
    assert stored["apiVersion"] == made["apiVersion"]


@pytest.mark.parametrize(
    ("kind", "columns"),
    [
        (
            "VirtualMachineInstance",
            ["Name", "Age", "Phase", "IP", "NodeName", "Ready", "Live-Migratable", "Paused"],
        ),
        ("VirtualMachine", ["Name", "Age", "Status", "Ready"]),
        ("VirtualMachineInstanceReplicaSet", ["Name", "Desired", "Current", "Ready", "Age"]),
        ("VirtualMachinePool", ["Name", "Desired", "Current", "Ready", "Age"]),
    ],
)
def test_tables_have_kubevirts_columns(
    kubevirt: RawApi, space: str, kind: str, columns: list[str]
) -> None:
    accept = "application/json;as=Table;g=meta.k8s.io;v=v1"

    table = kubevirt.call("GET", path(space, kind), accept=accept).document

    assert [each["name"] for each in table["columnDefinitions"]] == columns
