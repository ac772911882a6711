"""Hollow nodes on a real control plane, and a hollow virt-controller where it is wanted.

Invariant: each node's kubelet and virt-handler have an identity of their own, as real ones have,
and the rights of those and no more.
"""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

from virtslo.base.background import in_background
from virtslo.base.clock import SystemClock
from virtslo.config.profiles import load_profile
from virtslo.hollow.attached import AttachedParts
from virtslo.hollow.installation import install_nodes
from virtslo.hollow.process.identities import kubelet_of, virt_controller, virt_handler_of
from virtslo.model.kubernetes.identity import Identity
from virtslo.model.simulated.profile import Profile
from virtslo.plane.control_plane import ControlPlane
from virtslo.plane.kubevirt import RealKubeVirt
from virtslo.ports.kube_api import KubeApi, Transport

REFERENCE = "reference"
"""The profile of nodes where none is named."""


@asynccontextmanager
async def hollow_nodes(
    plane: ControlPlane,
    *,
    nodes: int,
    kubevirt: RealKubeVirt | None,
    with_virt_controller: bool | None = None,
    profile: Profile | None = None,
) -> AsyncIterator[AttachedParts]:
    """Hollow nodes at work, and a hollow virt-controller: where no KubeVirt is real, or if said so.

    Beside a real virt-api it leads once the real one's lease has run out, which must have ended.
    """
    clock = SystemClock()
    profile = profile or load_profile(REFERENCE)
    names = tuple(f"node-{index:05d}" for index in range(nodes))
    async with AsyncExitStack() as stack:
        admin = await stack.enter_async_context(plane.admin())
        await install_nodes(admin, names, profile.nodes, clock)
        if with_virt_controller is None:
            with_virt_controller = kubevirt is None
        opened = await _connections(plane, names, kubevirt, stack, admin)

        def connect(identity: Identity, node: str) -> Transport:
            return opened[identity.component, node]

        parts = AttachedParts(
            connect=connect,
            clock=clock,
            profile=profile,
            seed=1,
            node_names=names,
            with_virt_controller=with_virt_controller,
        )
        async with in_background(parts.run):
            await parts.synced.wait()
            yield parts


async def _connections(
    plane: ControlPlane,
    names: tuple[str, ...],
    kubevirt: RealKubeVirt | None,
    stack: AsyncExitStack,
    admin: KubeApi,
) -> dict[tuple[str, str], Transport]:
    opened: dict[tuple[str, str], AbstractAsyncContextManager[KubeApi]] = {}
    for name in names:
        opened["kubelet", name] = plane.connect_as(kubelet_of(name))
        handler = virt_handler_of(name)
        opened["virt-handler", name] = (
            plane.connect("hollow", "system:masters", agent=handler.user_agent)
            if kubevirt is None
            else kubevirt.connect_as_handler(handler, name, admin)
        )
    opened["virt-controller", ""] = (
        plane.connect("hollow", "system:masters", agent=virt_controller().user_agent)
        if kubevirt is None
        else plane.connect_as(virt_controller())
    )
    return {
        key: (await stack.enter_async_context(opening)).transport for key, opening in opened.items()
    }
