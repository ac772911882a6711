"""An API that another component serves behind the API server: KubeVirt's subresources.

Invariant: the API server only passes on: what is answered, and which calls follow, is the
component's. Where none is registered the API is unavailable, as a real one without virt-api.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from virtslo.base.errors import ServerFailure

GROUP: Final = "subresources.kubevirt.io"
VERSIONS: Final = ("v1", "v1alpha3")
ACTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "virtualmachines": ("start", "stop", "restart"),
    "virtualmachineinstances": ("pause", "unpause"),
}
_PATH: Final = re.compile(
    rf"/apis/{re.escape(GROUP)}/({'|'.join(VERSIONS)})/namespaces/([^/]+)/([a-z]+)/([^/]+)/([a-z]+)"
)

Answer = Callable[[str, str, str, str, Any], Awaitable[None]]
"""Called with plural, namespace, name, action and options. Raises ApiError."""


class Aggregation:
    """Passes requests on to the component that serves them."""

    def __init__(self) -> None:
        self._answer: Answer | None = None

    def register(self, answer: Answer) -> None:
        """Who serves KubeVirt's subresources from now on."""
        self._answer = answer

    async def put(self, path: str, options: Any) -> bool:
        """Carry a PUT out; whether the path is one of these. Raises ApiError."""
        match = _PATH.fullmatch(path)
        if match is None or match[5] not in ACTIONS.get(match[3], ()):
            return False
        if self._answer is None:
            raise ServerFailure(
                "the server is currently unable to handle the request",
                code=503,
                reason="ServiceUnavailable",
            )
        await self._answer(match[3], match[2], match[4], match[5], options)
        return True


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
