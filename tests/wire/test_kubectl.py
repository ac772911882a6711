"""kubectl judges the simulated cluster: what people do with a cluster, done with this one."""

import json
import subprocess
import time
from typing import Any

import pytest

from support.kubectl import KUBECTL, WHY_NOT, Kubectl, machine, vmi

pytestmark = [
    pytest.mark.skipif(KUBECTL is None, reason=WHY_NOT),
]
WAIT = "--timeout=600s"


def vm(name: str = "one", memory: str = "64Mi", strategy: str = "Always") -> dict[str, Any]:
    return {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachine",
        "metadata": {"name": name},
        "spec": {
            "runStrategy": strategy,
            "template": {"metadata": {"labels": {"vm": name}}, "spec": machine(memory)},
        },
    }


def pool(name: str, replicas: int) -> dict[str, Any]:
    labels = {"pool": name}
    spec = vm()["spec"]
    spec["template"]["metadata"]["labels"] = labels
    return {
        "apiVersion": "pool.kubevirt.io/v1beta1",
        "kind": "VirtualMachinePool",
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "virtualMachineTemplate": {"metadata": {"labels": labels}, "spec": spec},
        },
    }


def test_resources_and_versions_are_listed(kubectl: Kubectl) -> None:
    resources = kubectl("api-resources", "--no-headers").splitlines()
    rows = {line.split()[0]: line.split() for line in resources}

    assert rows["virtualmachineinstances"] == [
        "virtualmachineinstances",
        "vmi,vmis",
        "kubevirt.io/v1",
        "true",
        "VirtualMachineInstance",
    ]
    assert rows["virtualmachinepools"][2] == "pool.kubevirt.io/v1beta1"
    assert rows["nodes"][-2] == "false"
    versions = kubectl("api-versions").split()
    assert {"v1", "kubevirt.io/v1", "pool.kubevirt.io/v1alpha1"} <= set(versions)
    assert "Server Version: v1." in kubectl("version")


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("vmi", ["KIND:       VirtualMachineInstance", "VERSION:    v1", "spec", "status"]),
        ("vmi.spec.domain", ["FIELD: domain <", "devices", "memory", "resources"]),
        ("vm.spec.runStrategy", ["FIELD: runStrategy <string>"]),
        ("vmpool.spec", ["virtualMachineTemplate", "replicas"]),
        ("pods.spec.containers", ["FIELD: containers <"]),
        ("configmap", ["KIND:       ConfigMap", "data"]),
    ],
)
def test_kinds_are_explained(kubectl: Kubectl, path: str, words: list[str]) -> None:
    text = kubectl("explain", path)

    assert [word for word in words if word not in text] == []


def test_a_vm_is_applied_waited_for_and_shown(kubectl: Kubectl) -> None:
    assert kubectl("apply", "-f", "-", body=vm()).strip().endswith("one created")
    kubectl("wait", "vm/one", "--for=condition=Ready", WAIT)
    kubectl("wait", "vmi/one", "--for=jsonpath={.status.phase}=Running", WAIT)

    heading, row = kubectl("get", "vmi", "-o", "wide").splitlines()
    assert heading.split() == [
        "NAME",
        "AGE",
        "PHASE",
        "IP",
        "NODENAME",
        "READY",
        "LIVE-MIGRATABLE",
        "PAUSED",
    ]
    assert row.split()[0] == "one"
    assert row.split()[2] == "Running"
    assert row.split()[4].startswith("node-")
    heading, row = kubectl("get", "vm").splitlines()
    assert heading.split() == ["NAME", "AGE", "STATUS", "READY"]
    assert row.split()[2:] == ["Running", "True"]
    assert "printableStatus: Running" in kubectl("get", "vm", "one", "-o", "yaml")
    names = kubectl("get", "vm,vmi,pods", "-o", "name").split()
    assert names[:2] == ["virtualmachine.kubevirt.io/one", "virtualmachineinstance.kubevirt.io/one"]
    assert names[2].startswith("pod/virt-launcher-one-")
    assert "virtualmachine.kubevirt.io/one" in kubectl("get", "all")


def test_a_changed_manifest_is_compared_and_applied(kubectl: Kubectl) -> None:
    kubectl("apply", "-f", "-", body=vm(strategy="Halted"))
    changed = vm(strategy="Halted", memory="80Mi")

    difference = kubectl.run("diff", "-f", "-", body=changed)
    configured = kubectl("apply", "-f", "-", body=changed)
    again = kubectl("apply", "-f", "-", body=changed)

    assert difference.returncode == 1
    assert "+            memory: 80Mi" in difference.stdout
    assert configured.strip().endswith("one configured")
    assert again.strip().endswith("one unchanged")


def test_a_manifest_is_applied_on_the_server(kubectl: Kubectl) -> None:
    first = kubectl("apply", "--server-side", "-f", "-", body=vm(strategy="Halted"))
    other = ("--server-side", "--field-manager=other", "-f", "-")
    conflict = kubectl.refused("apply", *other, body=vm(strategy="Manual"))
    forced = kubectl("apply", *other, "--force-conflicts", body=vm(strategy="Manual"))

    assert first.strip().endswith("serverside-applied")
    assert 'Apply failed with 1 conflict: conflict with "kubectl": .spec.runStrategy' in conflict
    assert forced.strip().endswith("serverside-applied")
    assert kubectl("get", "vm", "one", "-o", "jsonpath={.spec.runStrategy}") == "Manual"


def test_a_vmi_is_described_with_its_events(kubectl: Kubectl) -> None:
    kubectl("create", "-f", "-", body=vmi())
    kubectl("wait", "vmi/one", "--for=condition=Ready", WAIT)

    text = kubectl("describe", "vmi", "one")

    assert "Kind:         VirtualMachineInstance" in text
    events = text[text.index("Events:") :]
    for reason in ("SuccessfulCreate", "Created", "Started"):
        assert reason in events
    assert "Successfully assigned" in kubectl("describe", "pod", "-l", "kubevirt.io=virt-launcher")
    assert "SuccessfulCreate" in kubectl("get", "events")
    assert "Started" in kubectl("events", "--for", "virtualmachineinstance/one")


def test_a_node_is_described_with_what_runs_on_it(kubectl: Kubectl) -> None:
    kubectl("create", "-f", "-", body=vmi())
    kubectl("wait", "vmi/one", "--for=condition=Ready", WAIT)
    node = kubectl("get", "vmi", "one", "-o", "jsonpath={.status.nodeName}")

    text = kubectl("describe", "node", node)

    assert "virt-launcher-one-" in text
    assert f"virt-handler-{node}" in text


@pytest.mark.parametrize(
    "made",
    [pool("fleet", 1)],
    ids=["pool"],
)
def test_a_pool_is_scaled(kubectl: Kubectl, made: dict[str, Any]) -> None:
    kubectl("create", "-f", "-", body=made)
    kubectl("wait", "vmpool/fleet", "--for=jsonpath={.status.readyReplicas}=1", WAIT)

    kubectl("scale", "vmpool", "fleet", "--replicas=3")
    kubectl("wait", "vmpool/fleet", "--for=jsonpath={.status.readyReplicas}=3", WAIT)
    names = kubectl("get", "vm", "-o", "name").split()
    refused = kubectl.refused("scale", "vmpool", "fleet", "--current-replicas=9", "--replicas=1")

    assert names == [f"virtualmachine.kubevirt.io/fleet-{index}" for index in range(3)]
    assert "Expected replicas to be 9" in refused


def test_a_vm_is_deleted_with_all_that_came_of_it(kubectl: Kubectl) -> None:
    kubectl("create", "-f", "-", body=vm())
    kubectl("wait", "vm/one", "--for=condition=Ready", WAIT)

    kubectl("delete", "vm", "one", "--wait", WAIT)

    assert "NotFound" in kubectl.refused("get", "vm", "one")
    kubectl("wait", "vmi,pods", "--all", "--for=delete", WAIT)
    assert kubectl("get", "vmi,pods", "-o", "name") == ""


@pytest.mark.parametrize(("cascade", "left"), [("background", 0), ("foreground", 0), ("orphan", 2)])
def test_a_deletion_cascades_as_it_is_told_to(kubectl: Kubectl, cascade: str, left: int) -> None:
    template = {"metadata": {"labels": {"set": "x"}}, "spec": machine()}
    body = {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachineInstanceReplicaSet",
        "metadata": {"name": "x"},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": {"set": "x"}},
            "template": template,
        },
    }
    kubectl("create", "-f", "-", body=body)
    kubectl("wait", "vmirs/x", "--for=jsonpath={.status.readyReplicas}=2", WAIT)

    kubectl("delete", "vmirs", "x", f"--cascade={cascade}", "--wait", WAIT)
    if not left:
        kubectl("wait", "vmi", "--all", "--for=delete", WAIT)

    found = json.loads(kubectl("get", "vmi", "-o", "json"))["items"]
    assert len(found) == left
    assert all(not each["metadata"].get("ownerReferences") for each in found)


def test_changes_are_followed_as_they_come(kubectl: Kubectl) -> None:
    command = kubectl.command("get", "vmi", "--watch", "--no-headers")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as following:
        try:
            time.sleep(1)
            kubectl("create", "-f", "-", body=vmi())
            kubectl("wait", "vmi/one", "--for=condition=Ready", WAIT)
            kubectl("delete", "vmi", "one", "--wait", WAIT)
            time.sleep(1)
        finally:
            following.terminate()
        assert following.stdout is not None
        lines = following.stdout.read().splitlines()

    phases = list(dict.fromkeys(line.split()[2] for line in lines))
    assert [phase for phase in phases if phase != "Pending"] == [
        "Scheduling",
        "Scheduled",
        "Running",
        "Succeeded",
    ]


def test_what_is_not_valid_is_told(kubectl: Kubectl) -> None:
    body = vmi()
    body["spec"]["domain"]["resources"]["requests"]["memory"] = "1k"

    told = kubectl.refused("create", "-f", "-", body=body)

    assert "spec.domain.resources.requests.memory" in told
    assert "must be greater than or equal to 1M" in told


def test_a_dry_run_on_the_server_stores_nothing(kubectl: Kubectl) -> None:
    told = kubectl("create", "--dry-run=server", "-f", "-", body=vmi())

    assert told.strip().endswith("created (server dry run)")
    assert kubectl("get", "vmi", "-o", "name") == ""


def test_labels_annotations_and_patches_are_written(kubectl: Kubectl) -> None:
    kubectl("create", "-f", "-", body=vm(strategy="Halted"))

    kubectl("label", "vm", "one", "colour=red")
    kubectl("annotate", "vm", "one", "note=hello")
    kubectl("patch", "vm", "one", "--type=merge", "-p", '{"spec":{"runStrategy":"Manual"}}')
    operation = '[{"op":"add","path":"/metadata/labels/size","value":"s"}]'
    kubectl("patch", "vm", "one", "--type=json", "-p", operation)

    found = json.loads(kubectl("get", "vm", "-l", "colour=red,size", "-o", "json"))["items"][0]
    assert found["metadata"]["annotations"]["note"] == "hello"
    assert found["spec"]["runStrategy"] == "Manual"


def test_core_kinds_are_made_by_their_own_commands(kubectl: Kubectl) -> None:
    kubectl("create", "configmap", "settings", "--from-literal=a=b")
    kubectl("create", "secret", "generic", "hidden", "--from-literal=word=hello")
    kubectl("create", "serviceaccount", "robot")

    assert kubectl("get", "cm", "settings", "-o", "jsonpath={.data.a}") == "b"
    assert kubectl("get", "secret", "hidden", "-o", "jsonpath={.data.word}") == "aGVsbG8="
    assert kubectl("get", "sa", "-o", "name").split() == [
        "serviceaccount/default",
        "serviceaccount/robot",
    ]


def test_long_lists_come_in_pages(kubectl: Kubectl) -> None:
    items = [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"map-{index:02d}"}}
        for index in range(20)
    ]
    kubectl("create", "-f", "-", body={"apiVersion": "v1", "kind": "List", "items": items})

    listed = kubectl("get", "cm", "--chunk-size=3", "-o", "name").split()

    assert [name for name in listed if "map-" in name] == [
        f"configmap/map-{index:02d}" for index in range(20)
    ]


def test_fields_are_validated_where_the_server_knows_them(kubectl: Kubectl) -> None:
    body = vm(strategy="Halted")
    body["spec"]["template"]["spec"]["extra"] = {}
    path = 'unknown field "spec.template.spec.extra"'

    strict = kubectl.refused("create", "-f", "-", body=body)
    warned = kubectl.run("create", "--validate=warn", "-f", "-", body=body)

    assert f"strict decoding error: {path}" in strict
    assert warned.returncode == 0
    assert f"Warning: {path}" in warned.stderr


def test_every_kind_is_explained_to_its_depths(kubectl: Kubectl) -> None:
    text = kubectl("explain", "vmpool", "--recursive")

    assert "requests\t<map[string]string>" in text
    assert "containerDisk\t<" in text
    older = kubectl("explain", "vm.spec.runStrategy", "--output=plaintext-openapiv2")
    assert "FIELD:    runStrategy <string>" in older
