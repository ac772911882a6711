"""KubeVirt on a real control plane: its definitions, and its own virt-api and virt-controller.

Invariant: components are the service accounts that KubeVirt gives them, with KubeVirt's own roles;
every write of a VMI passes virt-api's webhooks.
"""

import asyncio
import base64
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Final

from virtslo.base.clock import SystemClock
from virtslo.base.errors import NotFound
from virtslo.kube.connector import Endpoint, tls_context
from virtslo.kube.http_transport import open_api
from virtslo.model.kubernetes import resources
from virtslo.model.kubernetes.identity import Identity
from virtslo.plane.authority import Pair
from virtslo.plane.control_plane import ControlPlane, write_private
from virtslo.plane.installing import (
    DEFINITION,
    NAMESPACE,
    apply,
    install_definitions,
    manifests,
    token_of,
)
from virtslo.plane.kubevirt_object import create_kubevirt, note_version, version_of
from virtslo.plane.processes import Process, free_ports
from virtslo.plane.programs import MANIFESTS, VIRT_API, VIRT_CONTROLLER, Programs
from virtslo.plane.tokens import FreshToken
from virtslo.ports.kube_api import KubeApi

CONTROL_NODE: Final = "control-plane"
"""Where the pods are that stand for the components: a node without a kubelet."""
POD_ADDRESS: Final = "192.0.2.1"
"""Of no machine (RFC 5737); the plane's tunnel leads to the same port of loopback."""
COMPONENTS: Final = {VIRT_API: "kubevirt-apiserver", VIRT_CONTROLLER: "kubevirt-controller"}
START_SECONDS: Final = 120.0


@dataclass(frozen=True, slots=True)
class KubeVirtOptions:
    """What may differ between KubeVirts."""

    spec: Mapping[str, Any] = field(default_factory=dict)
    """Of the KubeVirt object."""
    replicas: Mapping[str, int] = field(default_factory=dict)
    """Processes of a component, where there is not one."""


@dataclass(frozen=True, slots=True)
class Replica:
    """One process of a component."""

    component: str
    index: int

    @property
    def name(self) -> str:
        """The component's own name for the first."""
        return f"{self.component}-{self.index}" if self.index else self.component

    @property
    def pod(self) -> str:
        """The name of the pod that stands for it."""
        return f"{self.component}-{self.index}"


class RealKubeVirt:
    """KubeVirt's own virt-api and virt-controller."""

    def __init__(
        self, plane: ControlPlane, programs: Programs, options: KubeVirtOptions | None = None
    ) -> None:
        self._plane = plane
        self._programs = programs
        self._options = options or KubeVirtOptions()
        self._certificates = plane.folder / "certificates"
        """Apart from the logs: KubeVirt reads them again at every change in their folder, and logs
        that it did."""
        self._replicas = tuple(
            Replica(component, index)
            for component in COMPONENTS
            for index in range(self._options.replicas.get(component, 1))
        )
        ports = free_ports(len(self._replicas))
        self.ports = {
            replica.name: port for replica, port in zip(self._replicas, ports, strict=True)
        }
        self.processes = {replica.name: self._process(replica) for replica in self._replicas}
        self.version = ""
        """As virt-api says, once it runs."""

    async def start(self, on_defined: Callable[[], None] | None = None) -> None:
        """Install KubeVirt and start its components. Raises ClusterError with last words.

        `on_defined` is called when the API server knows of KubeVirt's kinds.
        """
        items = await manifests(self._programs[MANIFESTS])
        async with self._plane.admin() as api:
            await apply(api, _namespace())
            await install_definitions(api, items)
            if on_defined is not None:
                on_defined()
            webhooks = []
            for item in items:
                if item["kind"].endswith("WebhookConfiguration"):
                    webhooks.append(self._reached_by_address(item))
                elif item["kind"] != DEFINITION:
                    await apply(api, item)
            await create_kubevirt(api, self._options.spec, ca=self._plane.authority.pem)
            for replica in self._replicas:
                process = self.processes[replica.name]
                process.start()
                await process.wait_until_served(self.ports[replica.name], seconds=START_SECONDS)
            self.version = await version_of(self.ports[VIRT_API], ca=self._plane.authority.pem)
            await note_version(api, self.version)
            for item in webhooks:
                await apply(api, item)
            await apply(api, _control_node())
            await self._create_pods(api)
            await self._wait_for_leader(api)

    def stop(self) -> None:
        """End the components."""
        for process in reversed(self.processes.values()):
            process.stop()

    async def watch_over(self) -> None:
        """Start what has ended again, as a kubelet would; until cancelled."""
        while True:
            await asyncio.sleep(1)
            for process in self.processes.values():
                if process.has_ended:
                    process.start()

    def connect_as_handler(
        self, identity: Identity, node: str, admin: KubeApi
    ) -> AbstractAsyncContextManager[KubeApi]:
        """A connection with tokens of virt-handler's service account that are bound to a node, as
        a pod has them; a context manager."""

        async def ask() -> str:
            found = await admin.get(resources.NODES, node)
            bound = {
                "apiVersion": "v1",
                "kind": "Node",
                "name": node,
                "uid": found["metadata"]["uid"],
            }
            return await token_of(admin, "kubevirt-handler", NAMESPACE, bound=bound)

        clock = SystemClock()
        endpoint = Endpoint(
            url=self._plane.url,
            user_agent=identity.user_agent,
            tls=tls_context(ca=self._plane.authority.pem),
            authorize=FreshToken(ask, clock).header,
        )
        return open_api(endpoint, clock)

    async def _create_pods(self, api: KubeApi) -> None:
        """Pods that stand for the processes, so that their metrics are reached as everywhere."""
        for replica in self._replicas:
            name = replica.component
            port = {"name": "metrics", "containerPort": self.ports[replica.name]}
            container = {"name": name, "image": f"{name}:{self.version}", "ports": [port]}
            body = {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {
                    "name": replica.pod,
                    "namespace": NAMESPACE,
                    "labels": {"kubevirt.io": name},
                },
                "spec": {
                    "containers": [container],
                    "serviceAccountName": COMPONENTS[name],
                    "nodeName": CONTROL_NODE,
                },
            }
            await api.create(resources.PODS, body, namespace=NAMESPACE)
            status = {
                "phase": "Running",
                "podIP": POD_ADDRESS,
                "podIPs": [{"ip": POD_ADDRESS}],
                "conditions": [{"type": "Ready", "status": "True"}],
            }
            pod = await api.get(resources.PODS, replica.pod, namespace=NAMESPACE)
            await api.update(resources.PODS, {**pod, "status": status}, subresource="status")

    async def _wait_for_leader(self, api: KubeApi) -> None:
        for _ in range(1200):
            try:
                lease = await api.get(resources.LEASES, "virt-controller", namespace=NAMESPACE)
            except NotFound:
                lease = {}
            if lease.get("spec", {}).get("holderIdentity"):
                return
            await asyncio.sleep(0.1)
        raise self.processes[VIRT_CONTROLLER].failure("did not begin to lead")

    def _reached_by_address(self, item: dict[str, Any]) -> dict[str, Any]:
        """A webhook configuration that leads to virt-api by its address, not by a service; several
        of them share the webhooks evenly."""
        apis = [replica for replica in self._replicas if replica.component == VIRT_API]
        for number, webhook in enumerate(item["webhooks"]):
            port = self.ports[apis[number % len(apis)].name]
            path = webhook["clientConfig"].pop("service")["path"]
            webhook["clientConfig"] = {
                "url": f"https://localhost:{port}{path}",
                "caBundle": base64.b64encode(self._plane.authority.pem).decode(),
            }
        return item

    def _process(self, replica: Replica) -> Process:
        folder, component = self._plane.folder, replica.component
        self._write(replica.name, self._plane.authority.server(component))
        user = f"system:serviceaccount:{NAMESPACE}:{COMPONENTS[component]}"
        groups = ("system:serviceaccounts", f"system:serviceaccounts:{NAMESPACE}")
        config = self._plane.kubeconfig(user, *groups, path=folder / f"{replica.name}.yaml")
        return Process(
            replica.name,
            (
                str(self._programs[component]),
                f"--kubeconfig={config}",
                *self._arguments(replica),
            ),
            folder / f"{replica.name}.log",
            host=replica.pod if replica.index else "",
        )

    def _arguments(self, replica: Replica) -> Iterator[str]:
        pair = f"{self._certificates}/{replica.name}"
        yield "--listen=127.0.0.1"
        yield f"--port={self.ports[replica.name]}"
        if replica.component == VIRT_API:
            yield f"--tls-cert-file={pair}.pem"
            yield f"--tls-key-file={pair}-key.pem"
            yield f"--handler-cert-file={pair}.pem"
            yield f"--handler-key-file={pair}-key.pem"
        else:
            yield f"--prom-cert-file={pair}.pem"
            yield f"--prom-key-file={pair}-key.pem"
            yield "--launcher-image=virt-launcher:hollow"

    def _write(self, name: str, pair: Pair) -> None:
        self._certificates.mkdir(exist_ok=True)
        (self._certificates / f"{name}.pem").write_bytes(pair.certificate)
        write_private(self._certificates / f"{name}-key.pem", pair.key)


def _namespace() -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}


def _control_node() -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": CONTROL_NODE},
        "spec": {"unschedulable": True},
        "status": {"conditions": [{"type": "Ready", "status": "True"}]},
    }
