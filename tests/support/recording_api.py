"""An API server for tests of the load: it keeps objects, answers late, and fails when told to.

It is honest about what it implements: names are unique, deleting what is not there is 404, and
only create, delete and the scale subresource exist.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any

from virtslo.base.clock import Clock, to_nanoseconds
from virtslo.base.errors import AlreadyExists, NotFound
from virtslo.model.identifiers import Object
from virtslo.model.resources import Resource
from virtslo.ports.kube_api import EVERYTHING, ObjectList, PatchType, Selection, WatchEvent

Failure = Callable[[str, str], Exception | None]
"""Given verb and name, the error to answer with, if any."""


class RecordingApi:
    """Objects by kind, namespace and name, and every call with its time."""

    def __init__(
        self, clock: Clock, *, latency: float = 0.0, failure: Failure | None = None
    ) -> None:
        self._clock = clock
        self._latency_ns = to_nanoseconds(latency)
        self._failure = failure
        self.objects: dict[tuple[str, str | None, str], dict[str, Any]] = {}
        self.calls: list[tuple[int, str, str]] = []
        """(time, verb, name), in the order of arrival."""
        self.in_flight = 0
        self.most_in_flight = 0

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
        own_name = str(body["metadata"]["name"])
        await self._arrive("create", own_name)
        key = (resource.plural, namespace, own_name)
        if key in self.objects:
            raise AlreadyExists(f"{resource.plural} {own_name} exists")
        self.objects[key] = {
            **body,
            "metadata": {**body["metadata"], "uid": f"uid-{own_name}"},
        }
        return self.objects[key]

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
        await self._arrive("delete", name)
        return self.objects.pop(self._existing(resource, namespace, name))

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
        assert subresource == "scale"
        assert patch_type is PatchType.MERGE
        await self._arrive("scale", name)
        key = self._existing(resource, namespace, name)
        found = self.objects[key]
        self.objects[key] = {**found, "spec": {**found["spec"], **patch["spec"]}}
        return self.objects[key]

    async def get(
        self,
        resource: Resource,
        name: str,
        *,
        namespace: str | None = None,
        subresource: str | None = None,
    ) -> Object:
        return self.objects[self._existing(resource, namespace, name)]

    async def update(
        self, resource: Resource, body: Object, *, subresource: str | None = None
    ) -> Object:
        raise AssertionError("the load never updates")

    async def delete_objects(
        self,
        resource: Resource,
        selection: Selection,
        *,
        grace_period_seconds: int | None = None,
        propagation: str | None = None,
    ) -> None:
        raise AssertionError("the load never deletes collections")

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
        raise AssertionError("the load never lists")

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
        raise AssertionError("the load never watches")

    async def read_raw(self, path: str, *, query: Mapping[str, str] | None = None) -> bytes:
        raise AssertionError("the load never reads raw paths")

    async def _arrive(self, verb: str, name: str) -> None:
        self.calls.append((self._clock.now_ns(), verb, name))
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            if self._latency_ns:
                await self._clock.sleep_until(self._clock.now_ns() + self._latency_ns)
        finally:
            self.in_flight -= 1
        error = self._failure(verb, name) if self._failure else None
        if error is not None:
            raise error

    def _existing(
        self, resource: Resource, namespace: str | None, name: str
    ) -> tuple[str, str | None, str]:
        key = (resource.plural, namespace, name)
        if key not in self.objects:
            raise NotFound(f"{resource.plural} {name} is not there")
        return key
