"""Whether a migration may be asked for: what KubeVirt's webhook looks at before it is stored.

Invariant: reads the store, changes only the migration's labels; the words are KubeVirt's.
"""

from typing import Final

from virtslo.base.errors import BadRequest
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes import resources
from virtslo.sim.api.refusals import REQUIRED, Cause, denied
from virtslo.sim.storage.object_store import ObjectStore

VMI_LABEL: Final = "kubevirt.io/vmi-name"
_WEBHOOK: Final = "virtualmachineinstancemigrations-create-validator.kubevirt.io"
_OVER: Final = frozenset({"Succeeded", "Failed"})


def check_migration(store: ObjectStore, target: Object) -> Object:
    """A migration as it is stored. Raises Invalid or BadRequest."""
    name = str((target.get("spec") or {}).get("vmiName") or "")
    if not name:
        raise denied(_WEBHOOK, [Cause("spec.vmiName", REQUIRED, "vmiName is missing")])
    metadata = target["metadata"]
    namespace = metadata["namespace"]
    vmi = store.get(resources.VMIS, (namespace, name))
    if vmi is None:
        raise _refused(f'the VMI "{namespace}/{name}" does not exist')
    status = vmi.get("status") or {}
    if status.get("phase") in _OVER:
        raise _refused("Cannot migrate VMI in finalized state.")
    for condition in status.get("conditions") or ():
        if condition.get("type") == "LiveMigratable" and condition.get("status") == "False":
            raise _refused(
                f"Cannot migrate VMI, Reason: {condition.get('reason', '')}, "
                f"Message: {condition.get('message', '')}"
            )
    for other in store.collection(resources.VMI_MIGRATIONS).objects.values():
        is_same = other["metadata"]["namespace"] == namespace and other["spec"]["vmiName"] == name
        if is_same and (other.get("status") or {}).get("phase") not in _OVER:
            raise _refused(
                f"in-flight migration detected. Active migration job ({other['metadata']['uid']}) "
                f"is currently already in progress for VMI {name}."
            )
    labels = {**(metadata.get("labels") or {}), VMI_LABEL: name}
    return {**target, "metadata": {**metadata, "labels": labels}}


def _refused(words: str) -> BadRequest:
    return BadRequest(f'admission webhook "{_WEBHOOK}" denied the request: {words}')
