"""A hollow node: what its kubelet and its virt-handler are made of.

Invariant: both share one machine, which outlives them; a process that is started again gets new
parts on it.
"""

from collections.abc import Sequence

from virtslo.hollow.node.heartbeats import HandlerHeart, NodeHeart
from virtslo.hollow.node.host import Host
from virtslo.hollow.node.kubelet import Kubelet
from virtslo.hollow.node.machine import Machine
from virtslo.hollow.node.migration_agent import TARGET_LABEL, MigrationAgent
from virtslo.hollow.node.pod_network import PodNetwork
from virtslo.hollow.node.virt_handler import VirtHandler
from virtslo.hollow.process.component import Component
from virtslo.hollow.process.delays import Delays
from virtslo.hollow.process.lifecycle import Startable
from virtslo.hollow.vmi.vmi_status import NODE_LABEL
from virtslo.model.kubernetes import resources
from virtslo.ports.kube_api import Selection


class HollowNode:
    """One node's processes, for as long as each lives."""

    def __init__(
        self, name: str, *, address: str, share: float, delays: Delays, network: PodNetwork
    ) -> None:
        self._name = name
        self._share = share
        self._host = Host(name, address, Machine(), network, delays)

    def kubelet(self, component: Component) -> Sequence[Startable]:
        """The parts of the node's kubelet."""
        pods = component.watch(
            resources.PODS, Selection(field_selector=f"spec.nodeName={self._name}")
        )
        agent = Kubelet(component, pods, self._host)
        return (agent, NodeHeart(component, self._name, self._share))

    def virt_handler(self, component: Component) -> Sequence[Startable]:
        """The parts of the node's virt-handler."""
        vmis = component.watch(
            resources.VMIS, Selection(label_selector=f"{NODE_LABEL}={self._name}")
        )
        targets = component.watch(
            resources.VMIS, Selection(label_selector=f"{TARGET_LABEL}={self._name}")
        )
        agent = MigrationAgent(component, vmis, targets, self._host)
        return (
            VirtHandler(component, vmis, self._host),
            agent,
            HandlerHeart(component, self._name, self._share),
        )
