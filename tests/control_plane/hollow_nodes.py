"""Hollow nodes on a real control plane, and a hollow virt-controller where it is wanted.

Invariant: the delays are those of the measurements that the hollow controllers follow: 0.3 s from
bound to Running of a pod, 0.4 s from Scheduled to Running of a VMI.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Final

from control_plane.kubevirt import RealKubeVirt
from control_plane.plane import ControlPlane
from virtslo.base.clock import SystemClock
from virtslo.config.profiles import load_profile
from virtslo.hollow.attached import AttachedParts
from virtslo.hollow.installation import install_nodes
from virtslo.model.identity import Identity
from virtslo.model.profile import Distribution, NodeShape, Profile
from virtslo.ports.kube_api import KubeApi, Transport

DELAYS: Final = {
    "pod_create": 0.01,
    "pod_start": 0.3,
    "domain_define": 0.2,
    "boot": 0.2,
    "shutdown": 0.27,
    "pod_stop": 0.7,
}


def reference_profile() -> Profile:
    """The measured delays, real client limits, nodes with room."""
    instant = load_profile("instant")
    delays = {
        name: replace(instant.delays.get(name, Distribution()), shape="constant", value=seconds)
        for name, seconds in DELAYS.items()
    }
    shape = NodeShape(cpu="64", memory="512Gi", pods=500, kvm=1000)
    return replace(instant, name="reference", delays=delays, limits={}, nodes=shape)


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
    profile = profile or reference_profile()
    names = tuple(f"node-{index:05d}" for index in range(nodes))
    async with AsyncExitStack() as stack:
        admin = await stack.enter_async_context(plane.admin())
        await install_nodes(admin, names, profile.nodes, clock)
        if with_virt_controller is None:
            with_virt_controller = kubevirt is None
        opened = await _connections(plane, names, kubevirt, stack)

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
        async with asyncio.TaskGroup() as group:
            task = group.create_task(parts.run())
            try:
                await parts.synced.wait()
                yield parts
            finally:
                task.cancel()


async def _connections(
    plane: ControlPlane,
    names: tuple[str, ...],
    kubevirt: RealKubeVirt | None,
    stack: AsyncExitStack,
) -> dict[tuple[str, str], Transport]:
    from virtslo.hollow.process.identities import kubelet_of, virt_controller, virt_handler_of

    opened: dict[tuple[str, str], AbstractAsyncContextManager[KubeApi]] = {}
    for name in names:
        opened["kubelet", name] = plane.connect_as(kubelet_of(name))
        handler = virt_handler_of(name)
        opened["virt-handler", name] = (
            plane.connect("hollow", "system:masters", agent=handler.user_agent)
            if kubevirt is None
            else kubevirt.connect_with_token(handler, await kubevirt.handler_token(name))
        )
    opened["virt-controller", ""] = (
        plane.connect("hollow", "system:masters", agent=virt_controller().user_agent)
        if kubevirt is None
        else plane.connect_as(virt_controller())
    )
    return {
        key: (await stack.enter_async_context(opening)).transport for key, opening in opened.items()
    }
