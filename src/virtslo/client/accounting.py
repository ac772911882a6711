"""A transport on which every REST call is counted and timed, and may be throttled.

Invariant: it wraps a transport and is one: one call in is one call out. What is counted is what was
answered, failures too, by verb, resource, subresource and code; time spent in the client's own
token bucket is kept apart. Nothing else counts calls.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Final, TypeVar

from virtslo.base.clock import Clock, to_seconds
from virtslo.base.errors import ApiError, ClusterError
from virtslo.client.histogram import Histogram, exponential_bounds
from virtslo.client.token_bucket import TokenBucket
from virtslo.model import resources
from virtslo.model.identifiers import Object
from virtslo.model.resources import Resource
from virtslo.ports.kube_api import Call, Transport, WatchEvent

T = TypeVar("T")
Row = tuple[str, str, str, str]
"""(verb, resource, subresource, code); verbs as KubeVirt's client metric spells them."""

Kind = tuple[str, str, str, bool]
"""(verb, resource, subresource, whether an object is named): calls that are timed together."""

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
VERBS: Final = {
    "get": "GET",
    "list": "LIST",
    "watch": "WATCH",
    "create": "CREATE",
    "update": "UPDATE",
    "patch": "PATCH",
    "delete": "DELETE",
    "deletecollection": "DELETE",
}
"""The verb that a call is counted under, as KubeVirt's metric does."""
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


class CallAccount:
    """The REST calls of one client, which may have several token buckets."""

    def __init__(self) -> None:
        self.requests: dict[Row, int] = {}
        self.answered: dict[Path, Histogram] = {}
        """Seconds until an answer."""
        self.waited: dict[Path, Histogram] = {}
        """Seconds in the client's own token bucket."""
        self.on_answer: OnAnswer | None = None
        """Called for every call that was answered."""
        self._paths: dict[Kind, Path] = {}

    @property
    def calls(self) -> int:
        """Calls that were answered, and those that got no answer."""
        return sum(self.requests.values())

    def calls_by_verb_and_resource(self) -> dict[str, int]:
        """Calls by `VERB resource`, successful or not."""
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

    def path(self, kind: Kind, resource: Resource) -> Path:
        """The path under which calls of a kind are timed."""
        path = self._paths.get(kind)
        if path is None:
            verb, _, subresource, is_named = kind
            template = template_of(resource, subresource, named=is_named)
            path = self._paths[kind] = (METHODS[verb], f"{template}{_QUERIES.get(verb, '')}")
            self.answered.setdefault(path, Histogram(LATENCY_BOUNDS))
            self.waited.setdefault(path, Histogram(LATENCY_BOUNDS))
        return path

    def add(self, kind: Kind, code: str, path: Path, namespace: str | None, spent_ns: int) -> None:
        """Count a call that was answered with a code, or got no answer, after a time."""
        verb, plural, subresource, is_named = kind
        row = (verb, plural, subresource, code)
        self.requests[row] = self.requests.get(row, 0) + 1
        self.answered[path].observe(to_seconds(spent_ns))
        if self.on_answer is not None and code != NO_ANSWER:
            what = f"{plural}/{subresource}" if subresource else plural
            scope = _scope(verb, named=is_named, namespace=namespace)
            self.on_answer(verb, what, scope, spent_ns)


class AccountedTransport:
    """A transport whose calls are counted, timed and, with a bucket, throttled."""

    def __init__(
        self,
        transport: Transport,
        clock: Clock,
        account: CallAccount,
        *,
        bucket: TokenBucket | None = None,
    ) -> None:
        self._transport = transport
        self._clock = clock
        self._account = account
        self.bucket = bucket

    async def send(self, call: Call) -> Object:
        """A call, counted; DELETECOLLECTION as DELETE, as KubeVirt's metric does."""
        code = "201" if call.verb == "create" else "200"
        exchange = partial(self._transport.send, call)
        return await self._counted(_kind_of(call), call.resource, code, exchange, call.namespace)

    @asynccontextmanager
    async def open_watch(self, call: Call) -> AsyncIterator[AsyncIterator[WatchEvent]]:
        """A watch, counted once, when it is answered."""
        opening = self._transport.open_watch(call)
        events = await self._counted(_kind_of(call), call.resource, "200", opening.__aenter__)
        try:
            yield events
        finally:
            await opening.__aexit__(None, None, None)

    async def read_raw(self, path: str, query: Mapping[str, str]) -> bytes:
        """GET of a path, counted under its last part (`pods/proxy` for a pod's metrics)."""
        parts = path.strip("/").split("/")
        is_proxy = "proxy" in parts
        resource = resources.PODS if is_proxy else Resource("", "", parts[-1], "")
        kind = ("GET", resource.plural, "proxy" if is_proxy else "", False)
        exchange = partial(self._transport.read_raw, path, query)
        return await self._counted(kind, resource, "200", exchange)

    async def _counted(
        self,
        kind: Kind,
        resource: Resource,
        code: str,
        exchange: Callable[[], Awaitable[T]],
        namespace: str | None = None,
    ) -> T:
        """The answer of an exchange, counted with `code`, or as the failure that it is.

        An exchange that is given up while it waits for its token is never begun.
        """
        account = self._account
        path = account.path(kind, resource)
        if self.bucket is not None:
            account.waited[path].observe(to_seconds(await self.bucket.acquire()))
        started_ns = self._clock.now_ns()
        try:
            answer = await exchange()
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
                account.add(kind, code, path, namespace, self._clock.now_ns() - started_ns)
        return answer


def _kind_of(call: Call) -> Kind:
    is_named = call.name is not None
    return (VERBS[call.verb], call.resource.plural, call.subresource or "", is_named)


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
