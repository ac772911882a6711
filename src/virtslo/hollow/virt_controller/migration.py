"""virt-controller's migration controller, hollow: a pod on another node, and the VMI handed to it.

Invariant: one step a reconcile, recorded in the migration's status; no more migrations at once than
the KubeVirt object allows, by default five in the cluster and two from a node.
"""

from typing import Any, Final

from virtslo.base.errors import ClusterError
from virtslo.hollow.client_go.cache import Cache, key_of
from virtslo.hollow.client_go.event_handlers import latest
from virtslo.hollow.client_go.expectations import Expectations
from virtslo.hollow.client_go.finalizers import finalizer_patch, has_finalizer
from virtslo.hollow.node.migration_agent import TARGET_LABEL
from virtslo.hollow.process.client_limits import migration_limits
from virtslo.hollow.process.component import Component
from virtslo.hollow.process.recorder import EventRecorder
from virtslo.hollow.vmi.launcher import pod_for
from virtslo.hollow.vmi.run_strategy import is_over
from virtslo.hollow.vmi.vmi_status import is_going_down, is_pod_ready, with_phase
from virtslo.model.identifiers import NamespacedName, Object
from virtslo.model.kubernetes import resources
from virtslo.ports.kube_api import PatchType

MIGRATION_FINALIZER: Final = "kubevirt.io/migrationJobFinalize"
JOB_LABEL: Final = "kubevirt.io/migrationJobUID"
JOB_ANNOTATION: Final = "kubevirt.io/migrationJobName"
AGAIN_SECONDS: Final = 5.0
_REQUIRED: Final = "requiredDuringSchedulingIgnoredDuringExecution"
_FINAL: Final = frozenset({"Succeeded", "Failed"})
_WAITING: Final = frozenset({"", "Pending"})


class MigrationController:
    """Takes migrations from Pending to Succeeded."""

    def __init__(self, component: Component, migrations: Cache, vmis: Cache, pods: Cache) -> None:
        self._component = component
        self._api = component.api
        self._migrations = migrations
        self._vmis = vmis
        self._pods = pods
        pods.index_owners()
        self._events = EventRecorder(component, "virtualmachine-controller")
        self._expected = Expectations(component.clock)
        self._of_vmi: dict[NamespacedName, dict[NamespacedName, None]] = {}
        self._begun: dict[NamespacedName, None] = {}
        """Migrations whose target pod was asked for, whatever the caches say yet."""
        self.queue = component.queue("virt-controller-migration")
        migrations.when_seen(self._migration_seen)
        vmis.when_seen(self._vmi_seen)
        pods.when_seen(self._pod_seen)

    def _migration_seen(self, before: Object | None, after: Object | None) -> None:
        target = latest(before, after)
        key = key_of(target)
        vmi = (key[0], target["spec"]["vmiName"])
        if after is None or _phase(after) in _FINAL:
            self._begun.pop(key, None)
            self._of_vmi.get(vmi, {}).pop(key, None)
            if not self._of_vmi.get(vmi):
                self._of_vmi.pop(vmi, None)
        else:
            self._of_vmi.setdefault(vmi, {})[key] = None
        self.queue.add(key)

    def _vmi_seen(self, before: Object | None, after: Object | None) -> None:
        if self._of_vmi:
            for key in self._of_vmi.get(key_of(latest(before, after)), ()):
                self.queue.add(key)

    def _pod_seen(self, before: Object | None, after: Object | None) -> None:
        metadata = latest(before, after)["metadata"]
        name = (metadata.get("annotations") or {}).get(JOB_ANNOTATION)
        if name is None:
            return
        key = (metadata["namespace"], name)
        if before is None:
            self._expected.creation_observed(key)
        self.queue.add(key)

    async def reconcile(self, key: NamespacedName) -> None:
        """Take one migration one step further. Raises ClusterError for what is to be retried."""
        migration = self._migrations.get(key)
        if migration is None:
            self._expected.forget(key)
            return
        if _phase(migration) in _FINAL:
            await self._set_finalizer(migration, wanted=False)
            return
        if not self._expected.are_met(key):
            return
        vmi = self._vmis.get((key[0], migration["spec"]["vmiName"]))
        is_cancelled = "deletionTimestamp" in migration["metadata"]
        if vmi is None or is_over(vmi) or is_cancelled:
            await self._tell(migration, "Failed", vmi)
            return
        await self._step(key, migration, vmi)

    async def _step(self, key: NamespacedName, migration: Object, vmi: Object) -> None:
        pod = self._target_pod(migration, vmi)
        phase = _phase(migration)
        if phase == "":
            await self._set_finalizer(migration, wanted=True)
            await self._tell(migration, "Pending", vmi)
        elif phase == "Pending" and pod is None:
            await self._create_pod(key, migration, vmi)
        elif phase != "Pending" and (pod is None or is_going_down(pod)):
            await self._tell(migration, "Failed", vmi)
        else:
            assert pod is not None
            await self._go_on(migration, vmi, pod)

    async def _go_on(self, migration: Object, vmi: Object, pod: Object) -> None:
        """The next step of a migration whose target pod there is, if it is time for it."""
        state = vmi["status"].get("migrationState") or {}
        is_mine = state.get("migrationUid") == migration["metadata"]["uid"]
        phase = _phase(migration)
        if phase == "Scheduled" and not is_mine:
            await self._hand_over(migration, vmi, pod)
            return
        over = "Failed" if state.get("failed") else "Succeeded"
        following = {
            "Pending": (True, "Scheduling"),
            "Scheduling": (is_pod_ready(pod), "Scheduled"),
            "Scheduled": (True, "PreparingTarget"),
            "PreparingTarget": (bool(state.get("targetNodeAddress")), "TargetReady"),
            "TargetReady": (bool(state.get("startTimestamp")), "Running"),
            "Running": (bool(state.get("completed")), over),
        }
        is_time, next_phase = following[phase]
        if is_time:
            await self._tell(migration, next_phase, vmi)

    def _target_pod(self, migration: Object, vmi: Object) -> Object | None:
        uid = migration["metadata"]["uid"]
        for pod in self._pods.controlled_by(vmi["metadata"]["uid"]):
            if (pod["metadata"].get("labels") or {}).get(JOB_LABEL) == uid:
                return pod
        return None

    async def _create_pod(self, key: NamespacedName, migration: Object, vmi: Object) -> None:
        if not self._may_begin(vmi):
            self.queue.add_after(key, AGAIN_SECONDS)
            return
        self._begun[key] = None
        self._expected.expect_creations(key, 1)
        try:
            pod = await self._api.create(
                resources.PODS, target_pod_for(migration, vmi), namespace=key[0]
            )
        except ClusterError as error:
            self._expected.creation_observed(key)
            self._begun.pop(key, None)
            words = f"Error creating pod: {error}"
            self._events.send(migration, "FailedCreate", words, "Warning")
            raise
        words = f"Created migration target pod {pod['metadata']['name']}"
        self._events.send(migration, "SuccessfulCreate", words)

    def _may_begin(self, vmi: Object) -> bool:
        """Whether another migration fits into what is allowed at once."""
        node = vmi["status"].get("nodeName")
        running = [
            migration
            for key, migration in self._migrations.objects.items()
            if _phase(migration) not in _FINAL
            and (key in self._begun or _phase(migration) not in _WAITING)
        ]
        from_node = [
            migration
            for migration in running
            if (found := self._vmis.get(_vmi_key(migration))) is not None
            and found["status"].get("nodeName") == node
        ]
        allowed = migration_limits(self._component.kubevirt)
        return (
            len(running) < allowed.parallel_per_cluster
            and len(from_node) < allowed.parallel_outbound_per_node
        )

    async def _hand_over(self, migration: Object, vmi: Object, pod: Object) -> None:
        """Tell both nodes' virt-handlers, on the VMI."""
        target = pod["spec"]["nodeName"]
        state = {
            "migrationUid": migration["metadata"]["uid"],
            "mode": "PreCopy",
            "sourceNode": vmi["status"]["nodeName"],
            "targetNode": target,
            "targetPod": pod["metadata"]["name"],
        }
        labels = vmi["metadata"].get("labels") or {}
        patch = [
            {"op": "test", "path": "/metadata/labels", "value": labels},
            {
                "op": "replace",
                "path": "/metadata/labels",
                "value": {**labels, TARGET_LABEL: target},
            },
            {"op": "add", "path": "/status/migrationState", "value": state},
        ]
        metadata = vmi["metadata"]
        await self._api.patch(
            resources.VMIS,
            metadata["name"],
            patch,
            patch_type=PatchType.JSON,
            namespace=metadata["namespace"],
        )

    async def _tell(self, migration: Object, phase: str, vmi: Object | None) -> None:
        now = self._component.clock.stamp()
        status: dict[str, Any] = with_phase(migration.get("status") or {}, phase, now)
        state = None if vmi is None else vmi["status"].get("migrationState")
        if state and state.get("migrationUid") == migration["metadata"]["uid"]:
            status["migrationState"] = state
        changed = {**migration, "status": status}
        await self._api.update(resources.VMI_MIGRATIONS, changed, subresource="status")

    async def _set_finalizer(self, migration: Object, *, wanted: bool) -> None:
        if has_finalizer(migration, MIGRATION_FINALIZER) == wanted:
            return
        metadata = migration["metadata"]
        await self._api.patch(
            resources.VMI_MIGRATIONS,
            metadata["name"],
            finalizer_patch(migration, MIGRATION_FINALIZER, wanted=wanted),
            patch_type=PatchType.JSON,
            namespace=metadata["namespace"],
        )


def target_pod_for(migration: Object, vmi: Object) -> Object:
    """The pod that a VMI is to move into: like its own, but on another node."""
    pod = dict(pod_for(vmi))
    metadata = dict(pod["metadata"])
    job = migration["metadata"]
    metadata["labels"] = {**metadata["labels"], JOB_LABEL: job["uid"]}
    metadata["annotations"] = {**metadata["annotations"], JOB_ANNOTATION: job["name"]}
    term = {
        "labelSelector": {"matchLabels": {"kubevirt.io/created-by": vmi["metadata"]["uid"]}},
        "topologyKey": "kubernetes.io/hostname",
    }
    affinity = pod["spec"].get("affinity") or {}
    apart = affinity.get("podAntiAffinity") or {}
    apart = {**apart, _REQUIRED: [*(apart.get(_REQUIRED) or ()), term]}
    pod["metadata"] = metadata
    pod["spec"] = {**pod["spec"], "affinity": {**affinity, "podAntiAffinity": apart}}
    return pod


def _phase(migration: Object) -> str:
    return str((migration.get("status") or {}).get("phase", ""))


def _vmi_key(migration: Object) -> NamespacedName:
    return (migration["metadata"]["namespace"], migration["spec"]["vmiName"])
