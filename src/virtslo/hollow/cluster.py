"""A hollow cluster: KubeVirt installed, hollow nodes, and every component's process at work.

Invariant: everything it does goes through the connections it is given; the same code runs against
the simulated API server and against a real one.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from itertools import cycle
from types import MappingProxyType
from typing import Any, Final

from virtslo.base.clock import Clock, sleep
from virtslo.hollow.client_go.cache import Cache
from virtslo.hollow.component_workloads import (
    NO_MEMBERSHIP,
    VIRT_HANDLERS,
    Membership,
    install_workload,
)
from virtslo.hollow.installation import (
    KUBEVIRT_VERSION,
    HollowPod,
    PodAddresses,
    address_of,
    component_pod_spec,
    install_component_pod,
    install_kubevirt,
    install_nodes,
)
from virtslo.hollow.kubernetes import namespace
from virtslo.hollow.kubernetes.daemon_set import DaemonSetController
from virtslo.hollow.kubernetes.garbage_collector import (
    EVERY_KIND,
    OF_WORKLOADS,
    GarbageCollector,
)
from virtslo.hollow.kubernetes.namespace import NamespaceController
from virtslo.hollow.kubernetes.node_lifecycle import OUT_OF_SERVICE, NodeLifecycle
from virtslo.hollow.kubernetes.pod_garbage_collector import PodGarbageCollector
from virtslo.hollow.kubernetes.role_aggregation import RoleAggregation
from virtslo.hollow.kubernetes.scheduler import Scheduler
from virtslo.hollow.process.component import KUBEVIRT_NAMESPACE, Component
from virtslo.hollow.process.delays import Work
from virtslo.hollow.process.identities import (
    controller_manager,
    daemon_sets,
    pod_garbage_collector,
    role_aggregation,
    scheduler,
    virt_api,
    virt_controller,
    virt_operator,
)
from virtslo.hollow.process.lifecycle import Parts, Process, Seat, Startable
from virtslo.hollow.process.metrics import expose
from virtslo.hollow.process_factory import ProcessFactory, lose_node, return_node
from virtslo.hollow.virt_api.subresource_api import SubresourceApi
from virtslo.hollow.virt_controller.process import VirtController
from virtslo.model.kubernetes import resources
from virtslo.model.kubernetes.client_limits import GARBAGE_COLLECTOR
from virtslo.model.kubernetes.components import (
    METRICS_PORT,
    VIRT_API,
    VIRT_CONTROLLER,
    VIRT_OPERATOR,
)
from virtslo.model.kubernetes.identity import Identity
from virtslo.model.kubernetes.subresource_calls import SubresourceAnswer, SubresourceCall
from virtslo.model.simulated.profile import REPLICAS, Profile
from virtslo.ports.kube_api import KubeApi, PatchType, Transport

_SYSTEM: Final = "kube-system"

ADMINISTRATOR: Final = Identity(
    "kubectl", "kubernetes-admin", "kubectl/v1.36.2", ("system:masters", "system:authenticated")
)

RegisterMetrics = Callable[[str, str, int, Callable[[str], bytes]], None]
AnswerSubresource = Callable[[SubresourceCall], Awaitable[SubresourceAnswer]]
RegisterSubresources = Callable[[AnswerSubresource], None]
"""Takes what answers KubeVirt's subresources."""


class HollowCluster:
    """Every hollow component of one cluster."""

    def __init__(
        self,
        *,
        connect: Callable[[Identity], Transport],
        clock: Clock,
        profile: Profile,
        seed: int,
        nodes: int,
        register_metrics: RegisterMetrics | None = None,
        register_subresources: RegisterSubresources | None = None,
        work: Work | None = None,
        is_shared: bool = False,
        played_with: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        """`is_shared`: others' clients use the cluster, so that any kind may own and be owned.

        `played_with` is what else the KubeVirt object says of what plays it.
        """
        self._played_with = played_with
        self._is_shared = is_shared
        self._connect = connect
        self._clock = clock
        self._profile = profile
        self._seed = seed
        self._register_metrics = register_metrics
        self._register_subresources = register_subresources
        self.node_names = tuple(f"node-{index:05d}" for index in range(nodes))
        self._addresses = {name: address_of(index) for index, name in enumerate(self.node_names)}
        self._factory = ProcessFactory(
            lambda identity, _: connect(identity),
            clock,
            profile,
            node_names=self.node_names,
            seed=seed,
            work=work,
        )
        self.synced = asyncio.Event()
        """Set when every process works, or stands by."""
        self._processes: dict[str, Process] = {}
        self._add("virt-operator-0", virt_operator(), seat=Seat(VIRT_OPERATOR, "kubevirt"))
        replicas = {**REPLICAS, **profile.replicas}
        self._virt_apis = tuple(f"{VIRT_API}-{index}" for index in range(replicas[VIRT_API]))
        for name in self._virt_apis:
            self._add(name, virt_api())
        for index in range(replicas[VIRT_CONTROLLER]):
            name = f"{VIRT_CONTROLLER}-{index}"
            seat = Seat(VIRT_CONTROLLER, KUBEVIRT_NAMESPACE)
            self._add(name, virt_controller(), self._controllers, seat=seat)
        seat = Seat("kube-controller-manager", _SYSTEM)
        self._add("kube-controller-manager", controller_manager(), self._managing, seat=seat)
        seat = Seat("kube-scheduler", _SYSTEM)
        self._add("kube-scheduler", scheduler(), self._placing, seat=seat)
        for process in self._factory.node_processes():
            self._keep(process)

    @property
    def components(self) -> tuple[Component, ...]:
        """Every process's component, as it is now."""
        return tuple(process.component for process in self._processes.values())

    @property
    def leader(self) -> str | None:
        """The pod of the virt-controller that leads; None while none does."""
        for process in self._seated(VIRT_CONTROLLER):
            if process.is_leading:
                return process.name
        return None

    async def install(self) -> None:
        """Create KubeVirt, the nodes, and the pods of KubeVirt's components."""
        api = self._processes["virt-operator-0"].component.api
        await install_nodes(
            api, self.node_names, self._profile.nodes, self._clock, network=self._factory.network
        )
        await install_kubevirt(
            api,
            self._profile,
            seed=self._seed,
            nodes=len(self.node_names),
            played_with=self._played_with,
        )
        memberships = await self._install_workloads(api)
        for name, process in self._processes.items():
            component = process.component.identity.component
            if component.startswith("virt-"):
                node = self._node_of(name)
                membership = memberships.get(component, NO_MEMBERSHIP)
                addresses = self._addresses_of(name, node)
                pod = HollowPod(
                    name, component, node, addresses, membership.labels, membership.owner
                )
                await install_component_pod(api, pod, now=self._clock.stamp())
                self._expose(process)
        if self._register_subresources is not None:
            self._register_subresources(self._answer_of_subresources())

    async def _install_workloads(self, api: KubeApi) -> Mapping[str, Membership]:
        """What KubeVirt's pods are of, on a cluster on which others look for it."""
        if not self._is_shared:
            return {}
        counts = Counter(
            component
            for process in self._processes.values()
            if (component := process.component.identity.component).startswith("virt-")
        )
        return {
            component: await install_workload(api, component, component_pod_spec(component), count)
            for component, count in counts.items()
        }

    async def run(self) -> None:
        """Run every process until cancelled."""
        async with asyncio.TaskGroup() as group:
            for process in self._processes.values():
                process.start(group)
            seats = {process.seat: None for process in self._processes.values() if process.seat}
            for seat in seats:
                await self._someone_leads(seat.name)
            for process in self._processes.values():
                if process.seat is None:
                    await process.working.wait()
            self.synced.set()

    async def restart(self, pod: str, *, down_seconds: float = 1.0) -> None:
        """Let the process of a pod die, and start it again after a number of seconds."""
        process = self._processes[pod]
        await process.stop()
        await self._pause(down_seconds)
        process.start_again()

    async def restart_virt_controller(self, *, down_seconds: float = 1.0) -> None:
        """Restart the virt-controller that leads; it leads again unless it is down for long."""
        leader = self.leader
        if leader is not None:
            await self.restart(leader, down_seconds=down_seconds)

    async def change_leader(self, *, down_seconds: float = 1.0) -> None:
        """Have the standby lead: the leader gives its lease up and starts again as standby."""
        leader = self.leader
        if leader is None:
            return
        process = self._processes[leader]
        await process.stop(release=True)
        await self._pause(down_seconds)
        await self._someone_leads(VIRT_CONTROLLER)
        process.start_again()

    async def lose_node(self, node: str) -> None:
        """Let a node's kubelet and virt-handler fall silent."""
        await lose_node(self._processes, node)

    def return_node(self, node: str) -> None:
        """Start a node's kubelet and virt-handler again."""
        return_node(self._processes, node)

    async def declare_out_of_service(self, node: str, *, is_out: bool) -> None:
        """Taint a node as an administrator does who knows that it is off, or take that back."""
        api = KubeApi(self._connect(ADMINISTRATOR))
        found = await api.get(resources.NODES, node)
        taints = [
            taint
            for taint in (found.get("spec") or {}).get("taints") or ()
            if taint["key"] != OUT_OF_SERVICE
        ]
        if is_out:
            taints.append({"key": OUT_OF_SERVICE, "value": "nodeshutdown", "effect": "NoExecute"})
        patch = {"spec": {"taints": taints}}
        await api.patch(resources.NODES, node, patch, patch_type=PatchType.MERGE)

    async def _someone_leads(self, seat: str) -> None:
        waits = [asyncio.ensure_future(item.working.wait()) for item in self._seated(seat)]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    def _seated(self, seat: str) -> Sequence[Process]:
        return [
            process
            for process in self._processes.values()
            if process.seat is not None and process.seat.name == seat
        ]

    async def _pause(self, seconds: float) -> None:
        await sleep(self._clock, seconds)

    def _answer_of_subresources(self) -> AnswerSubresource:
        """What answers KubeVirt's subresources: each virt-api in turn, on its own token bucket."""

        def of(name: str) -> AnswerSubresource:
            return SubresourceApi(
                lambda: self._processes[name].component, self._handler_of, version=KUBEVIRT_VERSION
            ).answer

        answers = cycle([of(name) for name in self._virt_apis])

        async def answer(call: SubresourceCall) -> SubresourceAnswer:
            return await next(answers)(call)

        return answer

    def _handler_of(self, node: str) -> Component | None:
        """The virt-handler of a node; None while it is silent."""
        process = self._processes.get(f"virt-handler-{node}")
        return process.component if process is not None and process.working.is_set() else None

    def _addresses_of(self, pod: str, node: str) -> PodAddresses:
        """Where a component's pod is reached."""
        own = self._factory.network.assign(node, f"{KUBEVIRT_NAMESPACE}/{pod}")
        return PodAddresses(self._addresses[node], own)

    def _node_of(self, pod: str) -> str:
        """The node a component's pod is on: virt-handler's own, the others spread."""
        for prefix in ("virt-handler-", "kubelet-"):
            if pod.startswith(prefix):
                return pod.removeprefix(prefix)
        return self.node_names[int(pod.rpartition("-")[2]) % len(self.node_names)]

    def _controllers(self, component: Component) -> Sequence[Startable]:
        profile = self._profile
        controller = VirtController(
            component, extra_calls=profile.extra_calls, threads=profile.threads
        )
        return (controller,)

    def _placing(self, component: Component) -> Sequence[Startable]:
        pods, nodes = component.watch(resources.PODS), component.watch(resources.NODES)
        return (Scheduler(component, pods, nodes, self._factory.delays),)

    def _managing(self, component: Component) -> Sequence[Startable]:
        # Caches are watched in the order in which they are asked for, which decides whose call is
        # first: another order would draw other times.
        namespaces = component.watch(resources.NAMESPACES)
        collector = GarbageCollector(
            component,
            self._factory.limits_of(GARBAGE_COLLECTOR),
            kinds=EVERY_KIND if self._is_shared else OF_WORKLOADS,
        )
        emptier = NamespaceController(
            component,
            namespaces,
            kinds=namespace.EVERY_KIND if self._is_shared else namespace.OF_WORKLOADS,
        )
        nodes = component.watch(resources.NODES)
        lifecycle = NodeLifecycle(component, nodes)
        return (collector, emptier, lifecycle, *self._for_others(component, nodes))

    def _for_others(self, component: Component, nodes: Cache) -> Sequence[Startable]:
        """What gathers roles, keeps daemonsets and removes pods of nodes that are gone.

        Only on a cluster that others use: a run changes neither roles nor the set of nodes.
        """
        if not self._is_shared:
            return ()
        roles = RoleAggregation(component, KubeApi(self._connect(role_aggregation())))
        sets = DaemonSetController(
            component,
            KubeApi(self._connect(daemon_sets())),
            nodes,
            named_by_node={VIRT_HANDLERS},
        )
        own = KubeApi(self._connect(pod_garbage_collector()))
        return (roles, sets, PodGarbageCollector(component, own, nodes=nodes, pods=sets.pods))

    def _add(
        self,
        name: str,
        identity: Identity,
        parts: Parts | None = None,
        *,
        seat: Seat | None = None,
    ) -> None:
        self._keep(self._factory.process(name, identity, parts, seat=seat))

    def _keep(self, process: Process) -> None:
        self._processes[process.name] = process

    def _expose(self, process: Process) -> None:
        if self._register_metrics is None:
            return
        has_leader = process.component.identity.component == VIRT_CONTROLLER

        def read(path: str) -> bytes:
            leading = process.is_leading if has_leader else None
            return expose(process.component, is_leading=leading)

        self._register_metrics(KUBEVIRT_NAMESPACE, process.name, METRICS_PORT, read)
