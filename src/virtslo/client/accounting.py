"""A connection on which every REST call is counted and timed, and may be throttled.

Invariant: it wraps a port and is one: one call in is one call out. What is counted is what was
answered, failures too, by verb, resource, subresource and code; time spent in the client's own
token bucket is kept apart.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from copy import copy
from typing import Any, Final, TypeVar

from virtslo.base.clock import Clock, to_seconds
from virtslo.base.errors import ApiError, ClusterError
from virtslo.client.histogram import Histogram, exponential_bounds
from virtslo.client.token_bucket import TokenBucket
from virtslo.model import resources
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

Path = tuple[str, str]
"""(HTTP method, path with its values left out, as client-go's metrics write URLs)."""

METHODS: Final = {
    "GET": "GET",
    "LIST": "GET",
    "WATCH": "GET",
    "CREATE": "POST",
    "UPDATE": "PUT",
    "PATCH": "PATCH",
    "DELETE": "DELETE",
}
_QUERIES: Final = {
    "LIST": "?limit=%7Bvalue%7D&resourceVersion=%7Bvalue%7D",
    "WATCH": "?allowWatchBookmarks=%7Bvalue%7D&resourceVersion=%7Bvalue%7D&watch=%7Bvalue%7D",
}

LATENCY_BOUNDS: Final = exponential_bounds(0.001, 2, 10)
"""Bucket bounds of KubeVirt's client metrics, seconds."""

OnAnswer = Callable[[str, str, str, int], None]
"""Called with verb, `resource` or `resource/subresource`, scope, and nanoseconds to the answer."""

NO_ANSWER: Final = "<error>"
"""The code of a call that got no answer, as client-go's metrics spell it."""


class AccountedApi:
    """A port whose calls are counted, timed and, with a bucket, throttled."""

    def __init__(self, api: KubeApi, clock: Clock, *, bucket: TokenBucket | None = None) -> None:
        self._api = api
        self._clock = clock
        self.bucket = bucket
        self.requests: dict[Row, int] = {}
        self.answered: dict[Path, Histogram] = {}
        """Seconds until an answer."""
        self.waited: dict[Path, Histogram] = {}
        """Seconds in the client's own token bucket."""
        self._paths: dict[tuple[str, str, str, bool], Path] = {}
        self.on_answer: OnAnswer | None = None
        """Told of every call that was answered, where somebody wants to know."""

    @property
    def calls(self) -> int:
        """Calls that were answered, and those that found nobody to answer."""
        return sum(self.requests.values())

    def with_bucket(self, bucket: TokenBucket) -> "AccountedApi":
        """The same connection behind another bucket; calls of both are counted together."""
        sibling = copy(self)
        sibling.bucket = bucket
        return sibling

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
        return await self._counted(
            "CREATE", resource, subresource, "201", call, named=name is not None
        )

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
        return await self._counted("GET", resource, subresource, "200", call, named=True)

    async def update(
        self, resource: Resource, body: Object, *, subresource: str | None = None
    ) -> Object:
        """PUT, counted."""
        call = self._api.update(resource, body, subresource=subresource)
        return await self._counted("UPDATE", resource, subresource, "200", call, named=True)

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
        return await self._counted("PATCH", resource, subresource, "200", call, named=True)

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
        return await self._counted("DELETE", resource, None, "200", call, named=True)

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
        await self._counted("DELETE", resource, None, "200", call, namespace=selection.namespace)

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
        return await self._counted(
            "LIST", resource, None, "200", call, namespace=selection.namespace
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
        """WATCH, counted once, when it is answered."""
        opening = self._api.watch(
            resource,
            selection,
            resource_version=resource_version,
            timeout_seconds=timeout_seconds,
            bookmarks=bookmarks,
            send_initial_events=send_initial_events,
        )
        events = await self._counted("WATCH", resource, None, "200", opening.__aenter__())
        try:
            yield events
        finally:
            await opening.__aexit__(None, None, None)

    async def read_raw(self, path: str, *, query: Mapping[str, str] | None = None) -> bytes:
        """GET of a path, counted under its last part (`pods/proxy` for a pod's metrics)."""
        parts = path.strip("/").split("/")
        is_proxy = "proxy" in parts
        resource = resources.PODS if is_proxy else Resource("", "", parts[-1], "")
        call = self._api.read_raw(path, query=query)
        return await self._counted("GET", resource, "proxy" if is_proxy else None, "200", call)

    async def _counted(
        self,
        verb: str,
        resource: Resource,
        subresource: str | None,
        code: str,
        call: Awaitable[T],
        *,
        named: bool = False,
        namespace: str | None = None,
    ) -> T:
        row = (verb, resource.plural, subresource or "", named)
        path = self._paths.get(row)
        if path is None:
            path = self._new_path(row, resource)
        if self.bucket is not None:
            self.waited[path].observe(to_seconds(await self._throttled(self.bucket, call)))
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
                key = (verb, resource.plural, subresource or "", code)
                self.requests[key] = self.requests.get(key, 0) + 1
                spent_ns = self._clock.now_ns() - started_ns
                self.answered[path].observe(to_seconds(spent_ns))
                if self.on_answer is not None and code != NO_ANSWER:
                    what = f"{resource.plural}/{subresource}" if subresource else resource.plural
                    scope = _scope(verb, named=named, namespace=namespace)
                    self.on_answer(verb, what, scope, spent_ns)
        return answer

    @staticmethod
    async def _throttled(bucket: TokenBucket, call: Awaitable[Any]) -> int:
        """Wait for a token, nanoseconds waited; a call that is given up meanwhile is never made."""
        try:
            return await bucket.acquire()
        except BaseException:
            if isinstance(call, Coroutine):
                call.close()
            raise

    def _new_path(self, row: tuple[str, str, str, bool], resource: Resource) -> Path:
        verb, _, subresource, named = row
        template = template_of(resource, subresource, named=named)
        path = (METHODS[verb], f"{template}{_QUERIES.get(verb, '')}")
        self._paths[row] = path
        self.answered.setdefault(path, Histogram(LATENCY_BOUNDS))
        self.waited.setdefault(path, Histogram(LATENCY_BOUNDS))
        return path


def _scope(verb: str, *, named: bool, namespace: str | None) -> str:
    """`resource`, `namespace` or `cluster`, as Kubernetes' SLIs tell them apart."""
    if named or verb == "CREATE":
        return "resource"
    return "namespace" if namespace else "cluster"


def template_of(resource: Resource, subresource: str, *, named: bool) -> str:
    """A path with its names left out, as client-go's metrics write it."""
    if not resource.version:
        return f"/{resource.plural}"
    parts = [resource.prefix]
    if resource.namespaced and named:
        parts.append("namespaces/%7Bnamespace%7D")
    parts.append(resource.plural)
    if named:
        parts.append("%7Bname%7D")
    if subresource:
        parts.append(subresource)
    return "/".join(parts)
