"""A connection on which every REST call is counted and timed, and may be throttled.

Invariant: it wraps a port and is one: one call in is one call out. What is counted is what was
answered, failures too, by verb, resource, subresource and code; time spent in the client's own
token bucket is kept apart.
"""

from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final, TypeVar

from virtslo.base.clock import Clock
from virtslo.base.errors import ApiError, ClusterError
from virtslo.client.token_bucket import TokenBucket
from virtslo.model.identifiers import Object
from virtslo.model.resources import Resource
from virtslo.ports.kube_api import (
    EVERYTHING,
    KubeApi,
    ObjectList,
    PatchType,
    Selection,
    WatchEvent,
)

T = TypeVar("T")
Row = tuple[str, str, str, str]
"""(verb, resource, subresource, code); verbs as KubeVirt's client metric spells them."""

NO_ANSWER: Final = "<error>"
"""The code of a call that got no answer, as client-go's metrics spell it."""


class AccountedApi:
    """A port whose calls are counted, timed and, with a bucket, throttled."""

    def __init__(self, api: KubeApi, clock: Clock, *, bucket: TokenBucket | None = None) -> None:
        self._api = api
        self._clock = clock
        self.bucket = bucket
        self.requests: dict[Row, int] = {}
        self.answered_ns: dict[str, int] = {}
        self.waited_ns: dict[str, int] = {}
        self.calls = 0

    def calls_by_verb_and_resource(self) -> dict[str, int]:
        """Calls by `VERB resource`, whatever became of them."""
        sums: dict[str, int] = {}
        for (verb, resource, _, _), count in sorted(self.requests.items()):
            key = f"{verb} {resource}"
            sums[key] = sums.get(key, 0) + count
        return sums

    def calls_by_verb(self) -> dict[str, int]:
        """Calls by verb."""
        sums: dict[str, int] = {}
        for (verb, _, _, _), count in sorted(self.requests.items()):
            sums[verb] = sums.get(verb, 0) + count
        return sums

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
        """POST, counted."""
        call = self._api.create(
            resource,
            body,
            namespace=namespace,
            name=name,
            subresource=subresource,
            dry_run=dry_run,
        )
        return await self._counted("CREATE", resource.plural, subresource, "201", call)

    async def get(
        self,
        resource: Resource,
        name: str,
        *,
        namespace: str | None = None,
        subresource: str | None = None,
    ) -> Object:
        """GET, counted."""
        call = self._api.get(resource, name, namespace=namespace, subresource=subresource)
        return await self._counted("GET", resource.plural, subresource, "200", call)

    async def update(
        self, resource: Resource, body: Object, *, subresource: str | None = None
    ) -> Object:
        """PUT, counted."""
        call = self._api.update(resource, body, subresource=subresource)
        return await self._counted("UPDATE", resource.plural, subresource, "200", call)

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
        """PATCH, counted."""
        call = self._api.patch(
            resource,
            name,
            patch,
            patch_type=patch_type,
            namespace=namespace,
            subresource=subresource,
        )
        return await self._counted("PATCH", resource.plural, subresource, "200", call)

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
        """DELETE, counted."""
        call = self._api.delete(
            resource,
            name,
            namespace=namespace,
            grace_period_seconds=grace_period_seconds,
            propagation=propagation,
            uid=uid,
        )
        return await self._counted("DELETE", resource.plural, None, "200", call)

    async def delete_objects(
        self,
        resource: Resource,
        selection: Selection,
        *,
        grace_period_seconds: int | None = None,
        propagation: str | None = None,
    ) -> None:
        """DELETECOLLECTION, counted as DELETE, as KubeVirt's metric does."""
        call = self._api.delete_objects(
            resource,
            selection,
            grace_period_seconds=grace_period_seconds,
            propagation=propagation,
        )
        await self._counted("DELETE", resource.plural, None, "200", call)

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
        """LIST, counted."""
        call = self._api.list_objects(
            resource,
            selection,
            limit=limit,
            continue_token=continue_token,
            resource_version=resource_version,
            resource_version_match=resource_version_match,
        )
        return await self._counted("LIST", resource.plural, None, "200", call)

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
        """WATCH, counted once, when it is answered."""
        opening = self._api.watch(
            resource,
            selection,
            resource_version=resource_version,
            timeout_seconds=timeout_seconds,
            bookmarks=bookmarks,
            send_initial_events=send_initial_events,
        )
        events = await self._counted("WATCH", resource.plural, None, "200", opening.__aenter__())
        try:
            yield events
        finally:
            await opening.__aexit__(None, None, None)

    async def read_raw(self, path: str, *, query: Mapping[str, str] | None = None) -> bytes:
        """GET of a path, counted under its last part (`pods/proxy` for a pod's metrics)."""
        parts = path.strip("/").split("/")
        is_proxy = "proxy" in parts
        resource = "pods" if is_proxy else parts[-1]
        call = self._api.read_raw(path, query=query)
        return await self._counted("GET", resource, "proxy" if is_proxy else None, "200", call)

    async def _counted(
        self, verb: str, plural: str, subresource: str | None, code: str, call: Awaitable[T]
    ) -> T:
        if self.bucket is not None:
            waited_ns = await self.bucket.acquire()
            self.waited_ns[verb] = self.waited_ns.get(verb, 0) + waited_ns
        started_ns = self._clock.now_ns()
        try:
            answer = await call
        except ApiError as error:
            code = str(error.code)
            raise
        except ClusterError:
            code = NO_ANSWER
            raise
        except BaseException:
            code = ""
            raise
        finally:
            if code:
                key = (verb, plural, subresource or "", code)
                self.requests[key] = self.requests.get(key, 0) + 1
                self.calls += 1
                spent_ns = self._clock.now_ns() - started_ns
                self.answered_ns[verb] = self.answered_ns.get(verb, 0) + spent_ns
        return answer
