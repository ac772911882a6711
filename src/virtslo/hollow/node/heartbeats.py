"""What a node says when nothing happens: its lease, its status, and virt-handler's heartbeat.

Invariant: nodes are spread evenly over the interval, so that no moment has them all; a lease is
one UPDATE, a heartbeat one PATCH.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from virtslo.base.clock import to_nanoseconds
from virtslo.base.errors import AlreadyExists, ClusterError
from virtslo.hollow.process.component import Component
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes import resources
from virtslo.ports.kube_api import PatchType

LEASE_EVERY: Final = 10.0
STATUS_EVERY: Final = 300.0
"""A kubelet reports an unchanged status every five minutes."""
HANDLER_EVERY: Final = 60.0
NODE_NAMESPACE: Final = "kube-node-lease"

Beat = Callable[[], Awaitable[None]]


class NodeHeart:
    """A kubelet's lease and node status."""

    def __init__(self, component: Component, node: str, share: float) -> None:
        self._component = component
        self._node = node
        self._share = share
        self._lease: Object | None = None

    def start(self, group: asyncio.TaskGroup) -> None:
        """Begin to beat."""
        group.create_task(_every(self._component, LEASE_EVERY, self._share, self._renew))
        group.create_task(_every(self._component, STATUS_EVERY, self._share, self._report))

    async def _renew(self) -> None:
        api, now = self._component.api, self._component.clock.micro_stamp()
        try:
            if self._lease is None:
                self._lease = await self._acquire(now)
            else:
                spec = {**self._lease["spec"], "renewTime": now}
                self._lease = await api.update(resources.LEASES, {**self._lease, "spec": spec})
        except ClusterError:
            self._lease = None

    async def _acquire(self, now: str) -> Object:
        api = self._component.api
        body = {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {"name": self._node, "namespace": NODE_NAMESPACE},
            "spec": {"holderIdentity": self._node, "leaseDurationSeconds": 40, "renewTime": now},
        }
        try:
            return await api.create(resources.LEASES, body, namespace=NODE_NAMESPACE)
        except AlreadyExists:
            return await api.get(resources.LEASES, self._node, namespace=NODE_NAMESPACE)

    async def _report(self) -> None:
        now = self._component.clock.stamp()
        ready = {"lastHeartbeatTime": now, "status": "True", "type": "Ready"}
        patch = {"status": {"conditions": [ready]}}
        try:
            await self._component.api.patch(
                resources.NODES,
                self._node,
                patch,
                patch_type=PatchType.STRATEGIC,
                subresource="status",
            )
        except ClusterError:
            return


class HandlerHeart:
    """virt-handler's heartbeat on its node."""

    def __init__(self, component: Component, node: str, share: float) -> None:
        self._component = component
        self._node = node
        self._share = share

    def start(self, group: asyncio.TaskGroup) -> None:
        """Begin to beat."""
        group.create_task(_every(self._component, HANDLER_EVERY, self._share, self._beat))

    async def _beat(self) -> None:
        now = self._component.clock.stamp()
        metadata = {
            "labels": {"kubevirt.io/schedulable": "true"},
            "annotations": {"kubevirt.io/heartbeat": now},
        }
        try:
            await self._component.api.patch(
                resources.NODES,
                self._node,
                {"metadata": metadata},
                patch_type=PatchType.STRATEGIC,
            )
        except ClusterError:
            return


async def _every(component: Component, seconds: float, share: float, beat: Beat) -> None:
    """Send a heartbeat every `seconds`, the first after a share of them."""
    clock, every_ns = component.clock, to_nanoseconds(seconds)
    due_ns = clock.now_ns() + to_nanoseconds(seconds * share)
    while True:
        await clock.sleep_until(due_ns)
        await beat()
        due_ns += every_ns
