"""A real KubeVirt on a real control plane, with gateways where its parts reach each other.

Invariant: without a fault the gateways change nothing. Two virt-controllers share one lease; the
node that stands for the control plane keeps its own, so that it alone needs no kubelet.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import yaml

from control_plane.binaries import programs
from control_plane.commands import account
from support.gateway import Gateway
from virtslo.base.background import in_background
from virtslo.base.clock import SystemClock, micro_timestamp
from virtslo.base.errors import ClusterError, NotFound
from virtslo.config.profiles import load_profile
from virtslo.hollow.attached import AttachedParts
from virtslo.kube.connector import tls_context
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes.resources import LEASES, NODES
from virtslo.plane.authority import server_context
from virtslo.plane.control_plane import ControlPlane
from virtslo.plane.hollow_nodes import REFERENCE, hollow_nodes
from virtslo.plane.installing import NAMESPACE, RESOURCES
from virtslo.plane.kubevirt import COMPONENTS, CONTROL_NODE, KubeVirtOptions, RealKubeVirt
from virtslo.plane.programs import VIRT_API, VIRT_CONTROLLER
from virtslo.ports.kube_api import KubeApi, PatchType

NODE_NAMESPACE: Final = "kube-node-lease"
OUT_OF_SERVICE: Final = "node.kubernetes.io/out-of-service"
PODS_PER_NODE: Final = 5
"""So few that ten VMIs are on two nodes: the scheduler puts like pods on one as long as it can."""
WEBHOOKS: Final = ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")


@dataclass(frozen=True, slots=True)
class FaultyPlane:
    """What faults are done to."""

    plane: ControlPlane
    kubevirt: RealKubeVirt
    nodes: AttachedParts
    client: Gateway
    """Between virtslo and the API server."""
    controller: Gateway
    """Between both virt-controllers and the API server."""
    webhooks: Gateway
    """Between the API server and virt-api."""
    kubeconfig: Path
    """Of virtslo's account, through its gateway."""

    async def lose_node(self, name: str) -> None:
        """Let a node fall silent; once it is not ready, say that it is out of service."""
        await self.nodes.lose_node(name)
        async with self.plane.admin() as api:
            await _until(lambda: _is_ready(api, name, wanted=False))
            taint = {"key": OUT_OF_SERVICE, "value": "nodeshutdown", "effect": "NoExecute"}
            found = await api.get(NODES, name)
            taints = [*found["spec"].get("taints", ()), taint]
            await _set_taints(api, name, taints)

    async def return_node(self, name: str) -> None:
        """Take that back, and wait until it is ready."""
        self.nodes.return_node(name)
        async with self.plane.admin() as api:
            await _until(lambda: _is_ready(api, name, wanted=True))
            found = await api.get(NODES, name)
            kept = [
                each for each in found["spec"].get("taints", ()) if each["key"] != OUT_OF_SERVICE
            ]
            await _set_taints(api, name, kept)

    async def change_leader(self) -> tuple[str, str]:
        """Give virt-controller's lease to the other one; both names, as the lease has them."""
        async with self.plane.admin() as api:
            lease = await api.get(LEASES, VIRT_CONTROLLER, namespace=NAMESPACE)
            before = str(lease["spec"]["holderIdentity"])
            (after,) = {socket.gethostname(), f"{VIRT_CONTROLLER}-1"} - {before}
            now = micro_timestamp(SystemClock().wall())
            changed = {"holderIdentity": after, "acquireTime": now, "renewTime": now}
            await api.patch(
                LEASES,
                VIRT_CONTROLLER,
                {"spec": changed},
                namespace=NAMESPACE,
                patch_type=PatchType.MERGE,
            )
        return before, after


@asynccontextmanager
async def faulty_plane(plane: ControlPlane, *, nodes: int = 4) -> AsyncIterator[FaultyPlane]:
    """A KubeVirt whose ways can be struck, at work."""
    options = KubeVirtOptions(replicas={VIRT_CONTROLLER: 2})
    kubevirt = RealKubeVirt(plane, programs(), options)
    profile = load_profile(REFERENCE)
    profile = replace(profile, nodes=replace(profile.nodes, pods=PODS_PER_NODE))
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(_gateway(plane).served())
        name = f"system:serviceaccount:{NAMESPACE}:{COMPONENTS[VIRT_CONTROLLER]}"
        groups = ("system:serviceaccounts", f"system:serviceaccounts:{NAMESPACE}")
        controller = await stack.enter_async_context(_gateway(plane, name, *groups).served())
        there = f"https://localhost:{kubevirt.ports[VIRT_API]}"
        webhooks = await stack.enter_async_context(_gateway(plane, url=there).served())
        for path in plane.folder.glob(f"{VIRT_CONTROLLER}*.yaml"):
            _lead(path, controller)
        stack.callback(kubevirt.stop)
        await kubevirt.start()
        async with plane.admin() as api:
            await _lead_webhooks(api, there, webhooks)
        await stack.enter_async_context(in_background(lambda: _keep_alive(plane)))
        parts = await stack.enter_async_context(
            hollow_nodes(plane, nodes=nodes, kubevirt=kubevirt, profile=profile)
        )
        await stack.enter_async_context(in_background(kubevirt.watch_over))
        kubeconfig = await account(plane, counters=True)
        _lead(kubeconfig, client)
        yield FaultyPlane(plane, kubevirt, parts, client, controller, webhooks, kubeconfig)


def _gateway(plane: ControlPlane, *user: str, url: str | None = None) -> Gateway:
    pair = plane.authority.user(*user) if user else None
    client = tls_context(
        ca=plane.authority.pem,
        certificate=pair.certificate if pair else None,
        key=pair.key if pair else None,
    )
    server = server_context(plane.authority.server("gateway"))
    return Gateway(url or plane.url, server=server, client=client)


def _lead(kubeconfig: Path, gateway: Gateway) -> None:
    document = yaml.safe_load(kubeconfig.read_text())
    document["clusters"][0]["cluster"]["server"] = gateway.url
    kubeconfig.write_text(yaml.safe_dump(document))


async def _lead_webhooks(api: KubeApi, there: str, gateway: Gateway) -> None:
    """Webhooks are asked through the gateway."""
    for kind in WEBHOOKS:
        for found in (await api.list_objects(RESOURCES[kind])).items:
            for webhook in found["webhooks"]:
                config = webhook["clientConfig"]
                config["url"] = config["url"].replace(there, gateway.url)
            await api.update(RESOURCES[kind], found)


async def _keep_alive(plane: ControlPlane) -> None:
    """Renew the lease of the node that has no kubelet."""
    async with plane.admin() as api:
        while True:
            spec = {
                "holderIdentity": CONTROL_NODE,
                "leaseDurationSeconds": 40,
                "renewTime": micro_timestamp(SystemClock().wall()),
            }
            try:
                lease = await api.get(LEASES, CONTROL_NODE, namespace=NODE_NAMESPACE)
                await api.update(LEASES, {**lease, "spec": spec})
            except NotFound:
                body: Object = {
                    "apiVersion": "coordination.k8s.io/v1",
                    "kind": "Lease",
                    "metadata": {"name": CONTROL_NODE, "namespace": NODE_NAMESPACE},
                    "spec": spec,
                }
                await api.create(LEASES, body, namespace=NODE_NAMESPACE)
            except ClusterError:
                pass
            await asyncio.sleep(5)


async def _is_ready(api: KubeApi, name: str, *, wanted: bool) -> bool:
    node = await api.get(NODES, name)
    ready = {each["type"]: each["status"] for each in node["status"]["conditions"]}.get("Ready")
    return (ready == "True") is wanted


async def _set_taints(api: KubeApi, name: str, taints: list[Any]) -> None:
    patch = {"spec": {"taints": taints}}
    await api.patch(NODES, name, patch, patch_type=PatchType.MERGE)


async def _until(holds: Callable[[], Awaitable[bool]]) -> None:
    for _ in range(600):
        if await holds():
            return
        await asyncio.sleep(0.5)
    raise AssertionError("it did not come to pass within five minutes")
