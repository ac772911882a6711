"""An API that another component serves behind the API server: KubeVirt's subresources.

Invariant: the API server only passes on: what is answered, and which calls follow, is the
component's. Where none is registered the API is unavailable, as a real one without virt-api.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from virtslo.base.errors import ServerFailure
from virtslo.model.kubernetes.resources import SUBRESOURCE_GROUP
from virtslo.model.kubernetes.subresource_calls import SubresourceAnswer, SubresourceCall

GROUP: Final = SUBRESOURCE_GROUP
VERSIONS: Final = ("v1", "v1alpha3")
ACTIONS: Final[Mapping[str, Mapping[str, str]]] = {
    "virtualmachines": {
        "start": "PUT",
        "stop": "PUT",
        "restart": "PUT",
        "migrate": "PUT",
        "expand-spec": "GET",
    },
    "virtualmachineinstances": {
        "pause": "PUT",
        "unpause": "PUT",
        "softreboot": "PUT",
        "reset": "PUT",
        "guestosinfo": "GET",
        "userlist": "GET",
        "filesystemlist": "GET",
    },
}
"""What is served of each kind, and by which method."""
VERSION: Final = "version"
_VERBS: Final = {"GET": "get", "PUT": "update"}
_PATH: Final = re.compile(
    rf"/apis/{re.escape(GROUP)}/(?:{'|'.join(VERSIONS)})/"
    rf"(?:{VERSION}|namespaces/([^/]+)/([a-z]+)/([^/]+)/([a-z-]+))"
)

Answer = Callable[[SubresourceCall], Awaitable[SubresourceAnswer]]
"""Raises ApiError."""


class Aggregation:
    """Passes requests on to the component that serves them."""

    def __init__(self) -> None:
        self._answer: Answer | None = None

    def register(self, answer: Answer) -> None:
        """Who serves KubeVirt's subresources from now on."""
        self._answer = answer

    async def answer(self, call: SubresourceCall) -> SubresourceAnswer:
        """What the component answers. Raises ApiError."""
        if self._answer is None:
            raise ServerFailure(
                "the server is currently unable to handle the request",
                code=503,
                reason="ServiceUnavailable",
            )
        return await self._answer(call)


def call_of(method: str, path: str) -> SubresourceCall | None:
    """The call that a request is, without its body; None if it is none that is served."""
    match = _PATH.fullmatch(path)
    if match is None:
        return None
    if match[2] is None:
        return SubresourceCall(method, VERSION) if method == "GET" else None
    namespace, plural, name, action = match.groups()
    if ACTIONS.get(plural, {}).get(action) != method:
        return None
    return SubresourceCall(method, action, plural, namespace, name)


def is_aggregated(path: str) -> bool:
    """Whether a path is of the group that a component serves."""
    return path.startswith(f"/apis/{GROUP}/")


def reference_of(call: SubresourceCall, path: str) -> tuple[str, Mapping[str, str]]:
    """Verb and `objectRef` of a call, as the audit log names them; none of the API itself."""
    if not call.plural:
        return _VERBS[call.method], {}
    return _VERBS[call.method], {
        "resource": call.plural,
        "namespace": call.namespace,
        "name": call.name,
        "apiGroup": GROUP,
        "apiVersion": path.split("/")[3],
        "subresource": call.action,
    }


def group_document() -> Mapping[str, Any]:
    """The group, as discovery lists it."""
    versions = [{"groupVersion": f"{GROUP}/{each}", "version": each} for each in VERSIONS]
    return {"name": GROUP, "versions": versions, "preferredVersion": versions[0]}


def resource_documents() -> dict[str, Mapping[str, Any]]:
    """The discovery paths of the group, and the document of each."""
    listed = [
        {
            "name": f"{plural}/{action}",
            "singularName": "",
            "namespaced": True,
            "kind": "",
            "verbs": [],
        }
        for plural, actions in ACTIONS.items()
        for action in actions
    ]
    group = {"kind": "APIGroup", "apiVersion": "v1", **group_document()}
    documents: dict[str, Mapping[str, Any]] = {f"/apis/{GROUP}": group}
    for version in VERSIONS:
        documents[f"/apis/{GROUP}/{version}"] = {
            "kind": "APIResourceList",
            "apiVersion": "v1",
            "groupVersion": f"{GROUP}/{version}",
            "resources": listed,
        }
    return documents
