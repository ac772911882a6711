"""The Kubernetes API as nine typed calls, over a transport that carries any of them.

Invariant: one call is one HTTP exchange. No transport retries, relists or caches. Every failure is
a `virtslo.base.errors.ClusterError`. What a call's parameters mean on the wire is written once, in
`KubeApi`: a transport neither adds nor interprets any. Objects given and returned are immutable by
contract and may be shared: a change makes a new one.
"""

from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Protocol, runtime_checkable

import msgspec

from virtslo.base.errors import BadRequest, ClusterError
from virtslo.base.plain_text import shown_text
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes.resources import Resource


class PatchType(StrEnum):
    """The media type of a patch."""

    JSON = "application/json-patch+json"
    MERGE = "application/merge-patch+json"
    STRATEGIC = "application/strategic-merge-patch+json"
    APPLY = "application/apply-patch+yaml"


class WatchEvent(msgspec.Struct, frozen=True):
    """One event of a watch; `received_ns` is the client's clock at receipt.

    `type` is ADDED, MODIFIED, DELETED or BOOKMARK. An ERROR event is raised as the ApiError it
    carries (410 as `ResourceExpired`).
    """

    type: str
    object: Object
    received_ns: int


@runtime_checkable
class DeliversEvents(Protocol):
    """The events of a watch that can be handed over as well as iterated over.

    A transport in process offers this: a task need not be woken for every event.
    """

    async def deliver(self, take: Callable[[WatchEvent], None]) -> None:
        """Call `take` with every event until the server ends the watch.

        Raises what an iteration would raise, and what `take` raises.
        """
        ...


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


EVERYTHING: Final = Selection()
FIELD_MANAGER: Final = "virtslo"
_NO_FIELDS: Final[Object] = {}
_NO_QUERY: Final[Mapping[str, str]] = {}
_DRY_RUN: Final[Mapping[str, str]] = {"dryRun": "All"}
_APPLY: Final = PatchType.APPLY
"""A name of its own: to find a member in its enumeration takes as long as a call."""
_FORCED: Final[Mapping[str, str]] = {"fieldManager": FIELD_MANAGER, "force": "true"}
"""An apply patch takes its fields over from any other manager."""


class Call(msgspec.Struct, frozen=True):
    """One REST call, complete.

    `verb` is Kubernetes' own: create get update patch delete deletecollection list watch. A struct,
    because every call makes one: a frozen dataclass takes ten times as long to make.
    """

    verb: str
    resource: Resource
    namespace: str | None = None
    name: str | None = None
    subresource: str | None = None
    body: Any = None
    patch_type: PatchType | None = None
    selection: Selection = EVERYTHING
    query: Mapping[str, str] = msgspec.field(default_factory=dict)
    """Every query parameter but selectors and `watch`, in wire spelling: limit, continue,
    resourceVersion, resourceVersionMatch, dryRun, fieldManager, fieldValidation, force,
    timeoutSeconds, allowWatchBookmarks, sendInitialEvents, gracePeriodSeconds,
    propagationPolicy."""
    facts_only: bool = False
    """Of a watch: whether its events' objects are read for no more than `ObjectFacts`; a transport
    may leave the rest of them out, and sends the same request."""


Answering = Coroutine[Any, Any, Object]
"""A call that is made when it is awaited; its answer."""


class Transport(Protocol):
    """Carries calls to one API server as one user."""

    async def send(self, call: Call) -> Object:
        """Make a call that is no watch; the object or list that is the answer, decoded."""
        ...

    def open_watch(self, call: Call) -> AbstractAsyncContextManager[AsyncIterator[WatchEvent]]:
        """Make a watch call on entry; the events until the server ends the watch."""
        ...

    async def read_raw(self, path: str, query: Mapping[str, str]) -> bytes:
        """GET any path; the body as it is."""
        ...


class KubeApi:
    """The typed calls to one API server as one user.

    A call of one object is the transport's own coroutine, with none around it.
    """

    def __init__(self, transport: Transport) -> None:
        self.transport = transport

    def create(
        self,
        resource: Resource,
        body: Object,
        *,
        namespace: str | None = None,
        name: str | None = None,
        subresource: str | None = None,
        dry_run: bool = False,
    ) -> Answering:
        """POST to the collection, or to a subresource of `name` (a pod's binding)."""
        if namespace is None and resource.namespaced:
            namespace = (body.get("metadata") or _NO_FIELDS).get("namespace")
        return self.transport.send(
            Call(
                "create",
                resource,
                namespace,
                name,
                subresource,
                body,
                query=_DRY_RUN if dry_run else _NO_QUERY,
            )
        )

    def get(
        self,
        resource: Resource,
        name: str,
        *,
        namespace: str | None = None,
        subresource: str | None = None,
    ) -> Answering:
        """GET one object."""
        return self.transport.send(Call("get", resource, namespace, name, subresource))

    def update(
        self, resource: Resource, body: Object, *, subresource: str | None = None
    ) -> Answering:
        """PUT one object, named by its own metadata; `metadata.resourceVersion` is checked.

        Raises BadRequest for a body without `metadata.name`.
        """
        metadata = body.get("metadata") or _NO_FIELDS
        if not metadata.get("name"):
            raise BadRequest(f"{resource.group_resource}: an update needs metadata.name")
        return self.transport.send(
            Call(
                "update",
                resource,
                metadata.get("namespace"),
                metadata["name"],
                subresource,
                body,
            )
        )

    def patch(
        self,
        resource: Resource,
        name: str,
        patch: Any,
        *,
        patch_type: PatchType,
        namespace: str | None = None,
        subresource: str | None = None,
    ) -> Answering:
        """PATCH one object with a document of `patch_type`; an apply is forced, and ours."""
        return self.transport.send(
            Call(
                "patch",
                resource,
                namespace,
                name,
                subresource,
                patch,
                patch_type,
                query=_FORCED if patch_type is _APPLY else _NO_QUERY,
            )
        )

    def delete(
        self,
        resource: Resource,
        name: str,
        *,
        namespace: str | None = None,
        grace_period_seconds: int | None = None,
        propagation: str | None = None,
        uid: str | None = None,
    ) -> Answering:
        """DELETE one object; `propagation` is Background, Foreground or Orphan."""
        options = _delete_options(grace_period_seconds, propagation, uid)
        return self.transport.send(Call("delete", resource, namespace, name, body=options))

    async def delete_objects(
        self,
        resource: Resource,
        selection: Selection,
        *,
        grace_period_seconds: int | None = None,
        propagation: str | None = None,
    ) -> None:
        """DELETE a collection, or the part of it that is selected (DELETECOLLECTION)."""
        await self.transport.send(
            Call(
                "deletecollection",
                resource,
                selection.namespace,
                body=_delete_options(grace_period_seconds, propagation, None),
                selection=selection,
            )
        )

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
        """GET one page of a collection. Raises ClusterError for an answer that is no list."""
        query: dict[str, str] = {}
        if limit is not None:
            query["limit"] = str(limit)
        if continue_token:
            query["continue"] = continue_token
        if resource_version is not None:
            query["resourceVersion"] = resource_version
        if resource_version_match:
            query["resourceVersionMatch"] = resource_version_match
        call = Call("list", resource, selection.namespace, selection=selection, query=query)
        return _page(await self.transport.send(call), resource)

    def watch(
        self,
        resource: Resource,
        selection: Selection = EVERYTHING,
        *,
        resource_version: str | None = None,
        timeout_seconds: int | None = None,
        bookmarks: bool = True,
        send_initial_events: bool = False,
        facts_only: bool = False,
    ) -> AbstractAsyncContextManager[AsyncIterator[WatchEvent]]:
        """Open a watch; the request is sent on entry, and the iterator ends when the server ends.

        With `facts_only`, an event's object may hold no more than `ObjectFacts`. Raises
        ResourceExpired (on entry or while iterating) when events since `resource_version` are no
        longer known.
        """
        query = {"allowWatchBookmarks": "true"} if bookmarks else {}
        if resource_version is not None:
            query["resourceVersion"] = resource_version
        if timeout_seconds is not None:
            query["timeoutSeconds"] = str(timeout_seconds)
        if send_initial_events:
            query["sendInitialEvents"] = "true"
            query["resourceVersionMatch"] = "NotOlderThan"
        return self.transport.open_watch(
            Call(
                "watch",
                resource,
                selection.namespace,
                selection=selection,
                query=query,
                facts_only=facts_only,
            )
        )

    async def read_raw(self, path: str, *, query: Mapping[str, str] | None = None) -> bytes:
        """GET any path: `/metrics`, `/version`, discovery, proxies."""
        return await self.transport.read_raw(path, query or _NO_QUERY)


def _delete_options(
    grace_period_seconds: int | None, propagation: str | None, uid: str | None
) -> Object | None:
    """DeleteOptions with what is given; None where nothing is."""
    options: dict[str, Any] = {}
    if grace_period_seconds is not None:
        options["gracePeriodSeconds"] = grace_period_seconds
    if propagation is not None:
        options["propagationPolicy"] = propagation
    if uid is not None:
        options["preconditions"] = {"uid": uid}
    return {"apiVersion": "v1", "kind": "DeleteOptions", **options} if options else None


def _page(answer: Object, resource: Resource) -> ObjectList:
    """A page of a collection from its list object.

    Every API server writes `items`; null, which Go writes for an empty slice, is an empty list.
    """
    if "items" not in answer:
        raise ClusterError(
            f"the list of {resource.plural}: expected an object with items, "
            f"found {shown_text(str(answer.get('kind', 'an object')))} without"
        )
    metadata = answer.get("metadata") or _NO_FIELDS
    return ObjectList(
        items=tuple(_with_kind(item, resource) for item in answer.get("items") or ()),
        resource_version=str(metadata.get("resourceVersion", "")),
        continue_token=metadata.get("continue") or None,
        remaining=metadata.get("remainingItemCount"),
    )


def _with_kind(item: Object, resource: Resource) -> Object:
    """An item with its apiVersion and kind, which lists of built-in kinds leave out."""
    if "kind" in item and "apiVersion" in item:
        return item
    return {"apiVersion": resource.api_version, "kind": resource.kind, **item}
