"""A real control plane on loopback: etcd, kube-apiserver, kube-controller-manager, kube-scheduler.

Invariant: TLS and RBAC are on, every request is in the audit log, and each client has an identity
of its own; nothing listens off loopback, keys are in the plane's folder (mode 0700) alone, and
nothing outlives `stop`.
"""

import asyncio
import base64
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from virtslo.base.clock import SystemClock
from virtslo.base.errors import ClusterError
from virtslo.kube.connector import Endpoint, tls_context
from virtslo.kube.http_transport import open_api
from virtslo.model.kubernetes.identity import Identity
from virtslo.model.kubernetes.resources import SERVICE_ACCOUNTS
from virtslo.plane.authority import Authority, Pair
from virtslo.plane.etcd import Etcd
from virtslo.plane.processes import Process, free_ports
from virtslo.plane.programs import API_SERVER, ETCD, MANAGER, SCHEDULER, Programs
from virtslo.ports.kube_api import KubeApi

AUDIT_POLICY: Final = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived", "ResponseStarted"],
    "rules": [{"level": "Metadata"}],
}
READY_SECONDS: Final = 180.0


CONTEXT: Final = "real"
"""The one context of each kubeconfig."""


@dataclass(frozen=True, slots=True)
class Options:
    """What may differ between planes."""

    watch_cache: bool = True
    max_in_flight: int = 400
    extra: tuple[str, ...] = ()
    """More arguments of kube-apiserver; the last of a name counts."""
    extra_of_manager: tuple[str, ...] = ()
    """More arguments of kube-controller-manager; the last of a name counts."""
    audit_policy: Mapping[str, Any] | None = None
    """Instead of every request's metadata."""
    port: int | None = None
    """Of the API server; None: a free one."""
    context: str = CONTEXT
    """Name of the context in kubeconfigs."""
    is_temporary: bool = False
    """Whether the folder is removed with the plane."""


class ControlPlane:
    """Kubernetes without nodes."""

    def __init__(self, folder: Path, programs: Programs, options: Options | None = None) -> None:
        folder.chmod(0o700)
        self.folder = folder
        self.authority = Authority("control plane")
        self._programs = programs
        self._options = options or Options()
        self.audit_log = folder / "audit.log"
        self._manager_port, self._scheduler_port, free = free_ports(3)
        self.port = self._options.port or free
        self._socket = Path(tempfile.mkdtemp(prefix="plane-")) / "tunnel"  # a short path
        self.etcd_store = Etcd(folder, self.authority)
        self._write_files()
        tunnel = str(Path(__file__).with_name("tunnel.py"))
        self.tunnel = Process(
            "tunnel", (sys.executable, tunnel, str(self._socket)), folder / "tunnel.log"
        )
        self.etcd = self._process(ETCD, self.etcd_store.arguments())
        self.api_server = self._process(API_SERVER, self._api_server_arguments())
        self.manager = self._process(MANAGER, self._manager_arguments())
        self.scheduler = self._process(SCHEDULER, self._scheduler_arguments())
        self._keeper: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where the API server is."""
        return f"https://127.0.0.1:{self.port}"

    @property
    def processes(self) -> tuple[Process, ...]:
        """Every process, in the order of starting."""
        return (self.tunnel, self.etcd, self.api_server, self.manager, self.scheduler)

    async def start(self) -> None:
        """Start everything and wait until it serves. Raises ClusterError with the last words."""
        self._keeper = _keep(self._temporary())
        self.tunnel.start()
        self.etcd.start()
        await self.etcd.wait_until_served(self.etcd_store.port, seconds=READY_SECONDS)
        self.api_server.start()
        await self.wait_until_ready()
        self.manager.start()
        self.scheduler.start()
        await self._wait_for_default_account()

    def stop(self) -> None:
        """End everything."""
        for process in reversed(self.processes):
            process.stop()
        for folder in self._temporary():
            shutil.rmtree(folder, ignore_errors=True)
        if self._keeper is not None:
            self._keeper.communicate()
            self._keeper = None

    def _temporary(self) -> tuple[Path, ...]:
        folder = (self.folder,) if self._options.is_temporary else ()
        return (self._socket.parent, *folder)

    async def wait_until_ready(self) -> None:
        """Wait until the API server says that it is ready."""
        async with self.connect("probe", "system:masters") as api:
            for _ in range(int(READY_SECONDS / 0.2)):
                if self.api_server.has_ended:
                    break
                try:
                    await api.read_raw("/readyz")
                except ClusterError:
                    await asyncio.sleep(0.2)
                else:
                    return
        raise self.api_server.failure(f"is not ready after {READY_SECONDS:.0f} s")

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
        return self.connect("admin", "system:masters", agent="plane/1")

    def kubeconfig(self, name: str, *groups: str, path: Path | None = None) -> Path:
        """The kubeconfig of a user, by certificate."""
        pair = self.authority.user(name, *groups)
        user = {
            "client-certificate-data": base64.b64encode(pair.certificate).decode(),
            "client-key-data": base64.b64encode(pair.key).decode(),
        }
        return self.write_kubeconfig(path or self.folder / f"{name.replace(':', '_')}.yaml", user)

    def write_kubeconfig(self, path: Path, user: Mapping[str, Any]) -> Path:
        """The kubeconfig of a user with these credentials, with one context."""
        name = self._options.context
        ca = base64.b64encode(self.authority.pem).decode()
        cluster = {"server": self.url, "certificate-authority-data": ca}
        document = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": name, "cluster": cluster}],
            "users": [{"name": "user", "user": dict(user)}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": "user"}}],
            "current-context": name,
        }
        path.touch(mode=0o600)
        path.chmod(0o600)
        path.write_text(yaml.safe_dump(document))
        return path

    def audited(self) -> Iterator[dict[str, Any]]:
        """Every finished request, from the audit log."""
        for path in [*sorted(self.folder.glob("audit-*.log")), self.audit_log]:
            if path.exists():
                with path.open(encoding="utf-8") as lines:
                    yield from map(json.loads, lines)

    async def forget_history(self) -> None:
        """Compact etcd: of everything, only the newest version is known from now on."""
        await self.etcd_store.compact()

    async def _wait_for_default_account(self) -> None:
        async with self.admin() as api:
            for _ in range(300):
                try:
                    await api.get(SERVICE_ACCOUNTS, "default", namespace="default")
                except ClusterError:
                    await asyncio.sleep(0.2)
                else:
                    return
        raise self.manager.failure("made no default service account")

    def _write_files(self) -> None:
        self._write_pair("server", self.authority.server("kube-apiserver"))
        self._write_pair("accounts", self.authority.user("service accounts"))
        self._write_pair("front-proxy", self.authority.user("front-proxy-client"))
        (self.folder / "ca.pem").write_bytes(self.authority.pem)
        write_private(self.folder / "ca-key.pem", self.authority.key_pem)
        (self.folder / "egress.yaml").write_text(yaml.safe_dump(_egress(self._socket)))
        policy = dict(self._options.audit_policy or AUDIT_POLICY)
        (self.folder / "audit-policy.yaml").write_text(yaml.safe_dump(policy))

    def _write_pair(self, name: str, pair: Pair) -> None:
        (self.folder / f"{name}.pem").write_bytes(pair.certificate)
        write_private(self.folder / f"{name}-key.pem", pair.key)

    def _process(self, name: str, arguments: tuple[str, ...]) -> Process:
        return Process(name, (str(self._programs[name]), *arguments), self.folder / f"{name}.log")

    def _api_server_arguments(self) -> tuple[str, ...]:
        return (
            *self.etcd_store.client_arguments(),
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
            *self._options.extra_of_manager,
        )

    def _scheduler_arguments(self) -> tuple[str, ...]:
        return (
            f"--kubeconfig={self.kubeconfig('system:kube-scheduler')}",
            "--bind-address=127.0.0.1",
            f"--secure-port={self._scheduler_port}",
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


def write_private(path: Path, data: bytes) -> None:
    """Write a file that its owner alone can read, from its first byte on."""
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_bytes(data)


def _keep(folders: tuple[Path, ...]) -> subprocess.Popen[bytes]:
    """What removes folders when this process is gone, whatever ended it."""
    keeper = str(Path(__file__).with_name("folder_keeper.py"))
    return subprocess.Popen(  # noqa: S603  a program of ours, without a shell
        [sys.executable, "-I", "-S", keeper, *map(str, folders)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
