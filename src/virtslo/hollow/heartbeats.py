"""What a cluster says when nothing happens: leases of leaders and of nodes.

Invariant: one task renews the leases of every node, in turn; a lease is one UPDATE.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

from virtslo.base.clock import Clock, timestamp, to_nanoseconds
from virtslo.base.errors import AlreadyExists, ClusterError
from virtslo.hollow.component import Component
from virtslo.model import resources
from virtslo.model.identifiers import Object

LEADER_EVERY: Final = 2.0
NODE_EVERY: Final = 10.0
NODE_NAMESPACE: Final = "kube-node-lease"


async def renew_leader(component: Component, name: str, namespace: str) -> None:
    """Hold a leader's lease: created once, then renewed every two seconds."""
    clock = component.clock
    lease = await _acquire(component, name, namespace, holder=component.identity.component)
    while True:
        await clock.sleep_until(clock.now_ns() + to_nanoseconds(LEADER_EVERY))
        lease = await _renew(component, lease)


async def renew_nodes(
    kubelets: Sequence[tuple[str, Component]], clock: Clock, group: asyncio.TaskGroup
) -> None:
    """Renew the lease of every node every ten seconds, spread evenly."""
    leases: list[Object | None] = [None] * len(kubelets)
    start_ns = clock.now_ns()
    gap_ns = to_nanoseconds(NODE_EVERY) // max(1, len(kubelets))
    turn = 0
    while True:
        index = turn % len(kubelets)
        due_ns = start_ns + (turn // len(kubelets)) * to_nanoseconds(NODE_EVERY) + index * gap_ns
        await clock.sleep_until(due_ns)
        name, kubelet = kubelets[index]
        lease = leases[index]
        if lease is None:
            leases[index] = await _acquire(kubelet, name, NODE_NAMESPACE, holder=name)
        else:
            leases[index] = await _renew(kubelet, lease)
        turn += 1


async def _acquire(component: Component, name: str, namespace: str, *, holder: str) -> Object:
    body = {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "holderIdentity": holder,
            "leaseDurationSeconds": 40,
            "renewTime": timestamp(component.clock.wall()),
        },
    }
    while True:
        try:
            return await component.api.create(resources.LEASES, body, namespace=namespace)
        except AlreadyExists:
            return await component.api.get(resources.LEASES, name, namespace=namespace)
        except ClusterError:
            await component.clock.sleep_until(component.clock.now_ns() + 2_000_000_000)


async def _renew(component: Component, lease: Object) -> Object:
    spec = {**lease["spec"], "renewTime": timestamp(component.clock.wall())}
    try:
        return await component.api.update(resources.LEASES, {**lease, "spec": spec})
    except ClusterError:
        metadata = lease["metadata"]
        try:
            return await component.api.get(
                resources.LEASES, metadata["name"], namespace=metadata["namespace"]
            )
        except ClusterError:
            return lease
