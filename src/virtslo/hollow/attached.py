"""Hollow parts for a cluster that has a scheduler and a controller manager of its own.

Invariant: nothing is done here that such a cluster does itself: no placing, no garbage collection,
no service accounts; only nodes, and, where KubeVirt is to be hollow too, virt-controller.
"""

import asyncio
from collections.abc import Callable, Sequence

from virtslo.base.clock import Clock
from virtslo.hollow.client_limits import LIMIT_KEYS, follow_limits
from virtslo.hollow.component import DEFAULT_LIMITS, KUBEVIRT_NAMESPACE, Component
from virtslo.hollow.delays import Delays
from virtslo.hollow.heartbeats import HandlerHeart, NodeHeart
from virtslo.hollow.identities import kubelet_of, virt_controller, virt_handler_of
from virtslo.hollow.installation import address_of
from virtslo.hollow.kubelet import Kubelet
from virtslo.hollow.machine import Machine
from virtslo.hollow.migration_agent import TARGET_LABEL, MigrationAgent
from virtslo.hollow.process import Process, Seat, Startable
from virtslo.hollow.virt_controller import VirtController
from virtslo.hollow.virt_handler import VirtHandler
from virtslo.hollow.vmi_status import NODE_LABEL
from virtslo.model import resources
from virtslo.model.identity import Identity
from virtslo.model.profile import Profile
from virtslo.ports.kube_api import KubeApi, Selection

Connect = Callable[[Identity, str], KubeApi]
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
        self._delays = Delays(clock, profile.delays, seed, node_work=profile.node_work)
        self.synced = asyncio.Event()
        """Set when every process works."""
        self._processes: list[Process] = []
        if with_virt_controller:
            seat = Seat("virt-controller", KUBEVIRT_NAMESPACE)
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

    def _add_node(self, index: int, node: str, *, share: float) -> None:
        address = address_of(index)

        machine = Machine()

        def kubelet(component: Component) -> Sequence[Startable]:
            pods = component.watch(
                resources.PODS, Selection(field_selector=f"spec.nodeName={node}")
            )
            agent = Kubelet(component, pods, self._delays, address=address, machine=machine)
            return (agent, NodeHeart(component, node, share))

        def handler(component: Component) -> Sequence[Startable]:
            vmis = component.watch(resources.VMIS, Selection(label_selector=f"{NODE_LABEL}={node}"))
            targets = component.watch(
                resources.VMIS, Selection(label_selector=f"{TARGET_LABEL}={node}")
            )
            return (
                VirtHandler(component, vmis, self._delays),
                MigrationAgent(component, vmis, targets, self._delays, node=node, machine=machine),
                HandlerHeart(component, node, share),
            )

        self._add(f"kubelet-{node}", kubelet_of(node), node, kubelet)
        self._add(f"virt-handler-{node}", virt_handler_of(node), node, handler)

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
