"""How the faults of KubeVirt's components are played.

Invariant: whatever ends a play, every process that it stopped has started again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from random import Random

from virtslo.base.errors import ClusterError
from virtslo.hollow.cluster import HollowCluster
from virtslo.model.simulated.faults import Fault
from virtslo.ports.fault_play import Play, Span


def cluster_plays(cluster: HollowCluster, *, seed: int) -> Mapping[str, Play]:
    """What plays each fault of a hollow cluster, by the fault's name."""

    async def restart_virt_controller(fault: Fault, _span: Span) -> None:
        await cluster.restart_virt_controller(down_seconds=fault.lasts)

    async def change_leader(fault: Fault, _span: Span) -> None:
        await cluster.change_leader(down_seconds=fault.lasts)

    async def lose_nodes(fault: Fault, span: Span) -> None:
        count = min(int(fault.values["nodes"]), len(cluster.node_names))
        chosen = Random(f"{seed}:{fault.text}").sample(cluster.node_names, count)
        for node in chosen:
            await cluster.lose_node(node)
        try:
            async with asyncio.TaskGroup() as group:
                remedy = group.create_task(remedy_loss(chosen, fault.values["remedy"]))
                await span()
                remedy.cancel()
        finally:
            for node in chosen:
                cluster.return_node(node)

    async def remedy_loss(nodes: Sequence[str], seconds: float) -> None:
        if not seconds:
            return
        await asyncio.sleep(seconds)
        try:
            for node in nodes:
                await insist(cluster.declare_out_of_service, node, is_out=True)
            await asyncio.Event().wait()
        finally:
            for node in nodes:
                await insist(cluster.declare_out_of_service, node, is_out=False)

    return {
        "node-loss": lose_nodes,
        "virt-controller-restart": restart_virt_controller,
        "leader-change": change_leader,
    }


async def insist(say: Callable[..., Awaitable[None]], node: str, *, is_out: bool) -> None:
    """Say it until the API server takes it: an administrator tries again."""
    while True:
        try:
            await say(node, is_out=is_out)
        except ClusterError:
            await asyncio.sleep(1)
        else:
            return
