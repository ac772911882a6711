"""Connections to one API server: TLS, pool, time limits.

Invariant: nothing queues inside: as many connections are opened as requests are in flight, so that
waiting is never hidden; and no request is sent twice.
"""

import base64
import errno
import posixpath
import socket
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from multidict import CIMultiDict

from virtslo.base.errors import ClusterError
from virtslo.base.piped import piped
from virtslo.base.tls_buffer import keep_tls_buffers_small
from virtslo.kube.http_library import aiohttp

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
    headers: tuple[tuple[str, str], ...] = ()
    """Sent with every request, beside our own: whom to act for."""

    @property
    def host(self) -> str:
        """Host and port, for messages."""
        return urlsplit(self.url).netloc.rpartition("@")[2]


@dataclass(frozen=True, slots=True)
class ServerUrl:
    """The address of a server, and what it says of a user."""

    url: str
    """Scheme in lower case, no user information, no slash at its end."""
    authorization: str | None = None


def server_url(text: str, place: str) -> ServerUrl:
    """The address that a URL is. Raises ClusterError, without its user information."""
    expected = "an http or https URL, such as https://host:6443"
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise ClusterError(f"{place}: expected {expected}, found another text") from None
    is_clean = text.isprintable() and not text[:1].isspace()
    if parts.scheme not in {"http", "https"} or not parts.hostname or not is_clean:
        found = "nothing" if not text else "another text"
        raise ClusterError(
            f"{place}: expected {expected}, found {found}",
            hint="look at clusters[].cluster.server in the kubeconfig",
        )
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    netloc = host if port is None else f"{host}:{port}"
    url = urlunsplit((parts.scheme, netloc, _prefix(parts.path), "", ""))
    if parts.username is None:
        return ServerUrl(url)
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return ServerUrl(url, f"Basic {base64.b64encode(pair.encode()).decode()}")


def _prefix(path: str) -> str:
    """The path that all paths are below, as Go joins and escapes it; empty for the root."""
    joined = "/" + posixpath.normpath(f"/{path}").lstrip("/")
    return "" if joined == "/" else quote(joined, safe="/%:@!$&'()*+,;=~")


def tls_context(
    *,
    ca: bytes | None = None,
    certificate: bytes | None = None,
    key: bytes | None = None,
    verify: bool = True,
    place: str = "the API server",
) -> ssl.SSLContext:
    """A TLS context of a client, of PEM texts; without an authority the system's are trusted.

    Raises ClusterError that begins with `place`.
    """
    try:
        context = ssl.create_default_context(cadata=None if ca is None else ca.decode())
        # Clusters' own authorities often lack extensions that strict checking asks for.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        if not verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if certificate is not None:
            _load_pair(context, certificate, key)
    except (ssl.SSLError, OSError, ValueError) as error:
        raise ClusterError(
            f"{place}: its certificates cannot be used: {_reason(error)}",
            hint="look at certificate-authority, client-certificate and client-key in the "
            "kubeconfig; a key must not be encrypted",
        ) from error
    return context


def _reason(error: Exception) -> str:
    """What is wrong with certificates; OpenSSL hides it behind a pipe that cannot seek."""
    if getattr(error, "errno", None) == errno.ESPIPE:
        return "certificate and key are not PEM, or do not belong together"
    return getattr(error, "reason", None) or getattr(error, "strerror", None) or "unreadable"


def _load_pair(context: ssl.SSLContext, certificate: bytes, key: bytes | None) -> None:
    """Give a certificate and its key to OpenSSL, which reads them from paths only: from a pipe,
    so that no file holds a key, not even for a moment."""
    with piped(certificate) as first, piped(certificate if key is None else key) as second:
        context.load_cert_chain(first, second, password=lambda: "")


def open_session(endpoint: Endpoint) -> aiohttp.ClientSession:
    """A session on the running loop; the caller closes it."""
    keep_tls_buffers_small()
    connector = aiohttp.TCPConnector(
        limit=0,
        ssl=_tls_of(endpoint),
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
        auto_decompress=False,
    )
    # The library would send an idempotent request again when a kept connection turns out closed;
    # a second PUT or DELETE answers differently from the first.
    session._retry_connection = False
    return session


def _tls_of(endpoint: Endpoint) -> ssl.SSLContext | bool:
    """What aiohttp's `ssl` takes: the endpoint's context, or one for a proxy that is https."""
    if endpoint.tls is not None:
        return endpoint.tls
    return tls_context(place="the proxy") if (endpoint.proxy or "").startswith("https:") else True


def _headers(endpoint: Endpoint) -> CIMultiDict[str]:
    # Compressing would cost the measured control plane time, and ours.
    ours = (("User-Agent", endpoint.user_agent), ("Accept-Encoding", "identity"))
    return CIMultiDict((*ours, *endpoint.headers))


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
