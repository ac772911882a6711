"""The fields that the simulator knows of, in OpenAPI's words; `kubectl explain` shows them.

Invariant: data only. Objects keep fields that are not named here.
"""

from collections.abc import Mapping
from typing import Any, Final

Schema = Mapping[str, Any]


def _text(description: str) -> Schema:
    return {"type": "string", "description": description}


def _number(description: str) -> Schema:
    return {"type": "integer", "format": "int32", "description": description}


def _flag(description: str) -> Schema:
    return {"type": "boolean", "description": description}


def _map(description: str) -> Schema:
    return {
        "type": "object",
        "description": description,
        "additionalProperties": {"type": "string"},
    }


def _object(description: str, **fields: Schema) -> Schema:
    return {
        "type": "object",
        "description": description,
        "properties": fields,
        "x-kubernetes-preserve-unknown-fields": True,
    }


def _list(description: str, item: Schema) -> Schema:
    return {"type": "array", "description": description, "items": item}


METADATA_FIELDS: Final[Mapping[str, Schema]] = {
    "name": _text("Unique within the namespace and kind."),
    "generateName": _text("A prefix; the server appends five characters."),
    "namespace": _text("Where the object lives."),
    "labels": _map("What selectors match."),
    "annotations": _map("Whatever else is to be kept with the object."),
    "uid": _text("Unique in time and space; set by the server."),
    "resourceVersion": _text("Changes with every write; checked on update."),
    "generation": {
        "type": "integer",
        "format": "int64",
        "description": "Counts changes of the desired state.",
    },
    "creationTimestamp": _text("When the object was created; set by the server."),
    "deletionTimestamp": _text("Set when a deletion was asked for."),
    "finalizers": _list("Who must act before the object goes.", {"type": "string"}),
    "ownerReferences": _list(
        "On which objects this one depends.",
        _object(
            "An owner.",
            apiVersion=_text("Of the owner."),
            kind=_text("Of the owner."),
            name=_text("Of the owner."),
            uid=_text("Of the owner."),
            controller=_flag("Whether this owner manages the object."),
            blockOwnerDeletion=_flag("Whether the owner waits for the object to go."),
        ),
    ),
}

_CONDITIONS: Final = _list(
    "What holds, and since when.",
    _object(
        "One condition.",
        type=_text("What it is about."),
        status=_text("True, False or Unknown."),
        reason=_text("Why, in one word."),
        message=_text("Why, in words."),
        lastTransitionTime=_text("Since when."),
    ),
)
_DOMAIN: Final = _object(
    "The machine.",
    cpu=_object("Its processors.", cores=_number("Cores of a socket.")),
    memory=_object("Its memory.", guest=_text("What the guest sees, such as 90Mi.")),
    resources=_object("What the pod asks for.", requests=_map("At least this.")),
    devices=_object("Its disks, interfaces and the rest."),
)
_VMI_SPEC: Final = _object(
    "The machine that is wanted.",
    domain=_DOMAIN,
    networks=_list("Networks its interfaces are joined to.", _object("A network.")),
    volumes=_list("What its disks are made of.", _object("A volume.")),
    nodeSelector=_map("Labels that its node must have."),
    terminationGracePeriodSeconds=_number("How long it may take to shut down."),
)
_METADATA: Final = _object(
    "Labels and annotations of what is made.",
    labels=_map("What selectors match."),
    annotations=_map("Whatever else is to be kept with the object."),
)
_VMI_TEMPLATE: Final = _object("What a VMI is made from.", metadata=_METADATA, spec=_VMI_SPEC)
_SELECTOR: Final = _object("Which objects belong to it.", matchLabels=_map("Labels and values."))
_VM_SPEC: Final = _object(
    "When a machine runs, and which.",
    running=_flag("Whether it runs; deprecated, use runStrategy."),
    runStrategy=_text("Always, Halted, Manual, RerunOnFailure or Once."),
    template=_VMI_TEMPLATE,
    instancetype=_object("The size by name.", name=_text("Of the size."), kind=_text("Its kind.")),
    preference=_object("A preference by name.", name=_text("Of it."), kind=_text("Its kind.")),
)
_REPLICAS: Final = _object(
    "What there is.",
    replicas=_number("How many there are."),
    readyReplicas=_number("How many are ready."),
    conditions=_CONDITIONS,
)

FIELDS: Final[Mapping[str, tuple[str, Mapping[str, Schema]]]] = {
    "virtualmachineinstances": (
        "A machine that runs, or is about to.",
        {
            "spec": _VMI_SPEC,
            "status": _object(
                "What is known of the machine.",
                phase=_text("Pending, Scheduling, Scheduled, Running, Succeeded or Failed."),
                nodeName=_text("Where it runs."),
                conditions=_CONDITIONS,
            ),
        },
    ),
    "virtualmachines": (
        "A machine that can be started and stopped.",
        {
            "spec": _VM_SPEC,
            "status": _object(
                "What is known of the machine.",
                printableStatus=_text("Its state in a word."),
                ready=_flag("Whether it runs and is ready."),
                created=_flag("Whether its VMI exists."),
                conditions=_CONDITIONS,
            ),
        },
    ),
    "virtualmachineinstancereplicasets": (
        "So many VMIs of one template.",
        {
            "spec": _object(
                "How many of what.",
                replicas=_number("How many."),
                paused=_flag("Whether nothing is made or removed."),
                selector=_SELECTOR,
                template=_VMI_TEMPLATE,
            ),
            "status": _REPLICAS,
        },
    ),
    "virtualmachinepools": (
        "So many VMs of one template.",
        {
            "spec": _object(
                "How many of what.",
                replicas=_number("How many."),
                paused=_flag("Whether nothing is made or removed."),
                selector=_SELECTOR,
                virtualMachineTemplate=_object(
                    "What a VM is made from.", metadata=_METADATA, spec=_VM_SPEC
                ),
            ),
            "status": _REPLICAS,
        },
    ),
    "pods": (
        "Containers that run together on a node.",
        {
            "spec": _object(
                "The pod that is wanted.",
                nodeName=_text("The node it is bound to."),
                containers=_list("What runs in it.", _object("A container.")),
            ),
            "status": _object(
                "What is known of the pod.",
                phase=_text("Pending, Running, Succeeded or Failed."),
                conditions=_CONDITIONS,
            ),
        },
    ),
    "configmaps": (
        "Configuration as keys and values.",
        {"data": _map("Texts."), "binaryData": _map("Bytes, in base 64.")},
    ),
    "secrets": (
        "Secret keys and values.",
        {
            "data": _map("Bytes, in base 64."),
            "stringData": _map("Texts."),
            "type": _text("What it is for."),
        },
    ),
}
