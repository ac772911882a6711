"""etcd of a plane: its arguments, and what is asked of it beside the API server.

Invariant: it listens on loopback, with TLS, and answers those alone who have a certificate of the
plane's authority.
"""

import base64
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import aiohttp

from virtslo.base.errors import ClusterError
from virtslo.kube.connector import tls_context
from virtslo.plane.authority import Authority
from virtslo.plane.processes import free_ports

ROOT: Final = "/registry"
"""Under which an API server keeps its objects."""
PAGE: Final = 500


@dataclass(frozen=True, slots=True)
class Stored:
    """Objects of one resource, as they are stored."""

    objects: int
    bytes: int
    """Of their values; keys and what etcd adds are not counted."""

    def __add__(self, other: "Stored") -> "Stored":
        return Stored(self.objects + other.objects, self.bytes + other.bytes)


class Etcd:
    """One member, alone."""

    def __init__(self, folder: Path, authority: Authority) -> None:
        self.port, self._peer_port = free_ports(2)
        self._authority = authority
        pair = authority.server("etcd", is_client=True)
        (folder / "etcd.pem").write_bytes(pair.certificate)
        key = folder / "etcd-key.pem"
        key.touch(mode=0o600)
        key.write_bytes(pair.key)
        (folder / "ca.pem").write_bytes(authority.pem)

    def arguments(self) -> tuple[str, ...]:
        """Of etcd, in the plane's folder."""
        client = f"https://127.0.0.1:{self.port}"
        peer = f"https://127.0.0.1:{self._peer_port}"
        return (
            "--data-dir=etcd",
            f"--listen-client-urls={client}",
            f"--advertise-client-urls={client}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=default={peer}",
            "--cert-file=etcd.pem",
            "--key-file=etcd-key.pem",
            "--client-cert-auth=true",
            "--trusted-ca-file=ca.pem",
            "--peer-cert-file=etcd.pem",
            "--peer-key-file=etcd-key.pem",
            "--peer-client-cert-auth=true",
            "--peer-trusted-ca-file=ca.pem",
        )

    def client_arguments(self) -> tuple[str, ...]:
        """Of kube-apiserver, to reach it."""
        return (
            f"--etcd-servers=https://127.0.0.1:{self.port}",
            "--etcd-cafile=ca.pem",
            "--etcd-certfile=etcd.pem",
            "--etcd-keyfile=etcd-key.pem",
        )

    async def compact(self) -> None:
        """Forget all but the newest version of everything. Raises ClusterError."""
        found = await self._ask("range", {"key": _text("\0")})
        revision = found["header"]["revision"]
        await self._ask("compaction", {"revision": revision, "physical": True})

    async def stored(self, resource: str, namespace: str, leave_out: Sequence[str] = ()) -> Stored:
        """What is stored of `GROUP/PLURAL`, or `PLURAL`, in a namespace, but for objects whose name
        holds one of `leave_out`. Raises ClusterError."""
        prefix = f"{ROOT}/{resource}/{namespace}/"
        key, end = prefix, prefix[:-1] + chr(ord("/") + 1)
        objects = size = 0
        while True:
            page = {"key": _text(key), "range_end": _text(end), "limit": PAGE}
            found = await self._ask("range", page)
            values = found.get("kvs") or []
            for each in values:
                key = base64.b64decode(each["key"]).decode()
                if not any(name in key for name in leave_out):
                    objects += 1
                    size += len(base64.b64decode(each["value"]))
            if not found.get("more"):
                return Stored(objects, size)
            key += "\0"

    async def _ask(self, verb: str, body: Mapping[str, Any]) -> Any:
        url = f"https://127.0.0.1:{self.port}/v3/kv/{verb}"
        try:
            async with (
                aiohttp.ClientSession() as session,
                session.post(url, json=body, ssl=self._tls()) as answer,
            ):
                if answer.status == 200:
                    return await answer.json()
                words = await answer.text()
        except aiohttp.ClientError as error:
            raise ClusterError(f"etcd gives no answer: {error}") from error
        raise ClusterError(f"etcd refuses {verb}: {words[:200]}")

    def _tls(self) -> ssl.SSLContext:
        pair = self._authority.user("etcd client")
        return tls_context(
            ca=self._authority.pem, certificate=pair.certificate, key=pair.key, place="etcd"
        )


def _text(value: str) -> str:
    return base64.b64encode(value.encode()).decode()
