"""A transport for tests: it answers calls by a script, and keeps every call it was given.

A call for which there is no script goes to the transport behind it; where there is none either, the
test fails.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from virtslo.base.clock import Clock, to_nanoseconds
from virtslo.base.errors import AlreadyExists, NotFound
from virtslo.model.identifiers import Object
from virtslo.ports.kube_api import Call, PatchType, Transport, WatchEvent

Answer = Callable[[Call], Awaitable[Object | None]]
"""A call's answer; None leaves the call to the transport behind."""
Events = Callable[[Call], Awaitable[AsyncIterator[WatchEvent]]]
RawAnswer = Callable[[str], Awaitable[bytes]]


class ScriptedTransport:
    """Answers by scripts, one for calls, one for watches, one for raw paths."""

    def __init__(
        self,
        answer: Answer | None = None,
        *,
        events: Events | None = None,
        raw: RawAnswer | None = None,
        behind: Transport | None = None,
    ) -> None:
        self._answer = answer
        self._events = events
        self._raw = raw
        self._behind = behind
        self.calls: list[Call] = []
        """Calls and watches, in the order of arrival."""
        self.paths: list[str] = []
        """Raw paths, in the order of arrival."""
        self.in_flight = 0
        self.most_in_flight = 0

    async def send(self, call: Call) -> Object:
        self.calls.append(call)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            answer = None if self._answer is None else await self._answer(call)
        finally:
            self.in_flight -= 1
        if answer is not None:
            return answer
        assert self._behind is not None, f"not in the script: {call}"
        return await self._behind.send(call)

    @asynccontextmanager
    async def open_watch(self, call: Call) -> AsyncIterator[AsyncIterator[WatchEvent]]:
        self.calls.append(call)
        if self._events is not None:
            yield await self._events(call)
            return
        assert self._behind is not None, f"not in the script: {call}"
        async with self._behind.open_watch(call) as events:
            yield events

    async def read_raw(self, path: str, query: Mapping[str, str]) -> bytes:
        self.paths.append(path)
        if self._raw is not None:
            return await self._raw(path)
        assert self._behind is not None, f"not in the script: {path}"
        return await self._behind.read_raw(path, query)


def list_object(*items: Object, version: str = "1") -> Object:
    """A list, as an API server answers it."""
    return {"metadata": {"resourceVersion": version}, "items": list(items)}


class StoredObjects:
    """A script: objects that are created, scaled, read and deleted, late and with failures.

    Names are unique, deleting what is not there is 404, and nothing else is implemented.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        latency: float = 0.0,
        failure: Callable[[Call], Exception | None] | None = None,
    ) -> None:
        self._clock = clock
        self._latency_ns = to_nanoseconds(latency)
        self._failure = failure
        self.objects: dict[tuple[str, str | None, str], dict[str, Any]] = {}

    async def answer(self, call: Call) -> Object:
        """Answer a call. Raises what `failure` returns for it."""
        if self._latency_ns:
            await self._clock.sleep_until(self._clock.now_ns() + self._latency_ns)
        error = self._failure(call) if self._failure else None
        if error is not None:
            raise error
        if call.verb == "create":
            return self._create(call)
        key = (call.resource.plural, call.namespace, call.name or "")
        if key not in self.objects:
            raise NotFound(f"{call.resource.plural} {call.name} is not there")
        if call.verb == "delete":
            return self.objects.pop(key)
        if call.verb == "patch":
            assert call.subresource == "scale"
            assert call.patch_type is PatchType.MERGE
            found = self.objects[key]
            self.objects[key] = {**found, "spec": {**found["spec"], **call.body["spec"]}}
        else:
            assert call.verb == "get"
        return self.objects[key]

    def _create(self, call: Call) -> Object:
        metadata = call.body["metadata"]
        key = (call.resource.plural, call.namespace, metadata["name"])
        if key in self.objects:
            raise AlreadyExists(f"{call.resource.plural} {metadata['name']} exists")
        self.objects[key] = {
            **call.body,
            "metadata": {**metadata, "uid": f"uid-{metadata['name']}"},
        }
        return self.objects[key]
