"""The VMs of a pool: their names, bodies and revisions, as pure functions.

Invariant: a name is the pool's and the lowest index that is free; what does not differ between a
pool's VMs is shared between them.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from virtslo.hollow.client_go.ownership import controller_reference
from virtslo.model.identifiers import Object

POOL_FINALIZER: Final = "pool.kubevirt.io/finalizer"
REVISION_LABEL: Final = "kubevirt.io/vm-pool-revision-name"


def pool_revision_name(pool: Object) -> str:
    """The name of the revision of a pool's present generation."""
    metadata = pool["metadata"]
    return f"{metadata['name']}-{metadata.get('generation', 1)}"


def pool_revision(pool: Object) -> Object:
    """The ControllerRevision of a pool's present generation."""
    metadata = pool["metadata"]
    return {
        "apiVersion": "apps/v1",
        "kind": "ControllerRevision",
        "metadata": {
            "name": pool_revision_name(pool),
            "namespace": metadata["namespace"],
            "ownerReferences": [controller_reference(pool)],
        },
        "data": pool["spec"],
        "revision": metadata.get("generation", 1),
    }


def free_names(pool: Object, count: int, is_taken: Callable[[str], bool]) -> list[str]:
    """`count` names that no VM has, lowest index first."""
    return [name for name, _ in zip(_free(pool, is_taken), range(count), strict=False)]


def _free(pool: Object, is_taken: Callable[[str], bool]) -> Iterator[str]:
    index = 0
    while True:
        name = f"{pool['metadata']['name']}-{index}"
        if not is_taken(name):
            yield name
        index += 1


def index_of(name: str) -> int:
    """The index in a VM's name; 0 if there is none."""
    last = name.rpartition("-")[2]
    return int(last) if last.isdigit() else 0


def vm_of_pool(pool: Object, name: str) -> Object:
    """A VM of the pool's template."""
    template = pool["spec"]["virtualMachineTemplate"]
    metadata = template.get("metadata") or {}
    revision = pool_revision_name(pool)
    made: dict[str, Any] = {
        "name": name,
        "namespace": pool["metadata"]["namespace"],
        "finalizers": [POOL_FINALIZER],
        "labels": {**(metadata.get("labels") or {}), REVISION_LABEL: revision},
        "ownerReferences": [controller_reference(pool)],
    }
    if metadata.get("annotations"):
        made["annotations"] = metadata["annotations"]
    return {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachine",
        "metadata": made,
        "spec": vm_spec_of_pool(pool, index_of(name)),
    }


def vm_spec_of_pool(pool: Object, index: int) -> Mapping[str, Any]:
    """The spec of the VM with an index: its revision noted, and what is its own numbered."""
    spec = pool["spec"]["virtualMachineTemplate"]["spec"]
    template = spec["template"]
    metadata = template.get("metadata") or {}
    labels = {**(metadata.get("labels") or {}), REVISION_LABEL: pool_revision_name(pool)}
    changed = {**template, "metadata": {**metadata, "labels": labels}}
    naming = pool["spec"].get("nameGeneration") or {}
    if any(naming.values()):
        below = template["spec"]
        volumes = [_numbered(item, index, naming) for item in below.get("volumes") or ()]
        changed["spec"] = {**below, "volumes": volumes}
    return {**spec, "template": changed}


def _numbered(
    volume: Mapping[str, Any], index: int, naming: Mapping[str, Any]
) -> Mapping[str, Any]:
    """A volume whose config map or secret is that of one VM."""
    if "configMap" in volume and naming.get("appendIndexToConfigMapRefs"):
        source = volume["configMap"]
        return {**volume, "configMap": {**source, "name": f"{source['name']}-{index}"}}
    if "secret" in volume and naming.get("appendIndexToSecretRefs"):
        source = volume["secret"]
        numbered = {**source, "secretName": f"{source['secretName']}-{index}"}
        return {**volume, "secret": numbered}
    return volume
