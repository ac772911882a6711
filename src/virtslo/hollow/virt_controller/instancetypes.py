"""Instance types and preferences: found, remembered as they were, and applied to VMIs.

Invariant: a VM keeps the instance type that it was first seen with, as a ControllerRevision; a
VMI's own fields are never overwritten: where they conflict the start fails, as the real one does.
"""

from collections.abc import Mapping
from typing import Any, Final

from virtslo.base.errors import AlreadyExists, Invalid, NotFound
from virtslo.hollow.client_go.cache import Cache
from virtslo.hollow.client_go.ownership import controller_reference
from virtslo.hollow.process.component import Component
from virtslo.hollow.virt_controller.preferences import with_preference
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes import resources
from virtslo.model.kubernetes.resources import Resource
from virtslo.ports.kube_api import PatchType

_KINDS: Final = {
    "instancetype": ((resources.CLUSTER_INSTANCETYPES, True), (resources.INSTANCETYPES, False)),
    "preference": ((resources.CLUSTER_PREFERENCES, True), (resources.PREFERENCES, False)),
}
_LABEL: Final = "instancetype.kubevirt.io/object-"


class Instancetypes:
    """What VMs refer to, for the VM controller."""

    def __init__(self, component: Component, revisions: Cache) -> None:
        self._api = component.api
        self._revisions = revisions
        self._caches: dict[str, Cache] = {
            resource.plural: component.watch(resource)
            for pairs in _KINDS.values()
            for resource, _ in pairs
        }

    async def sync(self, vm: Object) -> Object:
        """Remember what a VM refers to; the VM as the server has it after. Raises ClusterError."""
        spec = vm["spec"]
        status = vm.get("status") or {}
        patch: list[dict[str, Any]] = []
        for field in _KINDS:
            reference = spec.get(field)
            if not reference or (status.get(f"{field}Ref") or {}).get("controllerRevisionRef"):
                continue
            name = reference.get("revisionName") or await self._remember(vm, field, reference)
            value = {
                "kind": reference.get("kind", ""),
                "name": reference["name"],
                "controllerRevisionRef": {"name": name},
            }
            patch.append({"op": "add", "path": f"/status/{field}Ref", "value": value})
        if not patch:
            return vm
        if "status" not in vm:
            patch.insert(0, {"op": "add", "path": "/status", "value": {}})
        metadata = vm["metadata"]
        return await self._api.patch(
            resources.VMS,
            metadata["name"],
            patch,
            patch_type=PatchType.JSON,
            namespace=metadata["namespace"],
            subresource="status",
        )

    def applied(self, vm: Object, vmi: Object) -> Object:
        """The VMI with the VM's instance type and preference. Raises NotFound or Invalid."""
        spec = vm["spec"]
        instancetype, preference = spec.get("instancetype"), spec.get("preference")
        if not instancetype and not preference:
            return vmi
        chosen = self._spec_of(vm, "preference", preference) if preference else {}
        if instancetype:
            vmi = _with_instancetype(vmi, self._spec_of(vm, "instancetype", instancetype), chosen)
            vmi = _annotated(vmi, "instancetype", instancetype)
        if preference:
            vmi = _annotated(with_preference(vmi, chosen), "preference", preference)
        return vmi

    async def _remember(self, vm: Object, field: str, reference: Mapping[str, Any]) -> str:
        target = self._find(vm, field, reference)
        metadata = target["metadata"]
        generation = metadata.get("generation", 1)
        version = target["apiVersion"].rpartition("/")[2]
        name = (
            f"{vm['metadata']['name']}-{metadata['name']}-{version}-{metadata['uid']}-{generation}"
        )
        labels = {
            f"{_LABEL}generation": str(generation),
            f"{_LABEL}kind": target["kind"],
            f"{_LABEL}name": metadata["name"],
            f"{_LABEL}uid": metadata["uid"],
            f"{_LABEL}version": version,
        }
        body = {
            "apiVersion": "apps/v1",
            "kind": "ControllerRevision",
            "metadata": {
                "name": name,
                "namespace": vm["metadata"]["namespace"],
                "labels": labels,
                "ownerReferences": [controller_reference(vm)],
            },
            "data": target,
            "revision": 0,
        }
        try:
            await self._api.create(
                resources.CONTROLLER_REVISIONS, body, namespace=vm["metadata"]["namespace"]
            )
        except AlreadyExists:
            return name
        return name

    def _spec_of(self, vm: Object, field: str, reference: Mapping[str, Any]) -> Mapping[str, Any]:
        known = ((vm.get("status") or {}).get(f"{field}Ref") or {}).get("controllerRevisionRef")
        name = (known or {}).get("name") or reference.get("revisionName")
        revision = self._revisions.get((vm["metadata"]["namespace"], name)) if name else None
        target = revision["data"] if revision is not None else self._find(vm, field, reference)
        spec: Mapping[str, Any] = target.get("spec") or {}
        return spec

    def _find(self, vm: Object, field: str, reference: Mapping[str, Any]) -> Object:
        resource, is_cluster = _resource_of(field, reference.get("kind", ""))
        namespace = "" if is_cluster else vm["metadata"]["namespace"]
        found = self._caches[resource.plural].get((namespace, reference["name"]))
        if found is None:
            raise NotFound(f'{resource.group_resource} "{reference["name"]}" not found')
        return found


def _resource_of(field: str, kind: str) -> tuple[Resource, bool]:
    """The resource a matcher means: by kind or plural, the cluster-wide one by default."""
    wanted = kind.lower()
    for resource, is_cluster in _KINDS[field]:
        if wanted in {"", resource.kind.lower(), resource.plural}:
            return resource, is_cluster
    raise Invalid(f"got unexpected kind in {field.capitalize()}Matcher: {kind}")


def _with_instancetype(
    vmi: Object, instancetype: Mapping[str, Any], preference: Mapping[str, Any]
) -> Object:
    domain = dict(vmi["spec"]["domain"])
    conflicts = []
    if {"cores", "sockets", "threads"} & (domain.get("cpu") or {}).keys():
        conflicts.append("spec.domain.cpu")
    if (domain.get("memory") or {}).get("guest"):
        conflicts.append("spec.domain.memory")
    requests = (domain.get("resources") or {}).get("requests") or {}
    conflicts += [f"spec.domain.resources.requests.{key}" for key in requests]
    if conflicts:
        told = ", ".join(conflicts)
        raise Invalid(f"VMI conflicts with instancetype spec in fields: [{told}]")
    guest = int((instancetype.get("cpu") or {}).get("guest", 1))
    topology = (preference.get("cpu") or {}).get("preferredCPUTopology", "sockets")
    domain["cpu"] = {**(domain.get("cpu") or {}), **_topology(guest, topology)}
    memory = instancetype.get("memory") or {}
    domain["memory"] = {**(domain.get("memory") or {}), "guest": memory.get("guest", "128Mi")}
    return {**vmi, "spec": {**vmi["spec"], "domain": domain}}


def _topology(guest: int, preferred: str) -> dict[str, int]:
    """A number of vCPUs as sockets, cores or threads; `spread` gives two cores to each socket."""
    name = preferred.lower().removeprefix("prefer")
    if name == "spread" and guest % 2 == 0:
        return {"cores": 2, "sockets": guest // 2, "threads": 1}
    one = {"cores": 1, "sockets": 1, "threads": 1}
    return {**one, name: guest} if name in one else {**one, "sockets": guest}


def _annotated(vmi: Object, field: str, reference: Mapping[str, Any]) -> Object:
    _, is_cluster = _resource_of(field, reference.get("kind", ""))
    name = f"kubevirt.io/{'cluster-' if is_cluster else ''}{field}-name"
    metadata = vmi["metadata"]
    annotations = {**(metadata.get("annotations") or {}), name: reference["name"]}
    return {**vmi, "metadata": {**metadata, "annotations": annotations}}
