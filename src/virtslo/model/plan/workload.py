"""The kinds of object a scenario can create, as data.

Invariant: whatever differs between kinds is a field here, never an `if kind ==` elsewhere.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from virtslo.model.kubernetes import resources
from virtslo.model.kubernetes.resources import Resource


class Kind(StrEnum):
    """A workload's kind by the short name of the command line and the JSON document."""

    VMI = "vmi"
    VM = "vm"
    VMPOOL = "vmpool"
    VMIRS = "vmirs"


@dataclass(frozen=True, slots=True)
class KindTraits:
    """What a kind of workload implies for load and observation."""

    kind: Kind
    resource: Resource
    title: str
    template_paths: tuple[tuple[str, ...], ...]
    """Where labels must go to reach every object made from one: paths to `metadata` mappings."""
    is_group: bool
    """Whether one object stands for many VMIs (its `spec.replicas`)."""


TRAITS: Final = {
    Kind.VMI: KindTraits(Kind.VMI, resources.VMIS, "VMI", (("metadata",),), False),
    Kind.VM: KindTraits(
        Kind.VM,
        resources.VMS,
        "VM",
        (("metadata",), ("spec", "template", "metadata")),
        False,
    ),
    Kind.VMPOOL: KindTraits(
        Kind.VMPOOL,
        resources.VM_POOLS,
        "VMPool",
        (
            ("metadata",),
            ("spec", "virtualMachineTemplate", "metadata"),
            ("spec", "virtualMachineTemplate", "spec", "template", "metadata"),
        ),
        True,
    ),
    Kind.VMIRS: KindTraits(
        Kind.VMIRS,
        resources.VMI_REPLICA_SETS,
        "VMIReplicaSet",
        (("metadata",), ("spec", "template", "metadata")),
        True,
    ),
}
BY_API_KIND: Final = {traits.resource.kind: traits.kind for traits in TRAITS.values()}
