"""A real control plane on loopback: etcd, kube-apiserver, kube-controller-manager, kube-scheduler.

Invariant: TLS and RBAC are on, every request is in the audit log, and everybody has an identity of
their own; nothing outlives `stop`.
"""

import asyncio
import base64
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import aiohttp
import yaml

from control_plane.binaries import find
from control_plane.processes import Process, free_ports, wait_until_served
from support.authority import Authority, Pair
from virtslo.base.clock import SystemClock
from virtslo.base.errors import ClusterError
from virtslo.kube.connector import Endpoint, tls_context
from virtslo.kube.http_transport import open_api
from virtslo.model.identity import Identity
from virtslo.ports.kube_api import KubeApi

AUDIT_POLICY: Final = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived", "ResponseStarted"],
    "rules": [{"level": "Metadata"}],
}
READY_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Options:
    """What may differ between planes."""

    watch_cache: bool = True
    max_in_flight: int = 400
    extra: tuple[str, ...] = ()
    """More arguments of kube-apiserver."""


class ControlPlane:
    """Kubernetes without nodes."""

    def __init__(self, folder: Path, options: Options | None = None) -> None:
        self.folder = folder
        self.authority = Authority("control plane")
        self._options = options or Options()
        self.audit_log = folder / "audit.log"
        ports = free_ports(5)
        self._etcd_port, self._etcd_peer_port, self.port, self._manager_port, self._sched_port = (
            ports
        )
        self._socket = Path(tempfile.mkdtemp(prefix="plane-")) / "tunnel"  # a short path
        self._write_files()
        self.tunnel = Process(
            "tunnel",
            (sys.executable, str(Path(__file__).with_name("tunnel.py")), str(self._socket)),
            folder / "tunnel.log",
        )
        self.etcd = self._process("etcd", self._etcd_arguments())
        self.api_server = self._process("kube-apiserver", self._api_server_arguments())
        self.manager = self._process("kube-controller-manager", self._manager_arguments())
        self.scheduler = self._process("kube-scheduler", self._scheduler_arguments())

    @property
    def url(self) -> str:
        """Where the API server is."""
        return f"https://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Start everything and wait until it serves. Raises AssertionError with the last words."""
        self.tunnel.start()
        self.etcd.start()
        assert await wait_until_served(self._etcd_port, seconds=30), self.etcd.last_words()
        self.api_server.start()
        await self.wait_until_ready()
        self.manager.start()
        self.scheduler.start()
        await self._wait_for_default_account()

    def stop(self) -> None:
        """End everything."""
        for process in (
            self.scheduler,
            self.manager,
            self.api_server,
            self.etcd,
            self.tunnel,
        ):
            process.stop()
        shutil.rmtree(self._socket.parent, ignore_errors=True)

    async def wait_until_ready(self) -> None:
        """Wait until the API server says that it is ready."""
        async with self.connect("probe", "system:masters") as api:
            for _ in range(int(READY_SECONDS / 0.2)):
                assert not self.api_server.has_ended, self.api_server.last_words()
                try:
                    await api.read_raw("/readyz")
                except ClusterError:
                    await asyncio.sleep(0.2)
                else:
                    return
        raise AssertionError(self.api_server.last_words())

    def connect(
        self, name: str, *groups: str, agent: str | None = None
    ) -> AbstractAsyncContextManager[KubeApi]:
        """A connection as the user of this name; a context manager."""
        pair = self.authority.user(name, *groups)
        tls = tls_context(ca=self.authority.pem, certificate=pair.certificate, key=pair.key)
        return open_api(Endpoint(url=self.url, user_agent=agent or name, tls=tls), SystemClock())

    def connect_as(self, identity: Identity) -> AbstractAsyncContextManager[KubeApi]:
        """A connection as a component."""
        return self.connect(identity.username, *identity.groups, agent=identity.user_agent)

    def admin(self) -> AbstractAsyncContextManager[KubeApi]:
        """A connection that may do everything; a context manager."""
        return self.connect("admin", "system:masters", agent="tests/1")

    def kubeconfig(self, name: str, *groups: str, path: Path | None = None) -> Path:
        """The kubeconfig of a user, by certificate."""
        pair = self.authority.user(name, *groups)
        user = {
            "client-certificate-data": base64.b64encode(pair.certificate).decode(),
            "client-key-data": base64.b64encode(pair.key).decode(),
        }
        return self.write_kubeconfig(path or self.folder / f"{name.replace(':', '_')}.yaml", user)

    def write_kubeconfig(self, path: Path, user: Mapping[str, Any]) -> Path:
        """The kubeconfig of a user with these credentials; its one context is `real`."""
        ca = base64.b64encode(self.authority.pem).decode()
        cluster = {"server": self.url, "certificate-authority-data": ca}
        document = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "real", "cluster": cluster}],
            "users": [{"name": "user", "user": dict(user)}],
            "contexts": [{"name": "real", "context": {"cluster": "real", "user": "user"}}],
            "current-context": "real",
        }
        path.write_text(yaml.safe_dump(document))
        path.chmod(0o600)
        return path

    def audited(self) -> Iterator[dict[str, Any]]:
        """Every finished request, from the audit log."""
        for path in [*sorted(self.folder.glob("audit-*.log")), self.audit_log]:
            if path.exists():
                with path.open(encoding="utf-8") as lines:
                    yield from map(json.loads, lines)

    async def forget_history(self) -> None:
        """Compact etcd: of everything, only the newest version is known from now on."""
        url = f"http://127.0.0.1:{self._etcd_port}/v3/kv"
        async with aiohttp.ClientSession() as session:
            async with session.post(f"{url}/range", json={"key": "AA=="}) as answer:
                revision = (await answer.json())["header"]["revision"]
            order = {"revision": revision, "physical": True}
            async with session.post(f"{url}/compaction", json=order) as answer:
                assert answer.status == 200, await answer.text()

    async def _wait_for_default_account(self) -> None:
        from virtslo.model.resources import SERVICE_ACCOUNTS

        async with self.admin() as api:
            for _ in range(300):
                try:
                    await api.get(SERVICE_ACCOUNTS, "default", namespace="default")
                except ClusterError:
                    await asyncio.sleep(0.2)
                else:
                    return
        raise AssertionError(self.manager.last_words())

    def _write_files(self) -> None:
        self._write_pair("server", self.authority.server("kube-apiserver"))
        self._write_pair("accounts", self.authority.user("service accounts"))
        self._write_pair("front-proxy", self.authority.user("front-proxy-client"))
        (self.folder / "ca.pem").write_bytes(self.authority.pem)
        (self.folder / "ca-key.pem").write_bytes(self.authority.key_pem)
        (self.folder / "egress.yaml").write_text(yaml.safe_dump(_egress(self._socket)))
        (self.folder / "audit-policy.yaml").write_text(yaml.safe_dump(AUDIT_POLICY))

    def _write_pair(self, name: str, pair: Pair) -> None:
        (self.folder / f"{name}.pem").write_bytes(pair.certificate)
        (self.folder / f"{name}-key.pem").write_bytes(pair.key)

    def _process(self, name: str, arguments: tuple[str, ...]) -> Process:
        program = find(name)
        assert program is not None, f"{name} is not built"
        return Process(name, (str(program), *arguments), self.folder / f"{name}.log")

    def _etcd_arguments(self) -> tuple[str, ...]:
        client = f"http://127.0.0.1:{self._etcd_port}"
        peer = f"http://127.0.0.1:{self._etcd_peer_port}"
        return (
            "--data-dir=etcd",
            f"--listen-client-urls={client}",
            f"--advertise-client-urls={client}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=default={peer}",
        )

    def _api_server_arguments(self) -> tuple[str, ...]:
        return (
            f"--etcd-servers=http://127.0.0.1:{self._etcd_port}",
            "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1",
            "--endpoint-reconciler-type=none",
            f"--secure-port={self.port}",
            "--service-cluster-ip-range=10.0.0.0/24",
            "--tls-cert-file=server.pem",
            "--tls-private-key-file=server-key.pem",
            "--client-ca-file=ca.pem",
            "--requestheader-client-ca-file=ca.pem",
            "--requestheader-allowed-names=front-proxy-client",
            "--requestheader-username-headers=X-Remote-User",
            "--requestheader-group-headers=X-Remote-Group",
            "--requestheader-extra-headers-prefix=X-Remote-Extra-",
            "--proxy-client-cert-file=front-proxy.pem",
            "--proxy-client-key-file=front-proxy-key.pem",
            "--service-account-issuer=https://kubernetes.default.svc",
            "--service-account-key-file=accounts.pem",
            "--service-account-signing-key-file=accounts-key.pem",
            "--authorization-mode=Node,RBAC",
            "--allow-privileged=true",
            "--egress-selector-config-file=egress.yaml",
            "--audit-policy-file=audit-policy.yaml",
            "--audit-log-path=audit.log",
            "--audit-log-maxsize=2000",
            f"--watch-cache={str(self._options.watch_cache).lower()}",
            f"--max-requests-inflight={self._options.max_in_flight}",
            *self._options.extra,
        )

    def _manager_arguments(self) -> tuple[str, ...]:
        name = "system:kube-controller-manager"
        return (
            f"--kubeconfig={self.kubeconfig(name)}",
            "--bind-address=127.0.0.1",
            f"--secure-port={self._manager_port}",
            "--leader-elect=false",
            "--use-service-account-credentials=true",
            "--root-ca-file=ca.pem",
            "--service-account-private-key-file=accounts-key.pem",
            # A node without a kubelet is among them, and the machine may be slow.
            "--node-monitor-grace-period=2h",
        )

    def _scheduler_arguments(self) -> tuple[str, ...]:
        return (
            f"--kubeconfig={self.kubeconfig('system:kube-scheduler')}",
            "--bind-address=127.0.0.1",
            f"--secure-port={self._sched_port}",
            "--leader-elect=false",
        )


def _egress(socket: Path) -> dict[str, Any]:
    """Pods are reached through the tunnel: the API server refuses addresses of loopback."""
    connection = {"proxyProtocol": "HTTPConnect", "transport": {"uds": {"udsName": str(socket)}}}
    return {
        "apiVersion": "apiserver.k8s.io/v1beta1",
        "kind": "EgressSelectorConfiguration",
        "egressSelections": [{"name": "cluster", "connection": connection}],
    }
