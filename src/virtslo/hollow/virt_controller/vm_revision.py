"""What a VM starts: the VMI of its template, and the revision that remembers the VM as it was.

Invariant: pure functions; the template is shared by everything made of it, and never changed.
"""

from collections.abc import Sequence
from typing import Any

from virtslo.hollow.client_go.ownership import controller_reference
from virtslo.hollow.virt_controller.vm_status import GENERATION_ANNOTATION
from virtslo.hollow.vmi.run_strategy import RECEIVER, RECEIVER_ANNOTATION, run_strategy
from virtslo.model.identifiers import Object


def revision_name(vm: Object) -> str:
    """The name of the ControllerRevision that is made when a VM starts."""
    metadata = vm["metadata"]
    return f"revision-start-vm-{metadata['uid']}-{metadata.get('generation', 1)}"


def revision_of(vm: Object) -> Object:
    """The ControllerRevision that is made when a VM starts."""
    return {
        "apiVersion": "apps/v1",
        "kind": "ControllerRevision",
        "metadata": {
            "name": revision_name(vm),
            "namespace": vm["metadata"]["namespace"],
            "ownerReferences": [controller_reference(vm)],
        },
        "data": {"spec": vm["spec"]},
        "revision": vm["metadata"].get("generation", 1),
    }


def vmi_for(vm: Object, finalizer: str) -> Object:
    """The VMI that a VM starts, as virt-controller creates it."""
    template = vm["spec"]["template"]
    metadata = template.get("metadata") or {}
    generation = str(vm["metadata"].get("generation", 1))
    annotations = {**(metadata.get("annotations") or {}), GENERATION_ANNOTATION: generation}
    if run_strategy(vm) == RECEIVER:
        annotations[RECEIVER_ANNOTATION] = "true"
    return {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachineInstance",
        "metadata": {
            "name": vm["metadata"]["name"],
            "namespace": vm["metadata"]["namespace"],
            "annotations": annotations,
            "finalizers": [finalizer],
            "labels": metadata.get("labels") or {},
            "ownerReferences": [controller_reference(vm)],
        },
        "spec": _spec_of(vm),
        "status": {"virtualMachineRevisionName": revision_name(vm)},
    }


def _spec_of(vm: Object) -> Object:
    """The spec of the VMI: the template's, paused where that was asked for."""
    spec: Object = vm["spec"]["template"]["spec"]
    requests: Sequence[Any] = (vm.get("status") or {}).get("stateChangeRequests") or ()
    for first in requests[:1]:
        if first["action"] == "Start" and (first.get("data") or {}).get("paused") == "true":
            return {**spec, "startStrategy": "Paused"}
    return spec


def generation_patch(
    vm: Object, vmi: Object, revision: Object | None
) -> list[dict[str, Any]] | None:
    """The patch that marks a VMI as matching its VM's newer generation; None if it does not."""
    before = vmi["metadata"].get("annotations") or {}
    generation = str(vm["metadata"].get("generation", 1))
    if before.get(GENERATION_ANNOTATION) == generation or revision is None:
        return None
    if revision["data"]["spec"].get("template") != vm["spec"]["template"]:
        return None
    after = {**before, GENERATION_ANNOTATION: generation}
    return [
        {"op": "test", "path": "/metadata/annotations", "value": before},
        {"op": "replace", "path": "/metadata/annotations", "value": after},
    ]
