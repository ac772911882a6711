"""KubeVirt's kinds over the wire: what its webhooks add, and what they refuse in which words."""

from typing import Any

import pytest

from support.kubevirt_bodies import create, path, vm, vmi
from support.raw_api import MERGE, RawApi


def test_a_vmi_is_stored_with_kubevirts_defaults(webhooks: RawApi, space: str) -> None:
    spec = {**vmi(), "volumes": [{"name": "d", "containerDisk": {"image": "x"}}]}

    made = create(webhooks, space, "VirtualMachineInstance", spec).document

    domain = made["spec"]["domain"]
    assert made["metadata"]["finalizers"] == ["kubevirt.io/foregroundDeleteVirtualMachine"]
    assert made["status"]["phase"] == "Pending"
    assert domain["machine"] == {"type": "q35"}
    assert domain["cpu"]["model"] == "host-model"
    assert domain["memory"]["guest"] == "64Mi"
    assert domain["firmware"]["uuid"]
    assert domain["features"]["acpi"] == {"enabled": True}
    assert domain["devices"]["interfaces"] == [{"masquerade": {}, "name": "default"}]
    assert [each["name"] for each in domain["devices"]["disks"]] == ["d"]
    assert made["spec"]["networks"] == [{"name": "default", "pod": {}}]
    assert made["spec"]["architecture"] == "amd64"


def test_a_vm_is_stored_with_kubevirts_defaults(webhooks: RawApi, space: str) -> None:
    made = create(webhooks, space, "VirtualMachine", vm()).document

    below = made["spec"]["template"]["spec"]
    assert below["domain"]["machine"] == {"type": "q35"}
    assert below["architecture"] == "amd64"
    assert made["metadata"]["generation"] == 1


@pytest.mark.parametrize(
    ("spec", "words", "field"),
    [
        (
            {},
            (
                "no memory requested, at least one of 'spec.domain.memory.guest', "
                "'spec.domain.memory.hugepages.size' or "
                "'spec.domain.resources.requests.memory' must be set"
            ),
            "",
        ),
        (
            vmi(resources={"requests": {"memory": "1k"}}),
            "spec.domain.resources.requests.memory '1k': must be greater than or equal to 1M.",
            "spec.domain.resources.requests.memory",
        ),
        (
            vmi(resources={"requests": {"memory": "-64Mi"}}),
            "spec.domain.resources.requests.memory '-64Mi': must be greater than or equal to 0.",
            "spec.domain.resources.requests.memory",
        ),
        (
            vmi(resources={"requests": {"memory": "64Mi"}, "limits": {"memory": "32Mi"}}),
            (
                "spec.domain.resources.requests.memory '64Mi' is greater than "
                "spec.domain.resources.limits.memory '32Mi'"
            ),
            "spec.domain.resources.requests.memory",
        ),
        (
            vmi(resources={"requests": {"memory": "64Mi", "cpu": "2"}, "limits": {"cpu": "1"}}),
            (
                "spec.domain.resources.requests.cpu '2' is greater than "
                "spec.domain.resources.limits.cpu '1'"
            ),
            "spec.domain.resources.requests.cpu",
        ),
        (
            vmi(devices={"disks": [{"name": "d", "disk": {"bus": "virtio"}}]}),
            "spec.domain.devices.disks[0].Name 'd' not found.",
            "spec.domain.devices.disks[0].name",
        ),
        (
            {
                **vmi(devices={"disks": [{"name": "d", "disk": {"bus": "floppy"}}]}),
                "volumes": [{"name": "d", "containerDisk": {"image": "x"}}],
            },
            (
                "spec.domain.devices.disks[0] is set with an unrecognized bus floppy, must be one "
                "of: [virtio scsi sata usb]"
            ),
            "spec.domain.devices.disks[0].disk.bus",
        ),
        (
            {
                **vmi(),
                "volumes": [
                    {"name": "d", "containerDisk": {"image": "x"}},
                    {"name": "d", "containerDisk": {"image": "y"}},
                ],
            },
            "spec.volumes[1] and spec.volumes[0] must not have the same Name.",
            "spec.volumes[1].name",
        ),
        (
            {**vmi(), "volumes": [{"name": "d"}]},
            "spec.volumes[0] must have exactly one source type set",
            "spec.volumes[0]",
        ),
        (
            {**vmi(), "volumes": [{"name": "d", "cloudInitNoCloud": {}}]},
            (
                "spec.volumes[0].cloudInitNoCloud must have at least one userdatasource or one "
                "networkdatasource set."
            ),
            "spec.volumes[0].cloudInitNoCloud",
        ),
        (
            {**vmi(), "networks": [{"name": "n", "pod": {}}]},
            "spec.networks[0].name 'n' not found.",
            "spec.networks[0].name",
        ),
        (
            vmi(devices={"interfaces": [{"name": "n", "masquerade": {}}]}),
            "spec.domain.devices.interfaces[0].name 'n' not found.",
            "spec.domain.devices.interfaces[0].name",
        ),
        (
            vmi(machine={"type": "floppy"}),
            "spec.domain.machine.type is not supported: floppy (allowed values: [q35* pc-q35*])",
            "spec.domain.machine.type",
        ),
    ],
    ids=[
        "nothing",
        "little memory",
        "negative memory",
        "memory above its limit",
        "processors above their limit",
        "disk without a volume",
        "bus",
        "volumes of one name",
        "volume without a source",
        "empty cloud-init",
        "network without an interface",
        "interface without a network",
        "machine",
    ],
)
def test_a_vmi_that_kubevirt_would_refuse_is_refused_in_its_words(
    webhooks: RawApi, space: str, spec: dict[str, Any], words: str, field: str
) -> None:
    answer = create(webhooks, space, "VirtualMachineInstance", spec)

    webhook = "virtualmachineinstances-create-validator.kubevirt.io"
    assert answer.code == 422
    assert answer.document["reason"] == "Invalid"
    assert answer.message.startswith(f'admission webhook "{webhook}" denied the request: ')
    assert words in answer.message
    assert field in [place for _, place in answer.causes]


def test_every_problem_is_told_at_once(webhooks: RawApi, space: str) -> None:
    spec = vmi(machine={"type": "floppy"}, resources={"requests": {"memory": "1k"}})

    answer = create(webhooks, space, "VirtualMachineInstance", spec)

    assert [field for _, field in answer.causes] == [
        "spec.domain.resources.requests.memory",
        "spec.domain.machine.type",
    ]


def test_a_quantity_that_is_none_is_refused(webhooks: RawApi, space: str) -> None:
    spec = vmi(resources={"requests": {"memory": "much"}})

    answer = create(webhooks, space, "VirtualMachineInstance", spec)

    assert answer.code == 400
    assert "quantities must match the regular expression" in answer.message


def test_kubevirts_own_labels_are_not_for_users(webhooks: RawApi, space: str) -> None:
    labels = {"kubevirt.io/nodeName": "node-1"}

    answer = create(webhooks, space, "VirtualMachineInstance", vmi(), labels=labels)

    assert answer.code == 422
    assert answer.causes == [("FieldValueNotSupported", "metadata.labels")]


def test_a_vmi_keeps_its_spec(webhooks: RawApi, space: str) -> None:
    create(webhooks, space, "VirtualMachineInstance", vmi())
    place = path(space, "VirtualMachineInstance", "one")

    patch = {"spec": {"hostname": "other"}}
    refused = webhooks.call("PATCH", place, patch, kind=MERGE)
    labelled = webhooks.call("PATCH", place, {"metadata": {"labels": {"a": "b"}}}, kind=MERGE)

    assert refused.code == 422
    assert "update of VMI object is restricted" in refused.message
    assert labelled.code == 200


@pytest.mark.parametrize(
    ("spec", "words", "field"),
    [
        (
            vm(running=True),
            (
                "Running and RunStrategy are mutually exclusive. Note that Running is deprecated, "
                "please use RunStrategy instead"
            ),
            "spec.running",
        ),
        (
            {"template": {"spec": vmi()}},
            "One of Running or RunStrategy must be specified",
            "spec.running",
        ),
        (vm(runStrategy="Sometimes"), "Invalid RunStrategy (Sometimes)", "spec.runStrategy"),
        (
            vm(instancetype={"name": "no-such-type"}),
            (
                "Failure to find instancetype: virtualmachineclusterinstancetypes."
                'instancetype.kubevirt.io "no-such-type" not found'
            ),
            "spec.instancetype",
        ),
        (
            vm(preference={"name": "no-such-preference"}),
            (
                "Failure to find preference: virtualmachineclusterpreferences."
                'instancetype.kubevirt.io "no-such-preference" not found'
            ),
            "spec.preference",
        ),
    ],
    ids=["both", "neither", "unknown", "no instancetype", "no preference"],
)
def test_a_vm_that_kubevirt_would_refuse_is_refused_in_its_words(
    webhooks: RawApi, space: str, spec: dict[str, Any], words: str, field: str
) -> None:
    answer = create(webhooks, space, "VirtualMachine", spec)

    webhook = "virtualmachine-validator.kubevirt.io"
    assert answer.code == 422
    assert answer.message == f'admission webhook "{webhook}" denied the request: {words}'
    assert [place for _, place in answer.causes] == [field]


def test_a_vm_without_a_template_is_not_valid(webhooks: RawApi, space: str) -> None:
    answer = create(webhooks, space, "VirtualMachine", {"runStrategy": "Halted"})

    assert answer.code == 422
    assert answer.message.startswith('VirtualMachine.kubevirt.io "one" is invalid: ')
    assert "spec.template: Required value" in answer.message


def test_an_instancetype_leaves_a_vm_without_fields_of_its_own(
    webhooks: RawApi, space: str
) -> None:
    kind = "VirtualMachineInstancetype"
    sized = {
        "apiVersion": "instancetype.kubevirt.io/v1beta1",
        "kind": kind,
        "metadata": {"name": "sized"},
        "spec": {"cpu": {"guest": 1}, "memory": {"guest": "64Mi"}},
    }
    base = f"/apis/instancetype.kubevirt.io/v1beta1/namespaces/{space}"
    assert webhooks.call("POST", f"{base}/virtualmachineinstancetypes", sized).code == 201

    spec = vm(instancetype={"name": "sized", "kind": kind})
    answer = create(webhooks, space, "VirtualMachine", spec)
    del spec["template"]["spec"]["domain"]["resources"]
    fitting = create(webhooks, space, "VirtualMachine", spec)

    field = "spec.template.spec.domain.resources.requests.memory"
    assert f"VM field(s) {field} conflicts with selected instance type" in answer.message
    assert answer.causes == [("FieldValueInvalid", field)]
    assert fitting.code == 201
