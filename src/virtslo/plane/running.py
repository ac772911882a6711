"""A whole plane at work: Kubernetes, KubeVirt's own components, hollow nodes.

Invariant: whatever ends the context, everything that it started has ended afterwards. A component
that ends by itself is started again, as a kubelet would, and that is reported.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from virtslo.base.background import in_background
from virtslo.base.clock import Clock, SystemClock, to_seconds
from virtslo.model.simulated.profile import Profile
from virtslo.plane.build_info import difference
from virtslo.plane.control_plane import ControlPlane, Options
from virtslo.plane.etcd import Stored
from virtslo.plane.hollow_nodes import hollow_nodes
from virtslo.plane.kubevirt import KubeVirtOptions, RealKubeVirt
from virtslo.plane.programs import KUBEVIRT, Programs

Tell = Callable[[str], None]
WATCHED_SECONDS: Final = 1.0
BACK_OFF_SECONDS: Final = 10.0
"""As long as a kubelet waits before it starts a container again; then twice that, at most 300."""
MOST_BACK_OFF: Final = 300.0
ADMIN: Final = "admin"


@dataclass(frozen=True, slots=True)
class PlaneSpec:
    """What a plane is made of."""

    programs: Programs
    profile: Profile
    nodes: int = 10
    kubernetes: Options = field(default_factory=Options)
    kubevirt: KubeVirtOptions = field(default_factory=KubeVirtOptions)


@dataclass(frozen=True, slots=True)
class RunningPlane:
    """A plane at work."""

    control_plane: ControlPlane
    kubevirt: RealKubeVirt
    kubeconfig: Path
    """Of a user who may do everything."""
    version: str
    """KubeVirt's, as virt-api says."""
    defined_ns: int
    """When the API server knew of KubeVirt's kinds, of the system's clock."""

    @property
    def audit_log(self) -> Path:
        """Where every request is."""
        return self.control_plane.audit_log

    @property
    def pids(self) -> Mapping[str, int]:
        """Process ids by name."""
        processes = (*self.control_plane.processes, *self.kubevirt.processes.values())
        return {process.name: process.pid for process in processes if process.is_running}

    async def stored(
        self, resources: Sequence[str], namespaces: Sequence[str], leave_out: Sequence[str] = ()
    ) -> Mapping[str, Stored]:
        """What etcd holds of resources, each `GROUP/PLURAL` or `PLURAL`, in namespaces, but for
        objects whose name holds one of `leave_out`."""
        found = dict.fromkeys(resources, Stored(0, 0))
        for resource in resources:
            for namespace in namespaces:
                store = self.control_plane.etcd_store
                found[resource] += await store.stored(resource, namespace, leave_out)
        return found


@asynccontextmanager
async def running_plane(folder: Path, spec: PlaneSpec, tell: Tell) -> AsyncIterator[RunningPlane]:
    """A plane in a folder of its own. Raises ClusterError with the last words of what failed."""
    clock = SystemClock()
    started_ns = clock.now_ns()

    def step(words: str) -> None:
        tell(f"{to_seconds(clock.now_ns() - started_ns):5.1f} s  {words}")

    defined_ns = [started_ns]
    plane = ControlPlane(folder, spec.programs, spec.kubernetes)
    kubevirt = RealKubeVirt(plane, spec.programs, spec.kubevirt)
    try:
        await plane.start()
        step(f"Kubernetes serves at {plane.url}")
        await kubevirt.start(lambda: defined_ns.append(clock.now_ns()))
        step(f"KubeVirt {kubevirt.version} works")
        unlike = difference({name: spec.programs[name] for name in KUBEVIRT})
        if unlike:
            step(unlike)
        kubeconfig = plane.kubeconfig(ADMIN, "system:masters")
        async with hollow_nodes(plane, nodes=spec.nodes, kubevirt=kubevirt, profile=spec.profile):
            step(f"{spec.nodes} hollow nodes are ready")
            async with in_background(lambda: _start_again(kubevirt, clock, tell)):
                yield RunningPlane(plane, kubevirt, kubeconfig, kubevirt.version, defined_ns[-1])
    finally:
        kubevirt.stop()
        plane.stop()


async def _start_again(kubevirt: RealKubeVirt, clock: Clock, tell: Tell) -> None:
    """Start components that have ended again, each time later."""
    waits: dict[str, float] = {}
    due_ns: dict[str, int] = {}
    while True:
        await asyncio.sleep(WATCHED_SECONDS)
        for name, process in kubevirt.processes.items():
            if not process.has_ended:
                continue
            if name not in due_ns:
                wait = waits.get(name, BACK_OFF_SECONDS)
                waits[name] = min(MOST_BACK_OFF, 2 * wait)
                due_ns[name] = clock.now_ns() + round(wait * 1e9)
                tell(f"{process.failure('ended')}\n  {name} is started again in {wait:.0f} s")
            elif clock.now_ns() >= due_ns[name]:
                del due_ns[name]
                process.start()
