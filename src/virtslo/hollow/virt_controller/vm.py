"""virt-controller's VM controller, hollow: VMIs for VMs, as their run strategies ask.

Invariant: it acts on what its caches say, at most one start or stop at a time, and waits until it
has seen what it asked for; a write on a stale object is refused by the server and tried again
after the queue's back-off. Order and number of calls follow the recordings of the real controller.
"""

from typing import Any

from virtslo.base.errors import ApiError, ClusterError, Invalid, NotFound
from virtslo.hollow.client_go.api_versions import has_api_versions, with_api_versions
from virtslo.hollow.client_go.cache import Cache
from virtslo.hollow.client_go.event_handlers import follow, follow_controlled
from virtslo.hollow.client_go.expectations import Expectations
from virtslo.hollow.client_go.finalizers import finalizer_patch, has_finalizer
from virtslo.hollow.client_go.ownership import is_controlled_by
from virtslo.hollow.process.component import Component
from virtslo.hollow.process.recorder import EventRecorder
from virtslo.hollow.virt_controller.instancetypes import Instancetypes
from virtslo.hollow.virt_controller.vm_revision import (
    generation_patch,
    revision_name,
    revision_of,
    vmi_for,
)
from virtslo.hollow.virt_controller.vm_status import (
    Awaited,
    Failure,
    backoff_seconds,
    next_status,
)
from virtslo.hollow.vmi.run_strategy import Decision, decide, is_over
from virtslo.hollow.vmi.vmi_status import VM_FINALIZER
from virtslo.model.identifiers import NamespacedName, Object
from virtslo.model.kubernetes import resources
from virtslo.ports.kube_api import PatchType


class SyncFailed(ClusterError):
    """A VM could not be brought to where it should be; its status says why."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


class VmController:
    """Starts and stops VMIs, and says on the VM how it is."""

    def __init__(
        self,
        component: Component,
        vms: Cache,
        vmis: Cache,
        revisions: Cache,
        *,
        instancetypes: Instancetypes,
    ) -> None:
        self._component = component
        self._api = component.api
        self._vms = vms
        self._vmis = vmis
        self._revisions = revisions
        revisions.index_owners()
        self._instancetypes = instancetypes
        self._events = EventRecorder(component, "virtualmachine-controller")
        self._expected = Expectations(component.clock)
        self.queue = component.queue("virt-controller-vm")
        follow(vms, self.queue.add)
        follow_controlled(vmis, "VirtualMachine", self._expected, self.queue.add)

    async def reconcile(self, key: NamespacedName) -> None:
        """Take one VM one step further. Raises ClusterError for what is to be tried again."""
        vm = self._vms.get(key)
        if vm is None:
            self._expected.forget(key)
            return
        vmi = self._vmis.get(key)
        if vmi is not None and not is_controlled_by(vmi, vm):
            vmi = None
        if not has_api_versions(vm):
            await self._api.update(resources.VMS, with_api_versions(vm))
            return
        try:
            new = await self._sync(key, vm, vmi)
        except SyncFailed as failed:
            await self._update_status(key, vm, vm, vmi, failed.failure)
            raise
        await self._update_status(key, vm, new, vmi, None)

    async def _sync(self, key: NamespacedName, vm: Object, vmi: Object | None) -> Object:
        """Act; the VM as the server has it after that."""
        if not self._expected.are_met(key):
            return vm
        if vm["metadata"].get("deletionTimestamp"):
            if vmi is None or has_finalizer(vm, "orphan"):
                return await self._with_finalizer(vm, wanted=False)
            await self._stop(key, vm, vmi)
            return vm
        vm = await self._with_finalizer(vm, wanted=True)
        await self._note_generation(vm, vmi)
        try:
            vm = await self._instancetypes.sync(vm)
        except (NotFound, Invalid) as error:
            raise SyncFailed(Failure("FailedFindInstancetype", str(error))) from error
        await self._follow_strategy(key, vm, vmi)
        return vm

    async def _follow_strategy(self, key: NamespacedName, vm: Object, vmi: Object | None) -> None:
        decision = decide(vm, vmi)
        match decision:
            case Decision.START:
                wait = backoff_seconds(vm.get("status") or {}, self._component.clock.wall())
                if wait > 0:
                    self.queue.add_after(key, wait)
                else:
                    await self._start(key, vm)
            case Decision.STOP | Decision.STOP_AND_RERUN:
                assert vmi is not None
                await self._stop(key, vm, vmi)
                if decision is Decision.STOP_AND_RERUN:
                    await self._ask_for_start(vm)
            case Decision.SET_RUNNING:
                await self._set_running(vm)
            case Decision.REFUSE_RECEIVER:
                words = "Found non receiver VMI while VM is receiver"
                raise SyncFailed(Failure("FailedCreate", words))
            case Decision.NOTHING:
                pass

    async def _start(self, key: NamespacedName, vm: Object) -> None:
        namespace = vm["metadata"]["namespace"]
        try:
            await self._ensure_revision(vm)
            vmi = self._instancetypes.applied(vm, vmi_for(vm, VM_FINALIZER))
        except ApiError as error:
            raise _start_failed(error) from error
        self._expected.expect_creations(key, 1)
        try:
            await self._api.create(resources.VMIS, vmi, namespace=namespace)
        except ClusterError as error:
            self._expected.creation_observed(key)
            words = f"Error creating virtual machine instance: {error}"
            self._events.send(vm, "FailedCreate", words, "Warning")
            raise _start_failed(error) from error
        words = f"Started the virtual machine by creating the new virtual machine instance {key[1]}"
        self._events.send(vm, "SuccessfulCreate", words)

    async def _ensure_revision(self, vm: Object) -> None:
        """The revision of this generation; older ones of the VM go."""
        namespace, wanted = vm["metadata"]["namespace"], revision_name(vm)
        prefix = wanted[: wanted.rindex("-") + 1]
        for name in self._known_revisions(namespace, vm["metadata"]["uid"]):
            if name == wanted:
                return
            if name.startswith(prefix):
                await self._api.delete(resources.CONTROLLER_REVISIONS, name, namespace=namespace)
        body = revision_of(vm)
        await self._api.create(resources.CONTROLLER_REVISIONS, body, namespace=namespace)

    def _known_revisions(self, namespace: str, uid: str) -> list[str]:
        keys = self._revisions.owned_by(uid)
        return [key[1] for key in keys if key[0] == namespace]

    async def _stop(self, key: NamespacedName, vm: Object, vmi: Object) -> None:
        metadata = vmi["metadata"]
        if metadata.get("deletionTimestamp"):
            return
        self._expected.expect_deletion(key, metadata["uid"])
        try:
            await self._api.delete(
                resources.VMIS, metadata["name"], namespace=metadata["namespace"]
            )
        except ClusterError as error:
            self._expected.deletion_observed(key, metadata["uid"])
            words = f"Error deleting virtual machine instance {metadata['name']}: {error}"
            self._events.send(vm, "FailedDelete", words, "Warning")
            told = f"Failure attempting to delete VMI: {error}"
            raise SyncFailed(Failure("FailedDelete", told)) from error
        words = (
            "Stopped the virtual machine by deleting the virtual machine instance "
            f"{metadata['uid']}"
        )
        self._events.send(vm, "SuccessfulDelete", words)

    async def _ask_for_start(self, vm: Object) -> None:
        requests = (vm.get("status") or {}).get("stateChangeRequests") or []
        value = [*requests, {"action": "Start"}]
        patch = [{"op": "add", "path": "/status/stateChangeRequests", "value": value}]
        await self._patch(resources.VMS, vm, patch, subresource="status")

    async def _set_running(self, vm: Object) -> None:
        spec = dict(vm["spec"])
        if "runStrategy" in spec:
            spec["runStrategy"] = "Always"
        else:
            spec["running"] = True
        await self._api.update(resources.VMS, {**vm, "spec": spec})

    async def _with_finalizer(self, vm: Object, *, wanted: bool) -> Object:
        if has_finalizer(vm, VM_FINALIZER) == wanted:
            return vm
        patch = finalizer_patch(vm, VM_FINALIZER, wanted=wanted)
        return await self._patch(resources.VMS, vm, patch)

    async def _note_generation(self, vm: Object, vmi: Object | None) -> None:
        """Where the VM's spec changed but its template did not, the VMI says so."""
        if vmi is None:
            return
        patch = generation_patch(vm, vmi, self._revision_of(vmi))
        if patch is not None:
            await self._patch(resources.VMIS, vmi, patch)

    def _revision_of(self, vmi: Object) -> Object | None:
        """What a VMI was started with."""
        name = vmi["status"].get("virtualMachineRevisionName")
        return self._revisions.get((vmi["metadata"]["namespace"], name)) if name else None

    async def _update_status(
        self,
        key: NamespacedName,
        seen: Object,
        vm: Object,
        vmi: Object | None,
        failure: Failure | None,
    ) -> None:
        awaited = Awaited(
            start=self._expected.creations(key) > 0, stop=self._expected.deletions(key) > 0
        )
        now = self._component.clock.wall()
        revision = None if vmi is None else self._revision_of(vmi)
        status = next_status(vm, vmi, failure=failure, awaited=awaited, now=now, revision=revision)
        if status != (seen.get("status") or {}):
            await self._api.update(resources.VMS, {**vm, "status": status}, subresource="status")
        if vmi is not None and is_over(vmi) and has_finalizer(vmi, VM_FINALIZER):
            patch = finalizer_patch(vmi, VM_FINALIZER, wanted=False)
            await self._patch(resources.VMIS, vmi, patch)

    async def _patch(
        self,
        resource: resources.Resource,
        target: Object,
        patch: list[dict[str, Any]],
        *,
        subresource: str | None = None,
    ) -> Object:
        return await self._api.patch(
            resource,
            target["metadata"]["name"],
            patch,
            patch_type=PatchType.JSON,
            namespace=target["metadata"]["namespace"],
            subresource=subresource,
        )


def _start_failed(error: ClusterError) -> SyncFailed:
    return SyncFailed(Failure("FailedCreate", f"Failure while starting VMI: {error}"))
