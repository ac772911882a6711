"""Paths of the API server that are no objects: version, health, documents, and what pods serve.

Invariant: what is asked of a pod goes to the very pod, port and path that were named.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Final

from virtslo.base.errors import PathNotFound, ServerFailure
from virtslo.model.kubernetes import resources
from virtslo.model.kubernetes.identity import Identity
from virtslo.sim.api.requests import Request
from virtslo.sim.health import health_text

_PROXY: Final = re.compile(
    r"/api/v1/namespaces/([^/]+)/pods/(https?:)?([^/:]+)(?::([0-9]{1,5}))?/proxy(/.*)?"
)
_DEFAULT_PORT: Final = 80

ProxyRead = Callable[[str], bytes]


class RawPaths:
    """What is answered at fixed paths, and by pods."""

    def __init__(self) -> None:
        self.routes: dict[str, Callable[[], bytes]] = {}
        self.proxies: dict[tuple[str, str, int], ProxyRead] = {}

    def read(self, path: str, query: Mapping[str, str]) -> bytes:
        """What is answered at a path. Raises NotFound."""
        route = self.routes.get(path)
        if route is not None:
            return route()
        health = health_text(path, query)
        if health is None:
            raise PathNotFound
        return health

    def read_pod(self, request: Request) -> bytes:
        """What the pod of a proxy request serves. Raises ServerFailure if it does not listen."""
        pod, port = pod_and_port(request)
        read = self.proxies.get((request.namespace or "", pod, port))
        if read is None:
            raise ServerFailure(
                f"error trying to reach service: connection refused ({pod}:{port})",
                code=503,
                reason="ServiceUnavailable",
            )
        return read(request.tail)


def proxy_request(path: str, query: Mapping[str, str], user: Identity) -> Request | None:
    """The request to a pod that a path is; None if it is none."""
    match = _PROXY.fullmatch(path)
    if match is None:
        return None
    return Request(
        "get",
        resources.PODS,
        user=user,
        namespace=match[1],
        name=f"{match[2] or ''}{match[3]}{':' + match[4] if match[4] else ''}",
        subresource="proxy",
        query=query,
        tail=match[5] or "/",
    )


def pod_and_port(request: Request) -> tuple[str, int]:
    """The pod that a proxy request means, and its port."""
    target = (request.name or "").removeprefix("https:").removeprefix("http:")
    pod, _, port = target.partition(":")
    return pod, int(port or _DEFAULT_PORT)


def version_document(kubernetes_version: str) -> bytes:
    """What `/version` answers."""
    major, minor = kubernetes_version.lstrip("v").split(".")[:2]
    document = {
        "major": major,
        "minor": minor,
        "gitVersion": kubernetes_version,
        "gitCommit": "simulated",
        "gitTreeState": "clean",
        "buildDate": "2026-01-01T00:00:00Z",
        "goVersion": "none",
        "compiler": "none",
        "platform": "simulated",
    }
    return json.dumps(document).encode()
