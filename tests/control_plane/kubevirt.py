"""KubeVirt on a real control plane: its definitions, and its own virt-api and virt-controller.

Invariant: components are the service accounts that KubeVirt gives them, with KubeVirt's own roles;
every write of a VMI passes virt-api's webhooks.
"""

import asyncio
import base64
import json
import subprocess
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from typing import Any, Final

from control_plane.binaries import find
from control_plane.plane import ControlPlane
from control_plane.processes import Process, free_ports, wait_until_served
from support.authority import Pair
from virtslo.base.clock import SystemClock
from virtslo.base.errors import AlreadyExists, ClusterError, NotFound, TooManyRequests
from virtslo.kube.connector import Endpoint, tls_context
from virtslo.kube.http_transport import open_api
from virtslo.model import resources
from virtslo.model.identity import Identity
from virtslo.model.resources import Resource
from virtslo.ports.kube_api import KubeApi, Selection

NAMESPACE: Final = "kubevirt"
VERSION: Final = "v1.9.0"
CONTROL_NODE: Final = "control-plane"
"""Where the pods are that stand for the components: a node without a kubelet."""
POD_ADDRESS: Final = "192.0.2.1"
"""Of nobody (RFC 5737); the plane's tunnel leads to the same port of loopback."""
COMPONENTS: Final = {"virt-api": "kubevirt-apiserver", "virt-controller": "kubevirt-controller"}
_RBAC: Final = "rbac.authorization.k8s.io"
_ADMISSION: Final = "admissionregistration.k8s.io"
_OTHERS: Final = (
    Resource(_RBAC, "v1", "clusterroles", "ClusterRole", False),
    Resource(_RBAC, "v1", "clusterrolebindings", "ClusterRoleBinding", False),
    Resource(_RBAC, "v1", "roles", "Role"),
    Resource(_RBAC, "v1", "rolebindings", "RoleBinding"),
    Resource(
        _ADMISSION, "v1", "mutatingwebhookconfigurations", "MutatingWebhookConfiguration", False
    ),
    Resource(
        _ADMISSION, "v1", "validatingwebhookconfigurations", "ValidatingWebhookConfiguration", False
    ),
    Resource("scheduling.k8s.io", "v1", "priorityclasses", "PriorityClass", False),
)
RESOURCES: Final = {**resources.BY_KIND, **{resource.kind: resource for resource in _OTHERS}}
DEFINITION: Final = "CustomResourceDefinition"


def manifests() -> list[dict[str, Any]]:
    """What virt-operator would install."""
    program = find("kubevirt-manifests")
    assert program is not None, "kubevirt-manifests is not built"
    done = subprocess.run([str(program), NAMESPACE], capture_output=True, check=True)
    items: list[dict[str, Any]] = json.loads(done.stdout)["items"]
    return items


async def apply(api: KubeApi, item: dict[str, Any]) -> None:
    """Create an object; one that exists is left."""
    resource = RESOURCES[item["kind"]]
    namespace = item["metadata"].get("namespace") if resource.namespaced else None
    try:
        await api.create(resource, item, namespace=namespace)
    except AlreadyExists:
        return


async def token_of(
    api: KubeApi, account: str, namespace: str, *, bound: dict[str, Any] | None = None
) -> str:
    """A fresh token of a service account, bound to an object where one is given."""
    spec: dict[str, Any] = {"expirationSeconds": 7200}
    if bound is not None:
        spec["boundObjectRef"] = bound
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec}
    made = await api.create(
        resources.SERVICE_ACCOUNTS, body, namespace=namespace, name=account, subresource="token"
    )
    return str(made["status"]["token"])


async def install_definitions(api: KubeApi) -> None:
    """KubeVirt's definitions of its resources, and wait until they are served."""
    definitions = [item for item in manifests() if item["kind"] == DEFINITION]
    for item in definitions:
        await apply(api, item)
    for item in definitions:
        await wait_until_listed(api, item["spec"])


async def wait_until_listed(api: KubeApi, spec: dict[str, Any]) -> None:
    """Wait until objects of a new kind are listed: 404 before it is established, then 429 for as
    long as the server fills its cache."""
    version = next(each["name"] for each in spec["versions"] if each["storage"])
    path = f"/apis/{spec['group']}/{version}/{spec['names']['plural']}"
    answer = ""
    for _ in range(300):
        try:
            await api.read_raw(path)
        except (NotFound, TooManyRequests) as error:
            answer = error.message
            await asyncio.sleep(0.1)
        else:
            return
    raise AssertionError(f"{path} is not listed: {answer}")


class RealKubeVirt:
    """KubeVirt's own virt-api and virt-controller."""

    def __init__(self, plane: ControlPlane) -> None:
        self._plane = plane
        self._certificates = plane.folder / "certificates"
        """Apart from the logs: KubeVirt reads them again at every change in their folder, and logs
        that it did."""
        self.ports = dict(zip(COMPONENTS, free_ports(2), strict=True))
        self.processes = {name: self._process(name) for name in COMPONENTS}

    async def start(self) -> None:
        """Install KubeVirt and start its components."""
        async with self._plane.admin() as api:
            await apply(api, _namespace())
            await install_definitions(api)
            webhooks = []
            for item in manifests():
                if item["kind"].endswith("WebhookConfiguration"):
                    webhooks.append(self._reached_by_address(item))
                elif item["kind"] != DEFINITION:
                    await apply(api, item)
            await self._create_kubevirt(api)
            for name, process in self.processes.items():
                process.start()
                served = await wait_until_served(self.ports[name], seconds=30)
                assert served, process.last_words()
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

    async def handler_token(self, node: str) -> str:
        """A token of virt-handler's service account that is bound to a node, as a pod has."""
        async with self._plane.admin() as api:
            found = await api.get(resources.NODES, node)
            bound = {
                "apiVersion": "v1",
                "kind": "Node",
                "name": node,
                "uid": found["metadata"]["uid"],
            }
            return await token_of(api, "kubevirt-handler", NAMESPACE, bound=bound)

    def connect_with_token(
        self, identity: Identity, token: str
    ) -> AbstractAsyncContextManager[KubeApi]:
        """A connection with a token; a context manager."""

        async def authorize() -> str:
            return f"Bearer {token}"

        tls = tls_context(ca=self._plane.authority.pem)
        endpoint = Endpoint(
            url=self._plane.url, user_agent=identity.user_agent, tls=tls, authorize=authorize
        )
        return open_api(endpoint, SystemClock())

    async def _create_kubevirt(self, api: KubeApi) -> None:
        body = {
            "apiVersion": "kubevirt.io/v1",
            "kind": "KubeVirt",
            "metadata": {"name": "kubevirt", "namespace": NAMESPACE},
            "spec": {},
        }
        created = await api.create(resources.KUBEVIRTS, body, namespace=NAMESPACE)
        status = {
            "phase": "Deployed",
            "observedKubeVirtVersion": VERSION,
            "targetKubeVirtVersion": VERSION,
            "operatorVersion": VERSION,
            "defaultArchitecture": "amd64",
            "conditions": [{"type": "Available", "status": "True", "reason": "", "message": ""}],
        }
        await api.update(resources.KUBEVIRTS, {**created, "status": status}, subresource="status")
        for name in ("kubevirt-ca", "kubevirt-export-ca", "kubevirt-backup-ca"):
            ca = {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"name": name, "namespace": NAMESPACE},
                "data": {"ca-bundle": self._plane.authority.pem.decode()},
            }
            await apply(api, ca)

    async def _create_pods(self, api: KubeApi) -> None:
        """Pods that stand for the processes, so that their metrics are reached as everywhere."""
        for name, account in COMPONENTS.items():
            port = {"name": "metrics", "containerPort": self.ports[name]}
            container = {"name": name, "image": f"{name}:{VERSION}", "ports": [port]}
            body = {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {
                    "name": f"{name}-0",
                    "namespace": NAMESPACE,
                    "labels": {"kubevirt.io": name},
                },
                "spec": {
                    "containers": [container],
                    "serviceAccountName": account,
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
            pod = await api.get(resources.PODS, f"{name}-0", namespace=NAMESPACE)
            await api.update(resources.PODS, {**pod, "status": status}, subresource="status")

    async def _wait_for_leader(self, api: KubeApi) -> None:
        for _ in range(300):
            try:
                lease = await api.get(resources.LEASES, "virt-controller", namespace=NAMESPACE)
            except NotFound:
                lease = {}
            if lease.get("spec", {}).get("holderIdentity"):
                return
            await asyncio.sleep(0.1)
        raise AssertionError(self.processes["virt-controller"].last_words())

    def _reached_by_address(self, item: dict[str, Any]) -> dict[str, Any]:
        """A webhook configuration that leads to virt-api by its address, not by a service."""
        for webhook in item["webhooks"]:
            path = webhook["clientConfig"].pop("service")["path"]
            webhook["clientConfig"] = {
                "url": f"https://localhost:{self.ports['virt-api']}{path}",
                "caBundle": base64.b64encode(self._plane.authority.pem).decode(),
            }
        return item

    def _process(self, name: str) -> Process:
        program = find(name)
        assert program is not None, f"{name} is not built"
        folder = self._plane.folder
        self._write(name, self._plane.authority.server(name))
        user = f"system:serviceaccount:{NAMESPACE}:{COMPONENTS[name]}"
        groups = ("system:serviceaccounts", f"system:serviceaccounts:{NAMESPACE}")
        config = self._plane.kubeconfig(user, *groups, path=folder / f"{name}.yaml")
        return Process(
            name,
            (str(program), f"--kubeconfig={config}", *self._arguments(name)),
            folder / f"{name}.log",
        )

    def _arguments(self, name: str) -> Iterator[str]:
        folder = self._certificates
        yield "--listen=127.0.0.1"
        yield f"--port={self.ports[name]}"
        if name == "virt-api":
            yield f"--tls-cert-file={folder}/{name}.pem"
            yield f"--tls-key-file={folder}/{name}-key.pem"
            yield f"--handler-cert-file={folder}/{name}.pem"
            yield f"--handler-key-file={folder}/{name}-key.pem"
        else:
            yield f"--prom-cert-file={folder}/{name}.pem"
            yield f"--prom-key-file={folder}/{name}-key.pem"
            yield "--launcher-image=virt-launcher:tests"

    def _write(self, name: str, pair: Pair) -> None:
        self._certificates.mkdir(exist_ok=True)
        (self._certificates / f"{name}.pem").write_bytes(pair.certificate)
        (self._certificates / f"{name}-key.pem").write_bytes(pair.key)


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


async def count(api: KubeApi, resource: Resource, phase: str | None = None) -> int:
    """How many objects there are, in a phase where one is given."""
    try:
        found = await api.list_objects(resource, Selection())
    except ClusterError:
        return 0
    return sum(1 for item in found.items if phase in {None, item.get("status", {}).get("phase")})
