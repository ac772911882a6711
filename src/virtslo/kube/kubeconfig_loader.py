"""What the ecosystem's loader makes of a kubeconfig, with nothing written to disk.

Invariant: certificates and keys of a kubeconfig or of an exec plug-in stay in memory; what a
plug-in wrote is never logged.
"""

import base64
import binascii
import logging
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from kubernetes_asyncio.config import ConfigException, kube_config
from kubernetes_asyncio.config.exec_provider import ExecProvider

NO_TLS_CHECK: Final = "insecure-skip-tls-verify"
_LOOPBACK: Final = ("127.", "::1", "localhost")

logging.getLogger(kube_config.__name__).propagate = False


@dataclass(frozen=True, slots=True)
class Address:
    """Where a cluster is, and by which certificates it and its user are known."""

    host: str
    verify: bool = True
    server_name: str | None = None
    proxy: str | None = None
    ca: bytes | None = None
    certificate: bytes | None = None
    key: bytes | None = None


class Loader(kube_config.KubeConfigLoader):  # type: ignore[misc]  # the library has no types
    """The ecosystem's loader, but for the files it would write."""

    certificate: bytes | None = None
    """A plug-in's certificate."""
    key: bytes | None = None
    """A plug-in's key."""

    @property
    def user(self) -> Mapping[str, Any]:
        """The user's section of the kubeconfig; empty where it has none."""
        node = self._user
        return {} if node is None else dict(node.value)

    async def load_from_exec_plugin(self) -> bool:
        """Run the plug-in, unless what it said last is still good."""
        expiry = getattr(self, "exec_plugin_expiry", None)
        if expiry is not None and not kube_config._is_expired(expiry):
            return True
        status = await ExecProvider(self._user["exec"]).run()
        if "expirationTimestamp" in status:
            self.exec_plugin_expiry = kube_config.parse_rfc3339(status["expirationTimestamp"])
        if "token" in status:
            self.token = f"Bearer {status['token']}"
        if "clientCertificateData" in status and "clientKeyData" in status:
            self.certificate = str(status["clientCertificateData"]).encode()
            self.key = str(status["clientKeyData"]).encode()
        elif "token" not in status:
            raise ConfigException("exec: its answer holds no token and no certificate with its key")
        return True

    def address(self) -> Address:
        """The cluster's section, and the certificates of the user's, read into memory."""
        cluster, user = self._cluster, self.user
        folder = self._get_base_path(cluster.path)
        host = str(cluster["server"]).rstrip("/")
        return Address(
            host=host,
            verify=not cluster.safe_get(NO_TLS_CHECK),
            server_name=cluster.safe_get("tls-server-name"),
            proxy=cluster.safe_get("proxy-url") or environment_proxy(host),
            ca=_content(cluster.value, "certificate-authority", folder),
            certificate=self.certificate or _content(user, "client-certificate", self._user_folder),
            key=self.key or _content(user, "client-key", self._user_folder),
        )

    @property
    def _user_folder(self) -> str:
        return "" if self._user is None else self._get_base_path(self._user.path)

    def _load_cluster_info(self) -> None:
        """Nothing: `address` reads it, without files."""


def token_file(loader: Loader) -> Path | None:
    """The file that a user's token is read from, again and again; it wins over `token`."""
    named = loader.user.get("tokenFile")
    return Path(loader._user_folder) / str(named) if named else None


def impersonation(user: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """The headers that make the API server take the user for another one."""
    headers: list[tuple[str, str]] = []
    if user.get("as"):
        headers.append(("Impersonate-User", str(user["as"])))
    if user.get("as-uid"):
        headers.append(("Impersonate-Uid", str(user["as-uid"])))
    headers += [("Impersonate-Group", str(group)) for group in user.get("as-groups") or ()]
    extra = user.get("as-user-extra") or {}
    headers += [
        (f"Impersonate-Extra-{key}", str(value)) for key in extra for value in extra[key] or ()
    ]
    if headers and not user.get("as"):
        raise ConfigException("as-uid, as-groups and as-user-extra need `as` beside them")
    return tuple(headers)


def environment_proxy(url: str) -> str | None:
    """The proxy that HTTPS_PROXY, HTTP_PROXY and NO_PROXY mean; none for loopback."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if host.startswith(_LOOPBACK) or urllib.request.proxy_bypass(host):
        return None
    return urllib.request.getproxies_environment().get(parts.scheme)


def _content(section: Mapping[str, Any], name: str, folder: str) -> bytes | None:
    """A certificate or key: of its base64, or else of the file that is named."""
    data = section.get(f"{name}-data")
    if data:
        try:
            return base64.b64decode(data, validate=True)
        except (binascii.Error, TypeError) as error:
            raise ConfigException(f"{name}-data is not base64") from error
    named = section.get(name)
    if not named:
        return None
    path = Path(folder) / str(named)
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigException(f"{name}: cannot read {str(path)!r}: {error.strerror}") from error
