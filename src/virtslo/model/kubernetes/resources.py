"""The Kubernetes and KubeVirt resources that virtslo and its simulated cluster know.

Invariant: a resource is named once, here; every path, watch and count refers to these values.
"""

from collections.abc import Mapping
from typing import Final

import msgspec


class Resource(msgspec.Struct, frozen=True, cache_hash=True):
    """A kind of object as the API serves it.

    A struct, because resources are looked up by: a frozen dataclass hashes its fields each time.
    """

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = True
    singular: str = ""
    short_names: tuple[str, ...] = ()
    subresources: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()

    @property
    def api_version(self) -> str:
        """`group/version`, or the version alone for the core group."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def group_resource(self) -> str:
        """`plural.group`, as error messages name it."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def prefix(self) -> str:
        """The path under which the group version is served."""
        return f"/apis/{self.api_version}" if self.group else f"/api/{self.version}"

    def path(
        self,
        *,
        namespace: str | None = None,
        name: str | None = None,
        subresource: str | None = None,
    ) -> str:
        """The URL path of the collection or of one object."""
        parts = [self.prefix]
        if self.namespaced and namespace:
            parts += ["namespaces", namespace]
        parts.append(self.plural)
        if name:
            parts.append(name)
        if subresource:
            parts.append(subresource)
        return "/".join(parts)


KUBEVIRT_GROUP: Final = "kubevirt.io"
SUBRESOURCE_GROUP: Final = "subresources.kubevirt.io"

NAMESPACES: Final = Resource(
    "", "v1", "namespaces", "Namespace", False, "namespace", ("ns",), ("status", "finalize")
)
NODES: Final = Resource("", "v1", "nodes", "Node", False, "node", ("no",), ("status",))
PODS: Final = Resource(
    "", "v1", "pods", "Pod", True, "pod", ("po",), ("status", "binding", "eviction"), ("all",)
)
EVENTS: Final = Resource("", "v1", "events", "Event", True, "event", ("ev",))
CONFIG_MAPS: Final = Resource("", "v1", "configmaps", "ConfigMap", True, "configmap", ("cm",))
SECRETS: Final = Resource("", "v1", "secrets", "Secret", True, "secret")
SERVICES: Final = Resource(
    "", "v1", "services", "Service", True, "service", ("svc",), ("status",), ("all",)
)
SERVICE_ACCOUNTS: Final = Resource(
    "", "v1", "serviceaccounts", "ServiceAccount", True, "serviceaccount", ("sa",), ("token",)
)
LEASES: Final = Resource("coordination.k8s.io", "v1", "leases", "Lease", True, "lease")
CONTROLLER_REVISIONS: Final = Resource(
    "apps", "v1", "controllerrevisions", "ControllerRevision", True, "controllerrevision"
)
CUSTOM_RESOURCE_DEFINITIONS: Final = Resource(
    "apiextensions.k8s.io",
    "v1",
    "customresourcedefinitions",
    "CustomResourceDefinition",
    False,
    "customresourcedefinition",
    ("crd", "crds"),
    ("status",),
)
KUBEVIRTS: Final = Resource(
    KUBEVIRT_GROUP, "v1", "kubevirts", "KubeVirt", True, "kubevirt", ("kv", "kvs"), ("status",)
)
VMS: Final = Resource(
    KUBEVIRT_GROUP,
    "v1",
    "virtualmachines",
    "VirtualMachine",
    True,
    "virtualmachine",
    ("vm", "vms"),
    ("status",),
    ("all",),
)
VMIS: Final = Resource(
    KUBEVIRT_GROUP,
    "v1",
    "virtualmachineinstances",
    "VirtualMachineInstance",
    True,
    "virtualmachineinstance",
    ("vmi", "vmis"),
    (),
    ("all",),
)
VMI_REPLICA_SETS: Final = Resource(
    KUBEVIRT_GROUP,
    "v1",
    "virtualmachineinstancereplicasets",
    "VirtualMachineInstanceReplicaSet",
    True,
    "virtualmachineinstancereplicaset",
    ("vmirs", "vmirss"),
    ("status", "scale"),
    ("all",),
)
VMI_MIGRATIONS: Final = Resource(
    KUBEVIRT_GROUP,
    "v1",
    "virtualmachineinstancemigrations",
    "VirtualMachineInstanceMigration",
    True,
    "virtualmachineinstancemigration",
    ("vmim", "vmims"),
    ("status",),
    ("all",),
)
VM_ACTIONS: Final = Resource(
    SUBRESOURCE_GROUP, "v1", "virtualmachines", "VirtualMachine", True, "virtualmachine"
)
"""What virt-api serves of a VM: start, stop, restart. No objects are there."""
VMI_ACTIONS: Final = Resource(
    SUBRESOURCE_GROUP,
    "v1",
    "virtualmachineinstances",
    "VirtualMachineInstance",
    True,
    "virtualmachineinstance",
)
"""What virt-api serves of a VMI: pause, unpause."""
VM_POOLS: Final = Resource(
    "pool.kubevirt.io",
    "v1beta1",
    "virtualmachinepools",
    "VirtualMachinePool",
    True,
    "virtualmachinepool",
    ("vmpool", "vmpools"),
    ("status", "scale"),
    ("all",),
)
INSTANCETYPES: Final = Resource(
    "instancetype.kubevirt.io",
    "v1beta1",
    "virtualmachineinstancetypes",
    "VirtualMachineInstancetype",
    True,
    "virtualmachineinstancetype",
    ("vminstancetype", "vminstancetypes", "vmf", "vmfs"),
    (),
    ("all",),
)
CLUSTER_INSTANCETYPES: Final = Resource(
    "instancetype.kubevirt.io",
    "v1beta1",
    "virtualmachineclusterinstancetypes",
    "VirtualMachineClusterInstancetype",
    False,
    "virtualmachineclusterinstancetype",
    ("vmclusterinstancetype", "vmclusterinstancetypes", "vmcf", "vmcfs"),
)
PREFERENCES: Final = Resource(
    "instancetype.kubevirt.io",
    "v1beta1",
    "virtualmachinepreferences",
    "VirtualMachinePreference",
    True,
    "virtualmachinepreference",
    ("vmpref", "vmprefs", "vmp", "vmps"),
    (),
    ("all",),
)
CLUSTER_PREFERENCES: Final = Resource(
    "instancetype.kubevirt.io",
    "v1beta1",
    "virtualmachineclusterpreferences",
    "VirtualMachineClusterPreference",
    False,
    "virtualmachineclusterpreference",
    ("vmcp", "vmcps"),
)

ALL: Final = (
    NAMESPACES,
    NODES,
    PODS,
    EVENTS,
    CONFIG_MAPS,
    SECRETS,
    SERVICE_ACCOUNTS,
    SERVICES,
    LEASES,
    CONTROLLER_REVISIONS,
    CUSTOM_RESOURCE_DEFINITIONS,
    KUBEVIRTS,
    VMS,
    VMIS,
    VMI_REPLICA_SETS,
    VMI_MIGRATIONS,
    VM_POOLS,
    INSTANCETYPES,
    CLUSTER_INSTANCETYPES,
    PREFERENCES,
    CLUSTER_PREFERENCES,
)
BY_KIND: Final = {resource.kind: resource for resource in ALL}
OLDER_VERSIONS: Final[Mapping[str, tuple[str, ...]]] = {
    KUBEVIRT_GROUP: ("v1alpha3",),
    VM_POOLS.group: ("v1alpha1",),
}
"""Versions of KubeVirt's groups that are served beside the first; an object differs between them in
its apiVersion and in nothing else."""
