"""A hollow cluster: KubeVirt installed, hollow nodes, and every controller at work.

Invariant: everything it does goes through the connections it is given; the same code runs against
the simulated API server and against a real one.
"""

import asyncio
from collections.abc import Callable
from typing import Final, Protocol

from virtslo.base.clock import Clock
from virtslo.hollow.component import DEFAULT_LIMITS, KUBEVIRT_NAMESPACE, Component
from virtslo.hollow.delays import Delays
from virtslo.hollow.exposition import expose
from virtslo.hollow.garbage_collector import GarbageCollector
from virtslo.hollow.heartbeats import renew_leader, renew_nodes
from virtslo.hollow.identities import (
    controller_manager,
    kubelet_of,
    scheduler,
    virt_api,
    virt_controller,
    virt_handler_of,
    virt_operator,
)
from virtslo.hollow.installation import install_component_pods, install_kubevirt, install_nodes
from virtslo.hollow.kubelet import Kubelet
from virtslo.hollow.namespace import NamespaceController
from virtslo.hollow.scheduler import Scheduler
from virtslo.hollow.virt_controller import VirtController
from virtslo.hollow.virt_handler import VirtHandler
from virtslo.hollow.vmi_status import NODE_LABEL
from virtslo.model import resources
from virtslo.model.identity import Identity
from virtslo.model.profile import Profile
from virtslo.ports.kube_api import KubeApi, Selection

METRICS_PORT: Final = 8443

RegisterMetrics = Callable[[str, str, int, Callable[[str], bytes]], None]


class Startable(Protocol):
    """A controller that works as tasks of a group."""

    def start(self, group: asyncio.TaskGroup) -> None:
        """Begin."""
        ...


class HollowCluster:
    """Every hollow component of one cluster."""

    def __init__(
        self,
        *,
        connect: Callable[[Identity], KubeApi],
        clock: Clock,
        profile: Profile,
        seed: int,
        nodes: int,
        register_metrics: RegisterMetrics | None = None,
    ) -> None:
        self._connect = connect
        self._clock = clock
        self._profile = profile
        self._seed = seed
        self._delays = Delays(clock, profile.delays, seed)
        self._register_metrics = register_metrics
        self.node_names = tuple(f"node-{index:05d}" for index in range(nodes))
        self.synced = asyncio.Event()
        self._components: list[Component] = []
        self._operator = self._component(virt_operator())
        self._apis = [self._component(virt_api()) for _ in range(2)]
        self._controllers = [self._component(virt_controller()) for _ in range(2)]
        self._manager = self._component(controller_manager())
        self._scheduler = self._component(scheduler())
        self._kubelets = [self._component(kubelet_of(name)) for name in self.node_names]
        self._handlers = [self._component(virt_handler_of(name)) for name in self.node_names]

    @property
    def components(self) -> tuple[Component, ...]:
        """Every component, for tests and telemetry."""
        return tuple(self._components)

    async def install(self) -> None:
        """Create KubeVirt, the nodes, and the pods of KubeVirt's components."""
        api = self._operator.api
        await install_nodes(api, self.node_names, self._profile.nodes, self._clock)
        await install_kubevirt(api, self._profile, seed=self._seed, nodes=len(self.node_names))
        pods = await install_component_pods(
            api,
            {
                "virt-operator": [(self._operator, "")],
                "virt-api": [(component, "") for component in self._apis],
                "virt-controller": [(component, "") for component in self._controllers],
                "virt-handler": list(zip(self._handlers, self.node_names, strict=True)),
            },
            self.node_names,
            self._clock,
        )
        for name, component in pods:
            self._expose(name, component)

    async def run(self) -> None:
        """Run every controller until cancelled."""
        controllers = VirtController(self._controllers[0])
        placing = Scheduler(
            self._scheduler,
            self._scheduler.watch(resources.PODS),
            self._scheduler.watch(resources.NODES),
            self._delays,
        )
        collector = GarbageCollector(self._manager)
        namespaces = NamespaceController(self._manager, self._manager.watch(resources.NAMESPACES))
        kubelets, handlers = self._node_agents()
        async with asyncio.TaskGroup() as group:
            parts: list[Startable] = [
                controllers,
                placing,
                collector,
                namespaces,
                *kubelets,
                *handlers,
            ]
            for part in parts:
                part.start(group)
            for component in self._components:
                component.start(group)
            self._beat(group)
            for component in self._components:
                await component.synced()
            self.synced.set()

    def _node_agents(self) -> tuple[list[Kubelet], list[VirtHandler]]:
        kubelets = [
            Kubelet(
                component,
                component.watch(resources.PODS, Selection(field_selector=f"spec.nodeName={name}")),
                self._delays,
                address=f"10.{1 + index // 65536}.{index // 256 % 256}.{index % 256}",
            )
            for index, (name, component) in enumerate(
                zip(self.node_names, self._kubelets, strict=True)
            )
        ]
        handlers = [
            VirtHandler(
                component,
                component.watch(resources.VMIS, Selection(label_selector=f"{NODE_LABEL}={name}")),
                self._delays,
            )
            for name, component in zip(self.node_names, self._handlers, strict=True)
        ]
        return kubelets, handlers

    def _beat(self, group: asyncio.TaskGroup) -> None:
        leaders = (
            (self._controllers[0], "virt-controller", KUBEVIRT_NAMESPACE),
            (self._operator, "virt-operator", KUBEVIRT_NAMESPACE),
            (self._manager, "kube-controller-manager", "kube-system"),
            (self._scheduler, "kube-scheduler", "kube-system"),
        )
        for component, name, namespace in leaders:
            group.create_task(renew_leader(component, name, namespace))
        kubelets = list(zip(self.node_names, self._kubelets, strict=True))
        group.create_task(renew_nodes(kubelets, self._clock, group))

    def _component(self, identity: Identity) -> Component:
        limits = self._profile.limits.get(
            identity.component, DEFAULT_LIMITS.get(identity.component)
        )
        component = Component(
            identity,
            self._connect(identity),
            self._clock,
            limits=limits,
            labour=self._profile.reconcile,
            seed=self._seed,
        )
        self._components.append(component)
        return component

    def _expose(self, pod: str, component: Component) -> None:
        if self._register_metrics is None:
            return
        is_leading: bool | None = None
        if component.identity.component == "virt-controller":
            is_leading = component is self._controllers[0]

        def read(path: str) -> bytes:
            return expose(component, is_leading=is_leading)

        self._register_metrics(KUBEVIRT_NAMESPACE, pod, METRICS_PORT, read)
