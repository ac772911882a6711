"""virt-controller's replica set controller, hollow: as many VMIs as a set asks for.

Invariant: no more than 250 VMIs are created or deleted at a time, and nothing more until those
have been seen; a status that was refused is written with the next change, not tried again.
"""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

from virtslo.base.errors import ClusterError
from virtslo.hollow.client_go.api_versions import has_api_versions, with_api_versions
from virtslo.hollow.client_go.cache import Cache
from virtslo.hollow.client_go.event_handlers import follow, follow_controlled
from virtslo.hollow.client_go.expectations import Expectations
from virtslo.hollow.client_go.ownership import controller_reference
from virtslo.hollow.client_go.parallel import all_of
from virtslo.hollow.process.component import Component
from virtslo.hollow.process.recorder import EventRecorder
from virtslo.hollow.virt_controller.pool_status import next_pool_status
from virtslo.hollow.vmi.run_strategy import is_over
from virtslo.model.identifiers import NamespacedName, Object
from virtslo.model.kubernetes import resources

BURST_REPLICAS: Final = 250
TIMES_AT_ONE_MOMENT: Final = 20
PAUSE_SECONDS: Final = 1.0


class ReplicaSetController:
    """Keeps the population of replica sets."""

    def __init__(self, component: Component, sets: Cache, vmis: Cache) -> None:
        self._component = component
        self._api = component.api
        self._sets = sets
        self._vmis = vmis
        vmis.index_owners()
        self._events = EventRecorder(component, "virtualmachinereplicaset-controller")
        self._expected = Expectations(component.clock)
        self._made: dict[NamespacedName, tuple[int, int]] = {}
        """When each set made members last, and how many at that moment."""
        self.queue = component.queue("virt-controller-replicaset")
        follow(sets, self.queue.add)
        follow_controlled(vmis, "VirtualMachineInstanceReplicaSet", self._expected, self.queue.add)

    async def reconcile(self, key: NamespacedName) -> None:
        """Take one set one step further. Raises ClusterError for what is to be tried again."""
        replica_set = self._sets.get(key)
        if replica_set is None:
            self._expected.forget(key)
            self._made.pop(key, None)
            return
        if not has_api_versions(replica_set):
            await self._api.update(resources.VMI_REPLICA_SETS, with_api_versions(replica_set))
            return
        owned = [
            vmi
            for vmi in self._vmis.controlled_by(replica_set["metadata"]["uid"])
            if not vmi["metadata"].get("deletionTimestamp")
        ]
        active = [vmi for vmi in owned if not is_over(vmi)]
        failure: ClusterError | None = None
        if self._may_scale(key, replica_set):
            try:
                await self._scale(key, replica_set, active)
                await self._clean(key, replica_set, [vmi for vmi in owned if is_over(vmi)])
            except ClusterError as error:
                failure = error
        with suppress(ClusterError):
            await self._update_status(replica_set, active, failure)
        if failure is not None:
            raise failure

    def _may_scale(self, key: NamespacedName, replica_set: Object) -> bool:
        if replica_set["spec"].get("paused") or not self._expected.are_met(key):
            return False
        return not replica_set["metadata"].get("deletionTimestamp")

    async def _scale(
        self, key: NamespacedName, replica_set: Object, active: Sequence[Object]
    ) -> None:
        missing = replica_set["spec"].get("replicas", 1) - len(active)
        if missing > 0:
            count = min(missing, BURST_REPLICAS)
            if self._has_made_enough(key, replica_set["spec"].get("replicas", 1), count):
                self.queue.add_after(key, PAUSE_SECONDS)
                return
            self._expected.expect_creations(key, count)
            body = vmi_of_set(replica_set)
            await all_of(self._create(key, replica_set, body) for _ in range(count))
        elif missing < 0:
            victims = active[: min(-missing, BURST_REPLICAS)]
            await self._delete_all(key, replica_set, victims)

    def _has_made_enough(self, key: NamespacedName, replicas: int, count: int) -> bool:
        """Whether a set has made its members many times over at one moment.

        Where nothing takes time, a set that is gone and still in this cache makes members that the
        garbage collector deletes, without end and before the cache can learn of it.
        """
        now_ns = self._component.clock.now_ns()
        moment_ns, made = self._made.get(key, (now_ns, 0))
        made = count if moment_ns != now_ns else made + count
        self._made[key] = (now_ns, made)
        return made > TIMES_AT_ONE_MOMENT * (replicas + 1)

    async def _clean(
        self, key: NamespacedName, replica_set: Object, over: Sequence[Object]
    ) -> None:
        """Delete VMIs that have ended, so that others take their place."""
        await self._delete_all(key, replica_set, over[:BURST_REPLICAS])

    async def _delete_all(
        self, key: NamespacedName, replica_set: Object, victims: Sequence[Object]
    ) -> None:
        for vmi in victims:
            self._expected.expect_deletion(key, vmi["metadata"]["uid"])
        await all_of(self._delete(key, replica_set, vmi) for vmi in victims)

    async def _create(self, key: NamespacedName, replica_set: Object, body: Object) -> None:
        try:
            made = await self._api.create(resources.VMIS, body, namespace=key[0])
        except ClusterError as error:
            self._expected.creation_observed(key)
            words = f"Error creating virtual machine instance: {error}"
            self._events.send(replica_set, "FailedCreate", words, "Warning")
            raise
        words = (
            "Started the virtual machine by creating the new virtual machine instance "
            f"{made['metadata']['name']}"
        )
        self._events.send(replica_set, "SuccessfulCreate", words)

    async def _delete(self, key: NamespacedName, replica_set: Object, vmi: Object) -> None:
        metadata = vmi["metadata"]
        try:
            await self._api.delete(resources.VMIS, metadata["name"], namespace=key[0])
        except ClusterError as error:
            self._expected.deletion_observed(key, metadata["uid"])
            words = f"Error deleting virtual machine instance {metadata['name']}: {error}"
            self._events.send(replica_set, "FailedDelete", words, "Warning")
            raise
        words = (
            "Stopped the virtual machine by deleting the virtual machine instance "
            f"{metadata['uid']}"
        )
        self._events.send(replica_set, "SuccessfulDelete", words)

    async def _update_status(
        self, replica_set: Object, active: Sequence[Object], failure: ClusterError | None
    ) -> None:
        now = self._component.clock.wall()
        status = next_pool_status(replica_set, active, failure, now)
        if status == (replica_set.get("status") or {}):
            return
        changed = {**replica_set, "status": status}
        await self._api.update(resources.VMI_REPLICA_SETS, changed, subresource="status")


def vmi_of_set(replica_set: Object) -> Object:
    """A VMI of the set's template; the server gives it its name."""
    template = replica_set["spec"]["template"]
    metadata: dict[str, Any] = {
        **(template.get("metadata") or {}),
        "generateName": replica_set["metadata"]["name"],
        "namespace": replica_set["metadata"]["namespace"],
        "ownerReferences": [controller_reference(replica_set)],
    }
    metadata.pop("name", None)
    return {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachineInstance",
        "metadata": metadata,
        "spec": template["spec"],
    }
