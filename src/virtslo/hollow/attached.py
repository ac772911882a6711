"""Hollow parts for a cluster that has a scheduler and a controller manager of its own.

Invariant: nothing is done here that such a cluster does itself: no placing, no garbage collection,
no service accounts; only nodes, and, where KubeVirt is to be hollow too, virt-controller.
"""

import asyncio
from collections.abc import Callable, Sequence

from virtslo.base.clock import Clock
from virtslo.hollow.installation import address_of
from virtslo.hollow.node.hollow_node import HollowNode
from virtslo.hollow.node.pod_network import PodNetwork
from virtslo.hollow.process.client_limits import follow_limits
from virtslo.hollow.process.component import DEFAULT_LIMITS, KUBEVIRT_NAMESPACE, Component
from virtslo.hollow.process.delays import Delays
from virtslo.hollow.process.identities import kubelet_of, virt_controller, virt_handler_of
from virtslo.hollow.process.lifecycle import Process, Seat, Startable
from virtslo.hollow.virt_controller.process import VirtController
from virtslo.model.client_limits import LIMIT_KEYS
from virtslo.model.identity import Identity
from virtslo.model.profile import Profile
from virtslo.model.vocabulary import VIRT_CONTROLLER
from virtslo.ports.kube_api import Transport

Connect = Callable[[Identity, str], Transport]
"""A connection as a component, and the node it is on, or nothing."""


class AttachedParts:
    """Kubelets and virt-handlers of hollow nodes, and virt-controller where it is wanted."""

    def __init__(
        self,
        *,
        connect: Connect,
        clock: Clock,
        profile: Profile,
        seed: int,
        node_names: tuple[str, ...],
        with_virt_controller: bool,
    ) -> None:
        self._connect = connect
        self._clock = clock
        self._profile = profile
        self._seed = seed
        self._delays = Delays.of(profile, clock, seed)
        self._network = PodNetwork(node_names, pods_per_node=profile.nodes.pods)
        self.synced = asyncio.Event()
        """Set when every process works."""
        self._processes: list[Process] = []
        if with_virt_controller:
            seat = Seat(VIRT_CONTROLLER, KUBEVIRT_NAMESPACE)
            self._add("virt-controller-0", virt_controller(), "", _controllers, seat=seat)
        for index, node in enumerate(node_names):
            self._add_node(index, node, share=index / len(node_names))

    @property
    def components(self) -> tuple[Component, ...]:
        """Every process's component, as it is now."""
        return tuple(process.component for process in self._processes)

    async def run(self) -> None:
        """Run every process until cancelled."""
        async with asyncio.TaskGroup() as group:
            for process in self._processes:
                process.start(group)
            for process in self._processes:
                await process.working.wait()
            self.synced.set()

    def _add_node(self, index: int, name: str, *, share: float) -> None:
        node = HollowNode(
            name,
            address=address_of(index),
            share=share,
            delays=self._delays,
            network=self._network,
        )
        self._add(f"kubelet-{name}", kubelet_of(name), name, node.kubelet)
        self._add(f"virt-handler-{name}", virt_handler_of(name), name, node.virt_handler)

    def _add(
        self,
        name: str,
        identity: Identity,
        node: str,
        parts: Callable[[Component], Sequence[Startable]],
        *,
        seat: Seat | None = None,
    ) -> None:
        def new_component() -> Component:
            component = Component(
                identity,
                self._connect(identity, node),
                self._clock,
                limits=self._profile.limits.get(
                    identity.component, DEFAULT_LIMITS.get(identity.component)
                ),
                labour=self._profile.reconcile,
                seed=self._seed,
            )
            if identity.component in LIMIT_KEYS:
                follow_limits(component)
            return component

        self._processes.append(Process(name, new_component, parts, seat=seat))


def _controllers(component: Component) -> Sequence[Startable]:
    return (VirtController(component),)
