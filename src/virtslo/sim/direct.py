"""The API port in process, straight to the simulated API server.

Invariant: it makes the same `Request` as the HTTP front would, so nothing behaves differently here;
objects are handed over without being copied.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from virtslo.model.identifiers import Object
from virtslo.model.identity import Identity
from virtslo.model.resources import Resource
from virtslo.ports.kube_api import EVERYTHING, ObjectList, PatchType, Selection, WatchEvent
from virtslo.sim.api.requests import Request
from virtslo.sim.api_server import ApiServer

_DRY = {"dryRun": "All"}
_NOTHING: Mapping[str, str] = {}
_FORCED = {"fieldManager": "virtslo", "force": "true"}
"""What the port's apply means: its caller owns what it names, whoever did before."""


class DirectApi:
    """One user's connection to a simulated API server in this process."""

    def __init__(self, server: ApiServer, user: Identity) -> None:
        self._server = server
        self._user = user

    @property
    def server(self) -> ApiServer:
        """The server on the other end."""
        return self._server

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
        """POST to the collection, or to a subresource of `name`."""
        if namespace is None and resource.namespaced:
            namespace = body["metadata"].get("namespace")
        request = Request(
            "create",
            resource,
            self._user,
            namespace=namespace,
            name=name,
            subresource=subresource,
            body=body,
            query=_DRY if dry_run else _NOTHING,
        )
        return (await self._server.handle(request)).body

    async def get(
        self,
        resource: Resource,
        name: str,
        *,
        namespace: str | None = None,
        subresource: str | None = None,
    ) -> Object:
        """GET one object."""
        request = Request(
            "get", resource, self._user, namespace=namespace, name=name, subresource=subresource
        )
        return (await self._server.handle(request)).body

    async def update(
        self, resource: Resource, body: Object, *, subresource: str | None = None
    ) -> Object:
        """PUT one object, named by its own metadata."""
        metadata = body["metadata"]
        request = Request(
            "update",
            resource,
            self._user,
            namespace=metadata.get("namespace"),
            name=metadata["name"],
            subresource=subresource,
            body=body,
        )
        return (await self._server.handle(request)).body

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
        """PATCH one object."""
        request = Request(
            "patch",
            resource,
            self._user,
            namespace=namespace,
            name=name,
            subresource=subresource,
            body=patch,
            patch_type=patch_type,
            query=_FORCED if patch_type is PatchType.APPLY else _NOTHING,
        )
        return (await self._server.handle(request)).body

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
        """DELETE one object."""
        request = Request(
            "delete",
            resource,
            self._user,
            namespace=namespace,
            name=name,
            body=delete_options(grace_period_seconds, propagation, uid),
        )
        return (await self._server.handle(request)).body

    async def delete_objects(
        self,
        resource: Resource,
        selection: Selection,
        *,
        grace_period_seconds: int | None = None,
        propagation: str | None = None,
    ) -> None:
        """DELETE what is selected of a collection."""
        request = Request(
            "deletecollection",
            resource,
            self._user,
            namespace=selection.namespace,
            selection=selection,
            body=delete_options(grace_period_seconds, propagation, None),
        )
        await self._server.handle(request)

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
        query = {
            "limit": str(limit) if limit else None,
            "continue": continue_token,
            "resourceVersion": resource_version,
            "resourceVersionMatch": resource_version_match,
        }
        request = Request(
            "list",
            resource,
            self._user,
            namespace=selection.namespace,
            selection=selection,
            query={key: value for key, value in query.items() if value},
        )
        body = (await self._server.handle(request)).body
        metadata = body["metadata"]
        return ObjectList(
            tuple(body["items"]),
            metadata["resourceVersion"],
            metadata.get("continue"),
            metadata.get("remainingItemCount"),
        )

    @asynccontextmanager
    async def watch(
        self,
        resource: Resource,
        selection: Selection = EVERYTHING,
        *,
        resource_version: str | None = None,
        timeout_seconds: int | None = None,
        bookmarks: bool = True,
        send_initial_events: bool = False,
    ) -> AsyncIterator[AsyncIterator[WatchEvent]]:
        """Open a watch for as long as the context is open."""
        query: dict[str, str] = {"allowWatchBookmarks": "true"} if bookmarks else {}
        if resource_version:
            query["resourceVersion"] = resource_version
        if timeout_seconds:
            query["timeoutSeconds"] = str(timeout_seconds)
        if send_initial_events:
            query["sendInitialEvents"] = "true"
            query["resourceVersionMatch"] = "NotOlderThan"
        request = Request(
            "watch",
            resource,
            self._user,
            namespace=selection.namespace,
            selection=selection,
            query=query,
        )
        watcher = await self._server.open_watch(request)
        try:
            yield watcher
        finally:
            self._server.close_watch(watcher)

    async def read_raw(self, path: str, *, query: Mapping[str, str] | None = None) -> bytes:
        """GET any path."""
        return await self._server.read_raw(path, query or {}, self._user)


def delete_options(
    grace_period_seconds: int | None, propagation: str | None, uid: str | None
) -> Object:
    """DeleteOptions, with what is given."""
    options: dict[str, Any] = {}
    if grace_period_seconds is not None:
        options["gracePeriodSeconds"] = grace_period_seconds
    if propagation is not None:
        options["propagationPolicy"] = propagation
    if uid is not None:
        options["preconditions"] = {"uid": uid}
    return options
