"""virt-handler's part in a migration, hollow: the target makes ready, the source sends the domain.

Invariant: each side writes its own step once, on the newest VMI it knows; the VMI's node changes
in the very write that says the migration is complete.
"""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from virtslo.hollow.client_go.cache import Cache, key_of
from virtslo.hollow.node.host import Host
from virtslo.hollow.node.vmi_interfaces import with_address
from virtslo.hollow.node.vmi_writer import VmiWriter
from virtslo.hollow.process.component import Component
from virtslo.hollow.process.delays import MIGRATE, MIGRATION_PREPARE
from virtslo.hollow.process.recorder import EventRecorder
from virtslo.hollow.vmi.vmi_status import NODE_LABEL
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes.components import VIRT_HANDLER

TARGET_LABEL: Final = "kubevirt.io/migrationTargetNodeName"


class MigrationAgent:
    """One node's part in the migrations from it and to it."""

    def __init__(
        self,
        component: Component,
        vmis: Cache,
        targets: Cache,
        host: Host,
    ) -> None:
        self._component = component
        self._sources = VmiWriter(component, vmis, host.delays)
        self._targets = VmiWriter(component, targets, host.delays)
        self._delays = host.delays
        self._node = host.name
        self._machine = host.machine
        self._network = host.network
        self._events = EventRecorder(component, VIRT_HANDLER)
        self._group: asyncio.TaskGroup | None = None
        self._begun: dict[tuple[str, str], None] = {}
        vmis.when_seen(self._source_seen)
        targets.when_seen(self._target_seen)

    def start(self, group: asyncio.TaskGroup) -> None:
        """Migrations are carried out as tasks of this group."""
        self._group = group

    def _source_seen(self, before: Object | None, after: Object | None) -> None:
        state = _state(after)
        if not state:
            return
        self._forget("send", state)
        if after is None or state.get("sourceNode") != self._node:
            return
        if state.get("targetNodeAddress") and not state.get("startTimestamp"):
            self._begin("send", state, after)

    def _target_seen(self, before: Object | None, after: Object | None) -> None:
        state = _state(after)
        self._forget("prepare", state)
        if after is None or state.get("targetNode") != self._node:
            return
        if not state.get("targetNodeAddress"):
            self._begin("prepare", state, after)

    def _forget(self, step: str, state: Mapping[str, Any]) -> None:
        """A migration that is over is not begun again."""
        if state.get("completed"):
            self._begun.pop((step, state.get("migrationUid", "")), None)

    def _begin(self, step: str, state: Mapping[str, Any], vmi: Object) -> None:
        key = (step, state["migrationUid"])
        if self._group is None or state.get("completed") or key in self._begun:
            return
        self._begun[key] = None
        work = self._send if step == "send" else self._prepare
        self._component.begin(self._group, vmi, work)

    async def _prepare(self, vmi: Object) -> None:
        await self._delays.wait(MIGRATION_PREPARE, "/".join(key_of(vmi)))
        address = {"targetNodeAddress": self._node}
        if await self._targets.write(vmi, lambda current: _with_state(current, address)):
            words = "VirtualMachineInstance Migration Target Prepared."
            self._events.send(vmi, "PreparingTarget", words)

    async def _send(self, vmi: Object) -> None:
        begin = {"startTimestamp": self._now()}
        if not await self._sources.write(vmi, lambda current: _with_state(current, begin)):
            return
        self._events.send(vmi, "Migrating", "VirtualMachineInstance is migrating.")
        await self._delays.wait(MIGRATE, "/".join(key_of(vmi)))
        if not await self._sources.write(vmi, self._moved):
            return
        target = _state(vmi)["targetNode"]
        words = f"The VirtualMachineInstance migrated to node {target}."
        self._events.send(vmi, "Migrated", words)
        for uid, node in (vmi["status"].get("activePods") or {}).items():
            if node == self._node:
                self._machine.end_launcher(uid)

    def _moved(self, vmi: Object) -> Object:
        """The VMI on its target."""
        target = _state(vmi)["targetNode"]
        over = {"endTimestamp": self._now(), "completed": True}
        moved = _with_state(vmi, over)
        metadata = moved["metadata"]
        labels = {**metadata["labels"], NODE_LABEL: target}
        labels.pop(TARGET_LABEL, None)
        status = with_address(moved["status"], self._network, target)
        return {
            **moved,
            "metadata": {**metadata, "labels": labels},
            "status": {**status, "nodeName": target},
        }

    def _now(self) -> str:
        return self._component.clock.stamp()


def _state(vmi: Object | None) -> Mapping[str, Any]:
    if vmi is None:
        return {}
    return vmi["status"].get("migrationState") or {}


def _with_state(vmi: Object, changes: Mapping[str, Any]) -> Object:
    status = vmi["status"]
    return {**vmi, "status": {**status, "migrationState": {**_state(vmi), **changes}}}
