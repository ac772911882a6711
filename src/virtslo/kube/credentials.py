"""From a kubeconfig, or a pod's service account, to a connection.

Invariant: the ecosystem's loader decides what a kubeconfig means; no message holds a secret; files
that it writes for certificates are gone before the connection is used.
"""

import asyncio
import os
import tempfile
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, Final

import yaml

from virtslo.base.clock import Clock
from virtslo.base.errors import ClusterError
from virtslo.kube.connector import Authorize, Endpoint, check_url, tls_context
from virtslo.kube.failures import NETWORK_ERRORS
from virtslo.kube.http_api import HttpApi
from virtslo.kube.responses import LONGEST_EXCERPT

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
) -> AbstractAsyncContextManager[HttpApi]:
    """A connection as the kubeconfig's context, or as the pod we run in. Raises ClusterError."""
    if in_cluster:
        endpoint = _in_cluster_endpoint(clock, user_agent)
    else:
        endpoint = await _endpoint(kubeconfig, context, clock, user_agent)
    return HttpApi(endpoint, clock)


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
    paths = _paths(kubeconfig)
    name = _context_name(_read(paths), context, paths)
    place = f"{_told(paths)}: context {name!r}"
    with tempfile.TemporaryDirectory(prefix="virtslo-") as folder:
        configuration, loader = await _load(paths, name, place=place, folder=folder)
        is_tls = configuration.host.startswith("https")
        tls = None
        if is_tls:
            tls = tls_context(
                ca_file=configuration.ssl_ca_cert,
                cert_file=configuration.cert_file,
                key_file=configuration.key_file,
                verify=configuration.verify_ssl,
            )
        _forget_temporary_files(folder)
    return Endpoint(
        url=check_url(configuration.host),
        user_agent=user_agent,
        tls=tls,
        server_name=configuration.tls_server_name,
        proxy=configuration.proxy,
        authorize=_authorize(configuration, loader, clock, place),
    )


async def _load(paths: list[Path], context: str, *, place: str, folder: str) -> tuple[Any, Any]:
    """What the loader makes of the context: its Configuration, and itself, to refresh tokens."""
    from kubernetes_asyncio.client import Configuration
    from kubernetes_asyncio.config import kube_config

    configuration = type.__call__(Configuration)
    # The loader logs what a plug-in wrote, which may be a secret; the error tells enough.
    kube_config.logger.propagate = False
    try:
        async with asyncio.timeout(PLUG_IN_TIMEOUT_SECONDS):
            loader = await kube_config.load_kube_config(
                config_file=os.pathsep.join(map(str, paths)),
                context=context,
                client_configuration=configuration,
                persist_config=False,
                temp_file_path=folder,
            )
    except _loader_errors() as error:
        raise _refused(place, error) from None
    return configuration, loader


def _loader_errors() -> tuple[type[Exception], ...]:
    """What the loader and its plug-ins raise on a kubeconfig they cannot use."""
    from kubernetes_asyncio.config import ConfigException

    mistakes = (AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
    return (ConfigException, *NETWORK_ERRORS, yaml.YAMLError, *mistakes)


def _authorize(configuration: Any, loader: Any, clock: Clock, place: str) -> Authorize | None:
    """The Authorization header; asked for again, now and then, where it can expire."""
    user = loader._user
    can_expire = loader.provider in _LEGACY_PROVIDERS or (user is not None and "exec" in user)
    value: str | None = configuration.api_key.get("BearerToken")
    if value is None:
        return None
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


def _in_cluster_endpoint(clock: Clock, user_agent: str) -> Endpoint:
    from kubernetes_asyncio.client import Configuration
    from kubernetes_asyncio.config import ConfigException, load_incluster_config

    configuration = type.__call__(Configuration)
    try:
        load_incluster_config(client_configuration=configuration)
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
        tls=tls_context(ca_file=configuration.ssl_ca_cert),
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


def _forget_temporary_files(folder: str) -> None:
    """The loader remembers files by their content and would hand out names of files now gone."""
    from kubernetes_asyncio.config import kube_config

    known = kube_config._temp_files
    for content in [key for key, name in known.items() if name.startswith(folder)]:
        del known[content]


def _told(paths: list[Path]) -> str:
    return ", ".join(repr(str(path)) for path in paths)
