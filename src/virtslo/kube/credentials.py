"""From a kubeconfig, or a pod's service account, to a connection.

Invariant: the ecosystem's loader decides what a kubeconfig means; no message holds a secret, and
no secret is written to a file.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml

from virtslo.base.clock import Clock
from virtslo.base.errors import ClusterError
from virtslo.kube.connector import Authorize, Endpoint, check_url, tls_context
from virtslo.kube.failures import NETWORK_ERRORS
from virtslo.kube.http_transport import HttpTransport, open_api
from virtslo.kube.responses import LONGEST_EXCERPT
from virtslo.ports.kube_api import KubeApi

if TYPE_CHECKING:
    from virtslo.kube.kubeconfig_loader import Address, Loader

DEFAULT_KUBECONFIG: Final = "~/.kube/config"
TOKEN_CHECK_NS: Final = 30_000_000_000
"""How often a token that may expire is looked at again."""
PLUG_IN_TIMEOUT_SECONDS: Final = 120.0
"""An exec plug-in may open a browser and wait for a person."""
_LEGACY_PROVIDERS: Final = frozenset({"gcp", "oidc"})


async def connect(
    *,
    kubeconfig: Path | None,
    context: str | None,
    in_cluster: bool,
    clock: Clock,
    user_agent: str,
) -> AbstractAsyncContextManager[KubeApi]:
    """A connection as the kubeconfig's context, or as the pod we run in. Raises ClusterError."""
    if in_cluster:
        endpoint = _in_cluster_endpoint(clock, user_agent)
    else:
        endpoint = await _endpoint(kubeconfig, context, clock, user_agent)
    return open_api(endpoint, clock)


@asynccontextmanager
async def connect_as(
    user_agents: Sequence[str],
    *,
    kubeconfig: Path | None,
    context: str | None,
    in_cluster: bool,
    clock: Clock,
) -> AsyncIterator[Mapping[str, HttpTransport]]:
    """Connections of the same user under several user agents. Raises ClusterError."""
    if in_cluster:
        endpoint = _in_cluster_endpoint(clock, "")
    else:
        endpoint = await _endpoint(kubeconfig, context, clock, "")
    async with AsyncExitStack() as stack:
        yield {
            agent: await stack.enter_async_context(
                HttpTransport(replace(endpoint, user_agent=agent), clock)
            )
            for agent in user_agents
        }


def describe_target(*, kubeconfig: Path | None, context: str | None, in_cluster: bool) -> str:
    """The cluster's context and address, for people. Raises ClusterError."""
    if in_cluster:
        host = os.environ.get("KUBERNETES_SERVICE_HOST", "?")
        port = os.environ.get("KUBERNETES_SERVICE_PORT", "?")
        return f"the cluster this pod runs in, at https://{host}:{port}"
    paths = _paths(kubeconfig)
    document = _read(paths)
    name = _context_name(document, context, paths)
    cluster = _entry(document, "contexts", name).get("context", {}).get("cluster")
    server = _entry(document, "clusters", cluster).get("cluster", {}).get("server", "?")
    return f"context {name!r} at {server}"


async def _endpoint(
    kubeconfig: Path | None, context: str | None, clock: Clock, user_agent: str
) -> Endpoint:
    from virtslo.kube.kubeconfig_loader import impersonation

    paths = _paths(kubeconfig)
    name = _context_name(_read(paths), context, paths)
    place = f"{_told(paths)}: context {name!r}"
    loader, address = await _load(paths, name, place=place)
    try:
        headers = impersonation(loader.user)
    except _loader_errors() as error:
        raise _refused(place, error) from None
    tls = None
    if address.host.startswith("https"):
        tls = tls_context(
            ca=address.ca,
            certificate=address.certificate,
            key=address.key,
            verify=address.verify,
            place=place,
        )
    return Endpoint(
        url=check_url(address.host),
        user_agent=user_agent,
        tls=tls,
        server_name=address.server_name,
        proxy=_usable_proxy(address.proxy, place),
        authorize=_authorize(loader, clock, place),
        headers=headers,
    )


async def _load(paths: list[Path], context: str, *, place: str) -> "tuple[Loader, Address]":
    """What the loader makes of the context: itself, to refresh tokens, and the address."""
    from kubernetes_asyncio.config.kube_config import KubeConfigMerger

    from virtslo.kube.kubeconfig_loader import Loader

    try:
        async with asyncio.timeout(PLUG_IN_TIMEOUT_SECONDS):
            merged = KubeConfigMerger(os.pathsep.join(map(str, paths))).config
            loader = Loader(merged, active_context=context, config_base_path=None)
            await loader._load_authentication()
            return loader, loader.address()
    except _loader_errors() as error:
        raise _refused(place, error) from None


def _usable_proxy(proxy: str | None, place: str) -> str | None:
    """The proxy, if it is one we can speak to; it may hold a password and is not shown."""
    if proxy is None or proxy.startswith(("http://", "https://")):
        return proxy
    raise ClusterError(
        f"{place}: its proxy is neither http:// nor https://",
        hint="look at proxy-url in the kubeconfig, and at HTTPS_PROXY",
    )


def _loader_errors() -> tuple[type[Exception], ...]:
    """What the loader and its plug-ins raise on a kubeconfig they cannot use."""
    from kubernetes_asyncio.config import ConfigException

    mistakes = (AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
    return (ConfigException, *NETWORK_ERRORS, yaml.YAMLError, *mistakes)


def _authorize(loader: "Loader", clock: Clock, place: str) -> Authorize | None:
    """The Authorization header; asked for again, now and then, where it can expire."""
    from virtslo.kube.kubeconfig_loader import token_file

    path = token_file(loader)
    if path is not None:
        return _from_file(path, clock, place)
    if getattr(loader, "token", None) is None:
        return None
    can_expire = loader.provider in _LEGACY_PROVIDERS or "exec" in loader.user
    next_check_ns = clock.now_ns() + TOKEN_CHECK_NS

    async def authorize() -> str | None:
        nonlocal next_check_ns
        if can_expire and clock.now_ns() >= next_check_ns:
            next_check_ns = clock.now_ns() + TOKEN_CHECK_NS
            try:
                async with asyncio.timeout(PLUG_IN_TIMEOUT_SECONDS):
                    await loader._load_authentication()
            except _loader_errors() as error:
                raise _refused(place, error) from None
        token: str | None = getattr(loader, "token", None)
        return token

    return authorize


def _from_file(path: Path, clock: Clock, place: str) -> Authorize:
    """The token of a file that something else keeps fresh."""
    value = ""
    next_read_ns = clock.now_ns()

    async def authorize() -> str:
        nonlocal value, next_read_ns
        if clock.now_ns() >= next_read_ns:
            next_read_ns = clock.now_ns() + TOKEN_CHECK_NS
            value = _read_token(path, place)
        return f"Bearer {value}"

    return authorize


def _read_token(path: Path, place: str) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        words = getattr(error, "strerror", None) or "it is not text"
        raise ClusterError(
            f"{place}: cannot read its token file {str(path)!r}: {words}",
            hint="look at tokenFile in the kubeconfig",
        ) from None


def _in_cluster_endpoint(clock: Clock, user_agent: str) -> Endpoint:
    from kubernetes_asyncio.client import Configuration
    from kubernetes_asyncio.config import ConfigException, load_incluster_config

    configuration = type.__call__(Configuration)
    try:
        load_incluster_config(client_configuration=configuration)
        authority = Path(configuration.ssl_ca_cert).read_bytes()
    except (ConfigException, OSError) as error:
        raise ClusterError(
            f"in-cluster credentials cannot be used: {error}",
            hint="--in-cluster works within a pod that has a service account; elsewhere use "
            "--kubeconfig or --context",
        ) from error

    async def authorize() -> str | None:
        configuration.refresh_api_key_hook(configuration)
        value: str = configuration.api_key["BearerToken"]
        return value.strip()

    return Endpoint(
        url=check_url(configuration.host),
        user_agent=user_agent,
        tls=tls_context(ca=authority, place="the pod's service account"),
        authorize=authorize,
    )


def _paths(kubeconfig: Path | None) -> list[Path]:
    """The kubeconfig files that exist. Raises ClusterError naming those that do not."""
    if kubeconfig is not None:
        wanted = [kubeconfig]
    else:
        text = os.environ.get("KUBECONFIG") or DEFAULT_KUBECONFIG
        wanted = [Path(part) for part in text.split(os.pathsep) if part]
    found = [path.expanduser() for path in wanted if path.expanduser().is_file()]
    if not found:
        raise ClusterError(
            f"no kubeconfig at {_told(wanted)}",
            hint="name one with --kubeconfig or KUBECONFIG; without a target, the simulated "
            "cluster is used",
        )
    return found


def _read(paths: list[Path]) -> Mapping[str, list[Mapping[str, Any]] | str]:
    """Contexts and clusters of all files; the first file that names one wins, as in kubectl."""
    merged: dict[str, Any] = {"contexts": [], "clusters": [], "current-context": ""}
    for path in paths:
        try:
            document = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            # What YAML says of a fault may quote the line, which may be a secret.
            words = getattr(error, "strerror", None) or "it is not valid YAML"
            raise ClusterError(f"cannot read the kubeconfig {str(path)!r}: {words}") from None
        if not isinstance(document, dict):
            raise ClusterError(f"{str(path)!r} is not a kubeconfig")
        for key in ("contexts", "clusters"):
            entries = document.get(key) or []
            if not isinstance(entries, list):
                raise ClusterError(f"{str(path)!r} is not a kubeconfig: {key} is not a list")
            merged[key] += [entry for entry in entries if isinstance(entry, dict)]
        merged["current-context"] = merged["current-context"] or document.get("current-context")
    return merged


def _context_name(document: Mapping[str, Any], context: str | None, paths: list[Path]) -> str:
    """The context that is meant. Raises ClusterError listing those that exist."""
    names = [str(entry.get("name")) for entry in document["contexts"]]
    exist = f"contexts there: {', '.join(names) if names else 'none'}"
    wanted = context or document["current-context"]
    if not wanted:
        raise ClusterError(f"{_told(paths)}: no current context; {exist}", hint="use --context")
    if wanted not in names:
        raise ClusterError(f"{_told(paths)}: no context {wanted!r}; {exist}")
    return str(wanted)


def _entry(document: Mapping[str, Any], key: str, name: object) -> Mapping[str, Any]:
    for entry in document[key]:
        if entry.get("name") == name:
            found: Mapping[str, Any] = entry
            return found
    return {}


def _refused(place: str, error: Exception) -> ClusterError:
    """What the loader said, bounded; secrets never are in its words, but a plug-in's may be."""
    words = " ".join(str(error).split())
    if isinstance(error, TimeoutError):
        words = f"exec: no answer within {PLUG_IN_TIMEOUT_SECONDS:g} s"
    is_plug_in = words.startswith("exec:")
    told = words[:LONGEST_EXCERPT] if not is_plug_in else words.partition(". ")[0]
    return ClusterError(
        f"{place}: credentials cannot be used: {told or type(error).__name__}",
        hint="try kubectl with the same context: it tells what the plug-in says"
        if is_plug_in
        else "try kubectl with the same context",
    )


def _told(paths: list[Path]) -> str:
    return ", ".join(repr(str(path)) for path in paths)
