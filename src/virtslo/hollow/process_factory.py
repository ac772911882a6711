"""Processes of hollow components, made alike for a whole cluster and for parts beside a real one.

Invariant: every process is made from the profile in one way: its client's limits, its own work, its
seed; a process that starts again gets a new component, made the same.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from virtslo.base.clock import Clock
from virtslo.hollow.installation import address_of
from virtslo.hollow.node.hollow_node import HollowNode
from virtslo.hollow.node.pod_network import PodNetwork
from virtslo.hollow.process.client_limits import follow_limits
from virtslo.hollow.process.component import DEFAULT_LIMITS, Component
from virtslo.hollow.process.delays import Delays, Work
from virtslo.hollow.process.identities import kubelet_of, virt_handler_of
from virtslo.hollow.process.lifecycle import Parts, Process, Seat, Startable
from virtslo.model.kubernetes.client_limits import LIMIT_KEYS
from virtslo.model.kubernetes.identity import Identity
from virtslo.model.simulated.profile import ComponentLimits, Profile
from virtslo.ports.kube_api import Transport

Connect = Callable[[Identity, str], Transport]
"""A connection as a component, and the node it is on, or nothing."""

NO_NODE: Final = ""


class ProcessFactory:
    """Makes the processes of one hollow cluster."""

    def __init__(
        self,
        connect: Connect,
        clock: Clock,
        profile: Profile,
        *,
        node_names: tuple[str, ...],
        seed: int,
        work: Work | None = None,
    ) -> None:
        self._connect = connect
        self._clock = clock
        self._profile = profile
        self._seed = seed
        self._work = work
        self._node_names = node_names
        self.delays = Delays.of(profile, clock, seed, work=work)
        self.network = PodNetwork(node_names, pods_per_node=profile.nodes.pods)

    def process(
        self,
        name: str,
        identity: Identity,
        parts: Parts | None = None,
        *,
        node: str = NO_NODE,
        seat: Seat | None = None,
    ) -> Process:
        """A process of a component; one without parts only has a client."""

        def new_component() -> Component:
            return self._component(identity, node)

        return Process(name, new_component, parts or _nothing, seat=seat)

    def node_processes(self) -> tuple[Process, ...]:
        """The kubelet and the virt-handler of every node."""
        return tuple(
            process
            for index, name in enumerate(self._node_names)
            for process in self._node(index, name)
        )

    def limits_of(self, client: str) -> ComponentLimits | None:
        """The token bucket of a client, as the profile or Kubernetes sets it."""
        return self._profile.limits.get(client, DEFAULT_LIMITS.get(client))

    def _node(self, index: int, name: str) -> tuple[Process, Process]:
        node = HollowNode(
            name,
            address=address_of(index),
            share=index / len(self._node_names),
            delays=self.delays,
            network=self.network,
        )
        kubelet, handler = kubelet_of(name), virt_handler_of(name)
        of_kubelet, of_handler = _names_on(name)
        return (
            self.process(of_kubelet, kubelet, node.kubelet, node=name),
            self.process(of_handler, handler, node.virt_handler, node=name),
        )

    def _component(self, identity: Identity, node: str) -> Component:
        component = Component(
            identity,
            self._connect(identity, node),
            self._clock,
            limits=self.limits_of(identity.component),
            labour=self._profile.reconcile,
            seed=self._seed,
            work=self._work,
        )
        if identity.component in LIMIT_KEYS:
            follow_limits(component)
        return component


async def lose_node(processes: Mapping[str, Process], node: str) -> None:
    """Let a node's kubelet and virt-handler fall silent."""
    for name in _names_on(node):
        await processes[name].stop()


def return_node(processes: Mapping[str, Process], node: str) -> None:
    """Start a node's kubelet and virt-handler again."""
    for name in _names_on(node):
        processes[name].start_again()


def _names_on(node: str) -> tuple[str, str]:
    """The names of a node's processes: its kubelet's and its virt-handler's."""
    return f"kubelet-{node}", f"virt-handler-{node}"


def _nothing(component: Component) -> Sequence[Startable]:
    return ()
