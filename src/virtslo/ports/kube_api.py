"""The Kubernetes API as nine calls.

Invariant: one call is one HTTP exchange. No implementation retries, relists or caches. Every
failure is a `virtslo.base.errors.ClusterError`. Objects given and returned are immutable by
contract and may be shared: whoever changes one makes a new one.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

from virtslo.model.identifiers import Object
from virtslo.model.resources import Resource


class PatchType(StrEnum):
    """The media type of a patch."""

    JSON = "application/json-patch+json"
    MERGE = "application/merge-patch+json"
    STRATEGIC = "application/strategic-merge-patch+json"
    APPLY = "application/apply-patch+yaml"


class WatchEvent(NamedTuple):
    """One event of a watch; `received_ns` is the client's clock at receipt.

    `type` is ADDED, MODIFIED, DELETED or BOOKMARK. An ERROR event is raised as the ApiError it
    carries (410 as `ResourceExpired`).
    """

    type: str
    object: Object
    received_ns: int


@dataclass(frozen=True, slots=True)
class ObjectList:
    """A page of a collection, and the resource version it is consistent at."""

    items: tuple[Object, ...]
    resource_version: str
    continue_token: str | None = None
    remaining: int | None = None


@dataclass(frozen=True, slots=True)
class Selection:
    """Which objects of a collection: by namespace, labels, fields."""

    namespace: str | None = None
    label_selector: str | None = None
    field_selector: str | None = None


EVERYTHING = Selection()


class KubeApi(Protocol):
    """A connection to one API server as one user."""

    async def create(
        self,
        resource: Resource,
        body: Object,
        *,
        namespace: str | None = None,
        name: str | None = None,
        subresource: str | None = None,
        dry_run: bool = False,
    ) -> Object:
        """POST to the collection, or to a subresource of `name` (a pod's binding)."""
        ...

    async def get(
        self,
        resource: Resource,
        name: str,
        *,
        namespace: str | None = None,
        subresource: str | None = None,
    ) -> Object:
        """GET one object."""
        ...

    async def update(
        self,
        resource: Resource,
        body: Object,
        *,
        subresource: str | None = None,
    ) -> Object:
        """PUT one object, named by its own metadata; `metadata.resourceVersion` is checked."""
        ...

    async def patch(
        self,
        resource: Resource,
        name: str,
        patch: Any,
        *,
        patch_type: PatchType,
        namespace: str | None = None,
        subresource: str | None = None,
    ) -> Object:
        """PATCH one object with a document of `patch_type`."""
        ...

    async def delete(
        self,
        resource: Resource,
        name: str,
        *,
        namespace: str | None = None,
        grace_period_seconds: int | None = None,
        propagation: str | None = None,
        uid: str | None = None,
    ) -> Object:
        """DELETE one object; `propagation` is Background, Foreground or Orphan."""
        ...

    async def delete_objects(
        self,
        resource: Resource,
        selection: Selection,
        *,
        grace_period_seconds: int | None = None,
        propagation: str | None = None,
    ) -> None:
        """DELETE a collection, or the part of it that is selected (DELETECOLLECTION)."""
        ...

    async def list_objects(
        self,
        resource: Resource,
        selection: Selection = EVERYTHING,
        *,
        limit: int | None = None,
        continue_token: str | None = None,
        resource_version: str | None = None,
        resource_version_match: str | None = None,
    ) -> ObjectList:
        """GET one page of a collection."""
        ...

    def watch(
        self,
        resource: Resource,
        selection: Selection = EVERYTHING,
        *,
        resource_version: str | None = None,
        timeout_seconds: int | None = None,
        bookmarks: bool = True,
        send_initial_events: bool = False,
    ) -> AbstractAsyncContextManager[AsyncIterator[WatchEvent]]:
        """Open a watch; the request is sent on entry, and the iterator ends when the server ends.

        Raises ResourceExpired (on entry or while iterating) when events since `resource_version`
        are no longer known.
        """
        ...

    async def read_raw(self, path: str, *, query: Mapping[str, str] | None = None) -> bytes:
        """GET any path: `/metrics`, `/version`, discovery, proxies."""
        ...
