"""Hollow parts for a cluster that has a scheduler and a controller manager of its own.

Invariant: nothing is done here that such a cluster does itself: no placing, no garbage collection,
no service accounts; only nodes, and, where KubeVirt is to be hollow too, virt-controller.
"""

import asyncio
from collections.abc import Sequence

from virtslo.base.clock import Clock
from virtslo.hollow.process.component import KUBEVIRT_NAMESPACE, Component
from virtslo.hollow.process.identities import virt_controller
from virtslo.hollow.process.lifecycle import Process, Seat, Startable
from virtslo.hollow.process_factory import Connect, ProcessFactory, lose_node, return_node
from virtslo.hollow.virt_controller.process import VirtController
from virtslo.model.kubernetes.components import VIRT_CONTROLLER
from virtslo.model.simulated.profile import Profile


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
        factory = ProcessFactory(connect, clock, profile, node_names=node_names, seed=seed)
        self.synced = asyncio.Event()
        """Set when every process works."""
        processes: list[Process] = []
        if with_virt_controller:
            seat = Seat(VIRT_CONTROLLER, KUBEVIRT_NAMESPACE)
            name = f"{VIRT_CONTROLLER}-0"

            def controllers(component: Component) -> Sequence[Startable]:
                return (VirtController(component, threads=profile.threads),)

            processes.append(factory.process(name, virt_controller(), controllers, seat=seat))
        processes += factory.node_processes()
        self._processes = {process.name: process for process in processes}

    @property
    def components(self) -> tuple[Component, ...]:
        """Every process's component, as it is now."""
        return tuple(process.component for process in self._processes.values())

    async def lose_node(self, node: str) -> None:
        """Let a node's kubelet and virt-handler fall silent."""
        await lose_node(self._processes, node)

    def return_node(self, node: str) -> None:
        """Start a node's kubelet and virt-handler again."""
        return_node(self._processes, node)

    async def run(self) -> None:
        """Run every process until cancelled."""
        async with asyncio.TaskGroup() as group:
            for process in self._processes.values():
                process.start(group)
            for process in self._processes.values():
                await process.working.wait()
            self.synced.set()
