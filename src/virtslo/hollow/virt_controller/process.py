"""virt-controller, hollow: its controllers on one client, with KubeVirt's worker counts.

Invariant: every controller of one process shares that process's client, token bucket and caches.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType

from virtslo.client.work_queue import WorkQueue
from virtslo.hollow.process.component import Component, run_workers
from virtslo.hollow.process.phase_metrics import PhaseMetrics
from virtslo.hollow.virt_controller.instancetypes import Instancetypes
from virtslo.hollow.virt_controller.migration import MigrationController
from virtslo.hollow.virt_controller.pool import PoolController
from virtslo.hollow.virt_controller.replica_set import ReplicaSetController
from virtslo.hollow.virt_controller.snapshot_status import SnapshotStatusController
from virtslo.hollow.virt_controller.superfluous_calls import WORKERS as SUPERFLUOUS_WORKERS
from virtslo.hollow.virt_controller.superfluous_calls import SuperfluousCalls
from virtslo.hollow.virt_controller.vm import VmController
from virtslo.hollow.virt_controller.vmi import VmiController
from virtslo.model.identifiers import NamespacedName
from virtslo.model.kubernetes import resources
from virtslo.model.simulated.profile import THREADS
from virtslo.ports.kube_api import Selection

Work = tuple[str, WorkQueue[NamespacedName], Callable[[NamespacedName], Awaitable[None]]]


class VirtController:
    """The controllers of one virt-controller process."""

    def __init__(
        self,
        component: Component,
        *,
        extra_calls: Mapping[str, int] = MappingProxyType({}),
        threads: Mapping[str, int] = MappingProxyType({}),
    ) -> None:
        self._component = component
        self._threads = {**THREADS, **threads, "superfluous": SUPERFLUOUS_WORKERS}
        vms, vmis = component.watch(resources.VMS), component.watch(resources.VMIS)
        pods = component.watch(resources.PODS, Selection(label_selector="kubevirt.io"))
        revisions = component.watch(resources.CONTROLLER_REVISIONS)
        instancetypes = Instancetypes(component, revisions)
        vmi = VmiController(component, vmis, pods, vms)
        vm = VmController(component, vms, vmis, revisions, instancetypes=instancetypes)
        snapshot = SnapshotStatusController(component, vms)
        pool = PoolController(component, component.watch(resources.VM_POOLS), vms, vmis, revisions)
        sets = ReplicaSetController(component, component.watch(resources.VMI_REPLICA_SETS), vmis)
        migrations = component.watch(resources.VMI_MIGRATIONS)
        migration = MigrationController(component, migrations, vmis, pods)
        component.metrics.append(PhaseMetrics(vmis).expose)
        self._work: tuple[Work, ...] = (
            ("vmi", vmi.queue, vmi.reconcile),
            ("vm", vm.queue, vm.reconcile),
            ("snapshot", snapshot.queue, snapshot.reconcile),
            ("pool", pool.queue, pool.reconcile),
            ("replica_set", sets.queue, sets.reconcile),
            ("migration", migration.queue, migration.reconcile),
        )
        if extra_calls:
            extra = SuperfluousCalls(component, vmis, extra_calls)
            self._work += (("superfluous", extra.queue, extra.reconcile),)

    def start(self, group: asyncio.TaskGroup) -> None:
        """Work on every queue, once every cache is filled.

        As the real one waits for its informers: a worker that has seen a VMI and not yet its pod
        would fail the VMI.
        """
        group.create_task(self._work_when_synced(group))

    async def _work_when_synced(self, group: asyncio.TaskGroup) -> None:
        await self._component.synced()
        for name, queue, reconcile in self._work:
            run_workers(
                group,
                queue,
                reconcile,
                workers=self._threads[name],
                bad=self._component.bad_objects,
                labour=self._component.labour(name),
            )
