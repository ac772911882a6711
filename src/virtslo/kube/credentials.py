"""From a kubeconfig, or a pod's service account, to a connection.

Invariant: no message holds a secret, and no secret is written to a file.
"""

import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from virtslo.base.bounded_files import UnreadableFile, read_bounded
from virtslo.base.clock import Clock
from virtslo.base.errors import ClusterError
from virtslo.base.limits import CREDENTIAL_FILE
from virtslo.kube.connector import Authorize, Endpoint, ServerUrl, server_url, tls_context
from virtslo.kube.http_transport import HttpTransport, open_api
from virtslo.kube.identities import from_token_file, identity_of
from virtslo.kube.kubeconfig import Target, kubeconfig_paths, read_kubeconfig
from virtslo.kube.proxies import environment_proxy
from virtslo.ports.kube_api import KubeApi

NO_TLS_CHECK: Final = "insecure-skip-tls-verify"
SERVICE_ACCOUNT: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount")


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
        return f"the cluster this pod runs in, at {_service_url()}"
    target = _target(kubeconfig, context)
    return f"context {target.context!r} at {_server(target).url}"


def _target(kubeconfig: Path | None, context: str | None) -> Target:
    return read_kubeconfig(kubeconfig_paths(kubeconfig)).target(context)


def _server(target: Target) -> ServerUrl:
    return server_url(target.cluster.text("server"), f"{target.cluster.place}.server")


async def _endpoint(
    kubeconfig: Path | None, context: str | None, clock: Clock, user_agent: str
) -> Endpoint:
    target = _target(kubeconfig, context)
    cluster, server = target.cluster, _server(target)
    proxy = _usable_proxy(cluster.text("proxy-url") or environment_proxy(server.url), target.place)
    ca, verify = cluster.content("certificate-authority"), not cluster.flag(NO_TLS_CHECK)
    if ca is not None and not verify:
        found = "true beside a certificate authority"
        raise cluster.refusal(NO_TLS_CHECK, found, "one of the two")
    identity = await identity_of(target, clock)
    tls = None
    if server.url.startswith("https:"):
        tls = tls_context(
            ca=ca,
            certificate=identity.certificate,
            key=identity.key,
            verify=verify,
            place=target.place,
        )
    return Endpoint(
        url=server.url,
        user_agent=user_agent,
        tls=tls,
        server_name=cluster.text("tls-server-name") or None,
        proxy=proxy,
        authorize=_of_url(server) or identity.authorize,
        headers=identity.headers,
    )


def _of_url(server: ServerUrl) -> Authorize | None:
    """What an address says of its user; as in kubectl it wins over the user's section."""
    value = server.authorization
    if value is None:
        return None

    async def authorize() -> str | None:
        return value

    return authorize


def _usable_proxy(proxy: str | None, place: str) -> str | None:
    """The proxy, if it is one we can speak to; it may hold a password and is not shown."""
    if not proxy:
        return None
    if proxy.lower().startswith(("http://", "https://")):
        server_url(proxy, f"{place}: its proxy")
        return proxy
    raise ClusterError(
        f"{place}: its proxy is neither http:// nor https://",
        hint="look at proxy-url in the kubeconfig, and at HTTPS_PROXY",
    )


def _service_url() -> str:
    host = os.environ.get("KUBERNETES_SERVICE_HOST", "")
    port = os.environ.get("KUBERNETES_SERVICE_PORT", "")
    if not host or not port:
        raise _outside("no KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT")
    return server_url(f"https://{f'[{host}]' if ':' in host else host}:{port}", "the pod").url


def _in_cluster_endpoint(clock: Clock, user_agent: str) -> Endpoint:
    url, folder = _service_url(), SERVICE_ACCOUNT
    try:
        authority = read_bounded(folder / "ca.crt", CREDENTIAL_FILE)
        read_bounded(folder / "token", CREDENTIAL_FILE)
    except UnreadableFile as error:
        raise _outside(f"{str(error.path)!r}: {error.found}") from None
    place = "the pod's service account"
    return Endpoint(
        url=url,
        user_agent=user_agent,
        tls=tls_context(ca=authority, place=place),
        authorize=from_token_file(folder / "token", place, clock),
    )


def _outside(words: str) -> ClusterError:
    return ClusterError(
        f"in-cluster credentials cannot be used: {words}",
        hint="--in-cluster works within a pod that has a service account; elsewhere use "
        "--kubeconfig or --context",
    )
