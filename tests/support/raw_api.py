"""An API server as any client sees it: requests, answers and streams, nothing of who serves it.

The same calls go to the simulated API server and to a real one, so that one suite judges both.
"""

import asyncio
import base64
import http.client
import json
import ssl
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import yaml

from support.clusters import hollow_served, served

MERGE = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
APPLY = "application/apply-patch+yaml"
TABLE = "application/json;as=Table;g=meta.k8s.io;v=v1"
SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Answer:
    """A status code, headers and the body."""

    code: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def message(self) -> str:
        """What a Status says."""
        return str(self.document["message"])

    @property
    def causes(self) -> list[tuple[str, str]]:
        """(reason, field) of each cause of a Status."""
        causes = self.document.get("details", {}).get("causes", [])
        return [(each["reason"], each.get("field", "")) for each in causes]


@dataclass(frozen=True, slots=True)
class RawApi:
    """One API server, reached by HTTPS with a token or with a client certificate in `tls`."""

    url: str
    tls: ssl.SSLContext
    token: str = ""
    has_kubevirt: bool = True
    has_webhooks: bool = True
    has_controllers: bool = False
    """Whether namespaces empty and dependents of the deleted go."""
    headers: Mapping[str, str] = field(default_factory=dict)

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        kind: str = "application/json",
        accept: str = "application/json",
        authorization: str | None = None,
        **query: Any,
    ) -> Answer:
        """One request and its answer."""
        connection = self._connection()
        try:
            target, data, headers = self._request(path, body, kind, accept, query)
            if authorization is not None:
                headers["Authorization"] = authorization
            connection.request(method, target, data, headers)
            response = connection.getresponse()
            return Answer(response.status, dict(response.getheaders()), response.read())
        finally:
            connection.close()

    @contextmanager
    def watch(self, path: str, *, accept: str = "application/json", **query: Any) -> Iterator[Any]:
        """A watch: an iterator of events."""
        connection = self._connection()
        try:
            query = {"watch": "true", "timeoutSeconds": 15, **query}
            target, _, headers = self._request(path, None, "", accept, query)
            connection.request("GET", target, headers=headers)
            response = connection.getresponse()
            if response.status != 200:
                raise AssertionError(f"{response.status}: {response.read()!r}")
            yield (json.loads(line) for line in response)
        finally:
            connection.close()

    def _connection(self) -> http.client.HTTPSConnection:
        parts = urlsplit(self.url)
        assert parts.hostname is not None
        return http.client.HTTPSConnection(
            parts.hostname, parts.port, context=self.tls, timeout=SECONDS
        )

    def _request(
        self, path: str, body: Any, kind: str, accept: str, query: Mapping[str, Any]
    ) -> tuple[str, bytes | None, dict[str, str]]:
        joint = "&" if "?" in path else "?"
        target = f"{path}{joint}{urlencode(query)}" if query else path
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        headers = {"Accept": accept, "User-Agent": "contract/1", **self.headers}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        if data is not None:
            headers["Content-Type"] = kind
        return target, data, headers


@contextmanager
def simulated_api(*, has_controllers: bool = False) -> Iterator[RawApi]:
    """The simulated API server on a socket, its loop in a thread of its own."""
    ready: threading.Event = threading.Event()
    told: list[RawApi] = []
    stopping: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def serve() -> None:
        stop = asyncio.Event()
        stopping.append((asyncio.get_running_loop(), stop))
        opened = hollow_served(nodes=2) if has_controllers else served(log_size=500)
        async with opened as there:
            tls = ssl.create_default_context(cadata=there.certificates.ca_pem.decode())
            told.append(RawApi(there.url, tls, there.token, has_controllers=has_controllers))
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    assert ready.wait(SECONDS), "the simulated API server did not start"
    try:
        yield told[0]
    finally:
        loop, stop = stopping[0]
        loop.call_soon_threadsafe(stop.set)
        thread.join(SECONDS)


def real_api(path: Path) -> RawApi:
    """The API server that a kubeconfig leads to."""
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    chosen = document["current-context"]
    context = _named(document["contexts"], chosen, "context")
    cluster = _named(document["clusters"], context["cluster"], "cluster")
    user = _named(document["users"], context["user"], "user")
    tls = ssl.create_default_context(cadata=_decoded(cluster, "certificate-authority").decode())
    if "client-certificate-data" in user or "client-certificate" in user:
        with tempfile.NamedTemporaryFile() as pem:
            pem.write(_decoded(user, "client-certificate") + b"\n" + _decoded(user, "client-key"))
            pem.flush()
            tls.load_cert_chain(pem.name)
    api = RawApi(cluster["server"], tls, user.get("token", ""))
    has_kubevirt = api.call("GET", "/apis/kubevirt.io").code == 200
    base = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
    listed = api.call("GET", base)
    found = (listed.document.get("items") or ()) if listed.code == 200 else ()
    has_webhooks = any(each["metadata"]["name"].startswith("virt-api") for each in found)
    return RawApi(api.url, tls, api.token, has_kubevirt=has_kubevirt, has_webhooks=has_webhooks)


def _named(items: list[Any], name: str, key: str) -> Any:
    return next(item[key] for item in items if item["name"] == name)


def _decoded(where: dict[str, Any], key: str) -> bytes:
    if f"{key}-data" in where:
        return base64.b64decode(where[f"{key}-data"])
    return Path(where[key]).read_bytes()
