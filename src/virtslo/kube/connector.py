"""Connections to one API server: TLS, pool, time limits.

Invariant: nothing queues inside: as many connections are opened as requests are in flight, so that
waiting is never hidden; and no request is sent twice.
"""

import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import aiohttp

from virtslo.base.errors import ClusterError

CONNECT_TIMEOUT_SECONDS: Final = 30.0
ANSWER_TIMEOUT_SECONDS: Final = 75.0
"""Longer than the API server's own limit of 60 s for a request, so that its word comes first."""
KEEP_ALIVE_SECONDS: Final = 60.0
READ_BUFFER_BYTES: Final = 1 << 18

Authorize = Callable[[], Awaitable[str | None]]
"""The value of the Authorization header, fresh; None where the certificate speaks."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the API server is and how to speak to it."""

    url: str
    user_agent: str
    tls: ssl.SSLContext | None = None
    server_name: str | None = None
    proxy: str | None = None
    authorize: Authorize | None = None

    @property
    def host(self) -> str:
        """Host and port, for messages."""
        return urlsplit(self.url).netloc.rpartition("@")[2]


def check_url(url: str) -> str:
    """The URL without its last slash. Raises ClusterError if it is none."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ClusterError(
            f"the API server's address {url!r} is not an http or https URL",
            hint="look at clusters[].cluster.server in the kubeconfig",
        )
    return url.rstrip("/")


def tls_context(
    *,
    ca_file: str | None = None,
    ca_pem: str | None = None,
    cert_file: str | None = None,
    key_file: str | None = None,
    verify: bool = True,
) -> ssl.SSLContext:
    """A TLS context of a client; without an authority given, the system's are trusted."""
    try:
        context = ssl.create_default_context(cafile=ca_file, cadata=ca_pem)
        # Clusters' own authorities often lack extensions that strict checking asks for.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        if not verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if cert_file:
            context.load_cert_chain(cert_file, key_file)
    except (ssl.SSLError, OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or "unreadable"
        raise ClusterError(
            f"the certificates for the API server cannot be used: {reason}",
            hint="look at the certificates and the key in the kubeconfig",
        ) from error
    return context


def open_session(endpoint: Endpoint) -> aiohttp.ClientSession:
    """A session on the running loop; whoever opens it closes it."""
    connector = aiohttp.TCPConnector(
        limit=0,
        ssl=endpoint.tls if endpoint.tls is not None else True,
        keepalive_timeout=KEEP_ALIVE_SECONDS,
        ttl_dns_cache=300,
        socket_factory=_socket,
    )
    session = aiohttp.ClientSession(
        connector=connector,
        timeout=aiohttp.ClientTimeout(
            total=ANSWER_TIMEOUT_SECONDS, sock_connect=CONNECT_TIMEOUT_SECONDS
        ),
        headers=_headers(endpoint),
        cookie_jar=aiohttp.DummyCookieJar(),
        read_bufsize=READ_BUFFER_BYTES,
        raise_for_status=False,
    )
    # The library would send an idempotent request again when a kept connection turns out closed;
    # a second PUT or DELETE answers differently from the first.
    session._retry_connection = False
    return session


def _headers(endpoint: Endpoint) -> Mapping[str, str]:
    # Compressing would cost the measured control plane time, and ours.
    return {"User-Agent": endpoint.user_agent, "Accept-Encoding": "identity"}


def _socket(address: aiohttp.AddrInfoType) -> socket.socket:
    """A socket that notices a peer that is gone, and that does not wait to fill packets."""
    family, kind, protocol, _, _ = address
    made = socket.socket(family=family, type=kind, proto=protocol)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if hasattr(socket, "TCP_KEEPIDLE"):
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 30)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 10)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)
    return made
