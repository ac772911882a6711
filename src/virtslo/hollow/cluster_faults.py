"""How the faults of KubeVirt's components are played.

Invariant: whatever ends a play, every process that it stopped has started again.
"""

from collections.abc import Mapping

from virtslo.hollow.cluster import HollowCluster
from virtslo.model.faults import Fault
from virtslo.ports.fault_play import Play, Span


def cluster_plays(cluster: HollowCluster) -> Mapping[str, Play]:
    """What plays each fault of a hollow cluster, by the fault's name."""

    async def restart_virt_controller(fault: Fault, _span: Span) -> None:
        await cluster.restart_virt_controller(down_seconds=fault.lasts)

    async def change_leader(fault: Fault, _span: Span) -> None:
        await cluster.change_leader(down_seconds=fault.lasts)

    return {
        "virt-controller-restart": restart_virt_controller,
        "leader-change": change_leader,
    }
