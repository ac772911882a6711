"""Definitions of KubeVirt's resources for a cluster without KubeVirt: just enough to be served.

Invariant: every field is kept as it is written; nothing is checked that KubeVirt itself would
check. A VMI begins Pending and is not gone before its controller has let it go, as with virt-api.
"""

from collections.abc import Mapping
from typing import Any, Final

from virtslo.hollow.vmi.vmi_status import VMI_FINALIZER
from virtslo.model.kubernetes import resources
from virtslo.model.kubernetes.resources import Resource

MANAGED_LABEL: Final = "virtslo.io/hollow"
"""On everything that `virtslo hollow` makes, and on nothing else."""
DEFINED: Final = (
    resources.KUBEVIRTS,
    resources.VMS,
    resources.VMIS,
    resources.VMI_REPLICA_SETS,
    resources.VMI_MIGRATIONS,
    resources.VM_POOLS,
    resources.INSTANCETYPES,
    resources.CLUSTER_INSTANCETYPES,
    resources.PREFERENCES,
    resources.CLUSTER_PREFERENCES,
)
ADMISSION_POLICIES: Final = Resource(
    "admissionregistration.k8s.io",
    "v1",
    "mutatingadmissionpolicies",
    "MutatingAdmissionPolicy",
    namespaced=False,
)
ADMISSION_BINDINGS: Final = Resource(
    "admissionregistration.k8s.io",
    "v1",
    "mutatingadmissionpolicybindings",
    "MutatingAdmissionPolicyBinding",
    namespaced=False,
)
POLICY_NAME: Final = "virtslo-hollow-vmi"

_ANYTHING: Final = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
_AGE: Final = ("Age", "date", ".metadata.creationTimestamp")
_READY: Final = ("Ready", "string", ".status.conditions[?(@.type=='Ready')].status")
_SCALED: Final = (
    ("Desired", "integer", ".spec.replicas"),
    ("Current", "integer", ".status.replicas"),
    ("Ready", "integer", ".status.readyReplicas"),
    _AGE,
)
_COLUMNS: Final[Mapping[str, tuple[tuple[str, str, str], ...]]] = {
    "KubeVirt": (_AGE, ("Phase", "string", ".status.phase")),
    "VirtualMachine": (_AGE, ("Status", "string", ".status.printableStatus"), _READY),
    "VirtualMachineInstance": (
        _AGE,
        ("Phase", "string", ".status.phase"),
        ("IP", "string", ".status.interfaces[0].ipAddress"),
        ("NodeName", "string", ".status.nodeName"),
        _READY,
    ),
    "VirtualMachineInstanceReplicaSet": _SCALED,
    "VirtualMachinePool": _SCALED,
    "VirtualMachineInstanceMigration": (
        ("Phase", "string", ".status.phase"),
        ("VMI", "string", ".spec.vmiName"),
    ),
}
_SCALE: Final = {
    "specReplicasPath": ".spec.replicas",
    "statusReplicasPath": ".status.replicas",
    "labelSelectorPath": ".status.labelSelector",
}


def definition_of(resource: Resource) -> dict[str, Any]:
    """The CustomResourceDefinition of a resource."""
    version: dict[str, Any] = {
        "name": resource.version,
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": _schema(resource)},
    }
    subresources = {
        name: _SCALE if name == "scale" else {}
        for name in resource.subresources
        if name in {"status", "scale"}
    }
    if subresources:
        version["subresources"] = subresources
    columns = _COLUMNS.get(resource.kind)
    if columns:
        version["additionalPrinterColumns"] = [
            {"name": name, "type": kind, "jsonPath": path} for name, kind, path in columns
        ]
    return {
        "apiVersion": resources.CUSTOM_RESOURCE_DEFINITIONS.api_version,
        "kind": resources.CUSTOM_RESOURCE_DEFINITIONS.kind,
        "metadata": {"name": resource.group_resource, "labels": {MANAGED_LABEL: "true"}},
        "spec": {
            "group": resource.group,
            "scope": "Namespaced" if resource.namespaced else "Cluster",
            "names": {
                "kind": resource.kind,
                "plural": resource.plural,
                "singular": resource.singular,
                "shortNames": list(resource.short_names),
                "categories": list(resource.categories),
            },
            "versions": [version],
        },
    }


def _schema(resource: Resource) -> dict[str, Any]:
    replicas = {"replicas": {"type": "integer", "format": "int32"}}
    spec = {**_ANYTHING, "properties": replicas} if "scale" in resource.subresources else _ANYTHING
    status: dict[str, Any] = dict(_ANYTHING)
    if "scale" in resource.subresources:
        status["properties"] = {**replicas, "labelSelector": {"type": "string"}}
    return {**_ANYTHING, "properties": {"spec": spec, "status": status}}


def vmi_policy() -> dict[str, Any]:
    """What virt-api's webhook does to a new VMI, done by the API server itself."""
    path = "/metadata/finalizers"
    expression = (
        f"(has(object.metadata.finalizers)"
        f' ? [JSONPatch{{op: "add", path: "{path}/-", value: "{VMI_FINALIZER}"}}]'
        f' : [JSONPatch{{op: "add", path: "{path}", value: ["{VMI_FINALIZER}"]}}])'
        ' + [JSONPatch{op: "add", path: "/status", value: {"phase": "Pending"}}]'
    )
    return {
        "apiVersion": ADMISSION_POLICIES.api_version,
        "kind": ADMISSION_POLICIES.kind,
        "metadata": {"name": POLICY_NAME, "labels": {MANAGED_LABEL: "true"}},
        "spec": {
            "failurePolicy": "Fail",
            "reinvocationPolicy": "Never",
            "matchConstraints": {
                "resourceRules": [
                    {
                        "apiGroups": [resources.VMIS.group],
                        "apiVersions": ["*"],
                        "operations": ["CREATE"],
                        "resources": [resources.VMIS.plural],
                    }
                ]
            },
            "mutations": [{"patchType": "JSONPatch", "jsonPatch": {"expression": expression}}],
        },
    }


def vmi_policy_binding() -> dict[str, Any]:
    """The binding that puts the policy in force."""
    return {
        "apiVersion": ADMISSION_BINDINGS.api_version,
        "kind": ADMISSION_BINDINGS.kind,
        "metadata": {"name": POLICY_NAME, "labels": {MANAGED_LABEL: "true"}},
        "spec": {"policyName": POLICY_NAME},
    }
