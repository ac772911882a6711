"""A node's virt-handler, hollow: brings the VMIs of its node from Scheduled to Running, and down.

Invariant: it writes only VMIs of its node, on the newest object it knows; a conflict is tried again
on a newer one, and no phase is written twice.
"""

import asyncio
from typing import Any, Final

from virtslo.hollow.client_go.cache import Cache, key_of
from virtslo.hollow.client_go.conditions import with_condition
from virtslo.hollow.node.host import Host
from virtslo.hollow.node.vmi_interfaces import with_address
from virtslo.hollow.node.vmi_writer import VmiWriter
from virtslo.hollow.process.component import Component
from virtslo.hollow.process.delays import BOOT, DOMAIN_DEFINE, SHUTDOWN
from virtslo.hollow.process.recorder import EventRecorder
from virtslo.hollow.vmi.vmi_status import PAUSED, is_final, with_phase
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes.components import VIRT_HANDLER

_NEVER: Final = {"lastProbeTime": None, "lastTransitionTime": None}
"""As the real one writes it: virt-controller's patches test conditions field by field."""
_MIGRATABLE: Final = {**_NEVER, "status": "True", "type": "LiveMigratable"}
_STORAGE_MIGRATABLE: Final = {**_NEVER, "status": "True", "type": "StorageLiveMigratable"}
_MACHINE: Final = {"type": "pc-q35-rhel9.6.0"}


class VirtHandler:
    """One node's virt-handler."""

    def __init__(
        self,
        component: Component,
        vmis: Cache,
        host: Host,
    ) -> None:
        self._component = component
        self._network = host.network
        self._machine = host.machine
        self._node = host.name
        self._writer = VmiWriter(component, vmis, host.delays)
        self._delays = host.delays
        self._events = EventRecorder(component, VIRT_HANDLER)
        self._group: asyncio.TaskGroup | None = None
        self._started: dict[str, None] = {}
        self._stopping: dict[str, None] = {}
        vmis.when_seen(self._vmi_seen)

    def start(self, group: asyncio.TaskGroup) -> None:
        """Domains are started and stopped as tasks of this group."""
        self._group = group

    def _vmi_seen(self, before: Object | None, after: Object | None) -> None:
        group = self._group
        if group is None:
            return
        if after is None:
            if before is not None:
                self._started.pop(before["metadata"]["uid"], None)
                self._stopping.pop(before["metadata"]["uid"], None)
            return
        uid = after["metadata"]["uid"]
        if after["metadata"].get("deletionTimestamp"):
            if uid not in self._stopping and not is_final(after):
                self._stopping[uid] = None
                self._component.begin(group, after, self._stop)
        elif after["status"].get("phase") == "Scheduled" and uid not in self._started:
            self._started[uid] = None
            self._component.begin(group, after, self._start)

    async def _start(self, vmi: Object) -> None:
        key = "/".join(key_of(vmi))
        uid = vmi["metadata"]["uid"]
        await self._delays.wait(DOMAIN_DEFINE, key)
        if uid in self._stopping or not await self._writer.write(vmi, _migratable):
            return
        self._events.send(vmi, "Created", "VirtualMachineInstance defined.")
        await self._delays.wait(BOOT, key)
        if uid in self._stopping or not await self._writer.write(vmi, self._running):
            return
        self._events.send(vmi, "Started", "VirtualMachineInstance started.")

    async def _stop(self, vmi: Object) -> None:
        self._events.send(vmi, "Deleted", "Signaled Deletion")
        with self._machine.shutting_down(vmi["metadata"]["uid"]):
            await self._delays.wait(SHUTDOWN, "/".join(key_of(vmi)))
            is_there = await self._writer.write(vmi, self._succeeded)
        if is_there:
            self._events.send(vmi, "Stopped", "The VirtualMachineInstance was shut down.")

    def _running(self, vmi: Object) -> Object:
        if is_final(vmi):
            return vmi  # a write that was refused is tried again, and came after the shutdown's
        now = self._component.clock.stamp()
        status = with_phase(vmi["status"], "Running", now)
        status = with_address(status, self._network, self._node)
        status["machine"] = _MACHINE
        if vmi["spec"].get("startStrategy") == "Paused":
            paused = {**PAUSED, "lastTransitionTime": now}
            status["conditions"] = [*(status.get("conditions") or ()), paused]
        return {**vmi, "status": status}

    def _succeeded(self, vmi: Object) -> Object:
        if is_final(vmi):
            return vmi
        now = self._component.clock.stamp()
        return {**vmi, "status": with_phase(vmi["status"], "Succeeded", now)}


def _migratable(vmi: Object) -> Object:
    conditions: Any = vmi["status"].get("conditions")
    for condition in (_MIGRATABLE, _STORAGE_MIGRATABLE):
        conditions = with_condition(conditions, condition)
    status = {**vmi["status"], "conditions": conditions, "migrationMethod": "LiveMigration"}
    return {**vmi, "status": status}
