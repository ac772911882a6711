"""A transport on which every REST call is counted and timed, and may be throttled.

Invariant: it wraps a transport and is one: one call in is one call out. What is counted is what was
answered, failures too, by verb, resource, subresource and code; time spent in the client's own
token bucket is kept apart. Nothing else counts calls.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from functools import lru_cache, partial
from typing import Final, NamedTuple, TypeVar

from virtslo.base.clock import NANOSECONDS_PER_SECOND, Clock
from virtslo.base.errors import ApiError, ClusterError
from virtslo.client.histogram import Histogram, exponential_bounds
from virtslo.client.token_bucket import TokenBucket
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes import resources
from virtslo.model.kubernetes.calls import Counted, RestCall, TimedCall
from virtslo.model.kubernetes.resources import Resource
from virtslo.ports.kube_api import Call, Transport, WatchEvent

T = TypeVar("T")


class CallShape(NamedTuple):
    """Calls that are timed together."""

    verb: str
    """As KubeVirt's client metric spells it."""
    resource: str
    subresource: str
    is_named: bool
    """Whether one object is named."""


class Endpoint(NamedTuple):
    """A method and a path with its values left out, as client-go's metrics write URLs."""

    method: str
    path: str


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


class CallKind(NamedTuple):
    """What is the same of calls of a shape, whichever client makes them."""

    shape: CallShape
    endpoint: Endpoint


MOST_KINDS: Final = 1024
"""Kinds of calls that are kept for all clients; KubeVirt's components make about a hundred."""

LATENCY_BOUNDS: Final = exponential_bounds(0.001, 2, 10)
"""Bucket bounds of KubeVirt's client metrics, seconds."""


OK: Final = "200"
CREATED: Final = "201"
_NONE: Final[Mapping[str, int]] = {}


class CallSeries:
    """Calls that are timed together, and the histograms they are timed in."""

    __slots__ = ("_failed", "_succeeded", "_success", "answered", "shape", "waited")

    def __init__(self, shape: CallShape, answered: Histogram, waited: Histogram) -> None:
        self.shape = shape
        self.answered = answered
        self.waited = waited
        self._success = CREATED if shape.verb == "CREATE" else OK
        self._succeeded = 0
        self._failed: Mapping[str, int] = _NONE
        """How many ended with each other code: with none, in nearly all series of a cluster."""

    @property
    def ended(self) -> Mapping[str, int]:
        """How many ended with each code."""
        if not self._succeeded:
            return self._failed
        return {self._success: self._succeeded, **self._failed}

    def end(self, code: str) -> None:
        """Count a call that ended with a code."""
        if code == self._success:
            self._succeeded += 1
        else:
            self._failed = {**self._failed, code: self._failed.get(code, 0) + 1}


OnAnswer = Callable[[TimedCall, int], None]
"""Called with what was called, and the nanoseconds to the answer."""

NO_ANSWER: Final = "<error>"
"""The code of a call that got no answer, as client-go's metrics spell it."""


class CallAccount:
    """The REST calls of one client, which may have several token buckets."""

    def __init__(self) -> None:
        self.answered: dict[Endpoint, Histogram] = {}
        """Seconds until an answer."""
        self.waited: dict[Endpoint, Histogram] = {}
        """Seconds in the client's own token bucket."""
        self.on_answer: OnAnswer | None = None
        """Called for every call that was answered."""
        self._series: dict[tuple[str, str, str | None, bool], CallSeries] = {}
        """By what tells calls apart; of raw reads, which are no calls, by their shape."""

    @property
    def requests(self) -> Counted:
        """Calls that were answered, and those that got no answer."""
        counts: dict[RestCall, int] = {}
        for series in self._series.values():
            shape = series.shape
            for code, count in series.ended.items():
                call = RestCall(shape.verb, shape.resource, shape.subresource, code)
                counts[call] = counts.get(call, 0) + count
        return counts

    @property
    def calls(self) -> int:
        """How many these are in all."""
        return sum(sum(series.ended.values()) for series in self._series.values())

    def calls_by_verb_and_resource(self) -> dict[str, int]:
        """Calls by `VERB resource`, successful or not."""
        sums: dict[str, int] = {}
        for call, count in sorted(self.requests.items()):
            key = f"{call.verb} {call.resource}"
            sums[key] = sums.get(key, 0) + count
        return sums

    def calls_by_verb(self) -> dict[str, int]:
        """Calls by verb."""
        sums: dict[str, int] = {}
        for call, count in sorted(self.requests.items()):
            sums[call.verb] = sums.get(call.verb, 0) + count
        return sums

    def series_of(self, call: Call) -> CallSeries:
        """The series of a call."""
        key = (call.verb, call.resource.plural, call.subresource, call.name is not None)
        return self._series.get(key) or self._begin(key, _shape_of(call), call.resource)

    def series(self, shape: CallShape, resource: Resource) -> CallSeries:
        """The series of calls of a shape."""
        return self._series.get(shape) or self._begin(shape, shape, resource)

    def _begin(
        self, key: tuple[str, str, str | None, bool], shape: CallShape, resource: Resource
    ) -> CallSeries:
        """A new series; those of one shape share their histograms."""
        kind = _kind_of(shape, resource)
        series = self._series[_first_of(key)] = CallSeries(
            kind.shape,
            self.answered.setdefault(kind.endpoint, Histogram(LATENCY_BOUNDS)),
            self.waited.setdefault(kind.endpoint, Histogram(LATENCY_BOUNDS)),
        )
        return series

    def add(self, series: CallSeries, code: str, namespace: str | None, spent_ns: int) -> None:
        """Count a call that was answered with a code, or got no answer, after a time."""
        series.end(code)
        series.answered.observe(spent_ns / NANOSECONDS_PER_SECOND)
        if self.on_answer is not None and code != NO_ANSWER:
            shape = series.shape
            call = RestCall(shape.verb, shape.resource, shape.subresource, code)
            scope = _scope(shape.verb, named=shape.is_named, namespace=namespace)
            self.on_answer(TimedCall(shape.verb, call.target, scope), spent_ns)


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
        clock, account, bucket = self._clock, self._account, self.bucket
        series = account.series_of(call)
        started_ns = clock.now_ns()
        if bucket is not None:
            when_ns, waited_ns = bucket.reserve(started_ns), 0
            if when_ns > started_ns:
                await clock.sleep_until(when_ns)
                waited_ns = when_ns - started_ns
                started_ns = clock.now_ns()
            series.waited.observe(waited_ns / NANOSECONDS_PER_SECOND)
        code = CREATED if call.verb == "create" else OK
        try:
            answer = await self._transport.send(call)
        except BaseException as error:
            code = _code_of(error)
            raise
        finally:
            if code:
                account.add(series, code, call.namespace, clock.now_ns() - started_ns)
        return answer

    def open_watch(self, call: Call) -> AbstractAsyncContextManager[AsyncIterator[WatchEvent]]:
        """A watch, counted once, when it is answered."""
        opening = self._transport.open_watch(call)
        series = self._account.series_of(call)
        return _CountedWatch(self, series, opening)

    async def read_raw(self, path: str, query: Mapping[str, str]) -> bytes:
        """GET of a path, counted under its last part (`pods/proxy` for a pod's metrics)."""
        parts = path.strip("/").split("/")
        is_proxy = "proxy" in parts
        resource = resources.PODS if is_proxy else Resource("", "", parts[-1], "")
        shape = CallShape("GET", resource.plural, "proxy" if is_proxy else "", is_named=False)
        exchange = partial(self._transport.read_raw, path, query)
        return await self.counted(self._account.series(shape, resource), OK, exchange)

    async def counted(
        self,
        series: CallSeries,
        code: str,
        exchange: Callable[[], Awaitable[T]],
        namespace: str | None = None,
    ) -> T:
        """The answer of an exchange, counted with `code`, or as the failure that it is.

        An exchange that is given up while it waits for its token is never begun.
        """
        if self.bucket is not None:
            series.waited.observe(await self.bucket.acquire() / NANOSECONDS_PER_SECOND)
        started_ns = self._clock.now_ns()
        try:
            answer = await exchange()
        except BaseException as error:
            code = _code_of(error)
            raise
        finally:
            if code:
                spent_ns = self._clock.now_ns() - started_ns
                self._account.add(series, code, namespace, spent_ns)
        return answer


class _CountedWatch:
    """A watch that is counted as it is opened. No generator: a simulated node keeps four open."""

    __slots__ = ("_opening", "_series", "_transport")

    def __init__(
        self,
        transport: AccountedTransport,
        series: CallSeries,
        opening: AbstractAsyncContextManager[AsyncIterator[WatchEvent]],
    ) -> None:
        self._transport = transport
        self._series = series
        self._opening = opening

    async def __aenter__(self) -> AsyncIterator[WatchEvent]:
        return await self._transport.counted(self._series, OK, self._opening.__aenter__)

    async def __aexit__(self, *failure: object) -> None:
        await self._opening.__aexit__(None, None, None)


@lru_cache(maxsize=MOST_KINDS)
def _kind_of(shape: CallShape, resource: Resource) -> CallKind:
    template = template_of(resource, shape.subresource, named=shape.is_named)
    path = f"{template}{_QUERIES.get(shape.verb, '')}"
    return CallKind(shape, Endpoint(METHODS[shape.verb], path))


@lru_cache(maxsize=MOST_KINDS)
def _first_of(key: tuple[str, str, str | None, bool]) -> tuple[str, str, str | None, bool]:
    """The first of equal keys: the clients of thousands of nodes make the same calls."""
    return key


def _shape_of(call: Call) -> CallShape:
    is_named = call.name is not None
    return CallShape(VERBS[call.verb], call.resource.plural, call.subresource or "", is_named)


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


def _code_of(failure: BaseException) -> str:
    """The code that a failed request counts with; empty where it counts with none."""
    if isinstance(failure, ApiError):
        return str(failure.code)
    return NO_ANSWER if isinstance(failure, ClusterError) else ""
