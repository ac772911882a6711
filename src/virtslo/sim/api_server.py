"""The simulated API server, free of any transport.

Invariant: every request, whoever makes it and over whatever transport, goes through `handle`,
`open_watch` or `read_raw`, and is counted once. Data survive every fault.
"""

import json
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Final

from virtslo.base.clock import Clock, timestamp, to_nanoseconds
from virtslo.base.errors import (
    ApiError,
    ConnectionLost,
    NotFound,
    ResourceExpired,
    ServerFailure,
)
from virtslo.model import resources
from virtslo.model.identity import Identity
from virtslo.model.profile import ServerProfile
from virtslo.model.resources import Resource
from virtslo.sim.aggregation import Aggregation
from virtslo.sim.capacity import Capacity
from virtslo.sim.definitions import definitions
from virtslo.sim.faults import RESET, FaultPlan
from virtslo.sim.handlers import Handlers
from virtslo.sim.health import health_text
from virtslo.sim.listing import check_watch_options, version_of
from virtslo.sim.naming import Names
from virtslo.sim.object_store import DEFAULT_LOG_SIZE, ObjectStore
from virtslo.sim.requests import Request, Response
from virtslo.sim.telemetry import Telemetry
from virtslo.sim.watching import INITIAL_EVENTS_END, Watcher, WatchHub, bookmark_of

KUBERNETES_VERSION: Final = "v1.36.2"
SYSTEM: Final = Identity(
    "kube-apiserver", "system:apiserver", "kube-apiserver/v1.36.2", ("system:masters",)
)
NAMESPACES: Final = ("default", "kube-system", "kube-public", "kube-node-lease")
BOOKMARK_EVERY_NS: Final = 60_000_000_000
_PROXY: Final = re.compile(
    r"/api/v1/namespaces/([^/]+)/pods/(https?:)?([^/:]+)(?::(\d+))?/proxy(/.*)?"
)

ProxyRead = Callable[[str], bytes]
Front = Callable[[bool], Awaitable[None]]
"""Called with False when the server goes down, and with True when it is up again."""
REFUSED: Final = "connection refused"


class ApiServer:
    """Store, watches, handlers, capacity, faults and telemetry, put together."""

    def __init__(
        self,
        *,
        clock: Clock,
        seed: int,
        profile: ServerProfile,
        kubernetes_version: str = KUBERNETES_VERSION,
        log_size: int = DEFAULT_LOG_SIZE,
        guard: bool = False,
        audit: Callable[[bytes], None] | None = None,
        faults: FaultPlan | None = None,
    ) -> None:
        self.clock = clock
        self.kubernetes_version = kubernetes_version
        self.store = ObjectStore(log_size=log_size, guard=guard)
        self.hub = WatchHub()
        self.store.listen(self.hub.changed)
        self.telemetry = Telemetry(clock, audit)
        self.raw_routes: dict[str, Callable[[], bytes]] = {
            "/version": self._version,
            "/metrics": self._metrics,
        }
        self._names = Names(seed)
        self._handlers = Handlers(self.store, clock, self._names)
        self._capacity = Capacity(clock, profile, seed=seed)
        self._delay_ns = to_nanoseconds(profile.watch_delay)
        self._delays_ns = {
            plural: to_nanoseconds(seconds) for plural, seconds in profile.watch_delays.items()
        }
        self.faults = faults or FaultPlan()
        self.fronts: list[Front] = []
        self._is_down = False
        self._life = 0
        self._holds = 0
        self._started_ns = clock.now_ns()
        self.aggregation = Aggregation()
        self._proxies: dict[tuple[str, str, int], ProxyRead] = {}
        self._next_bookmark_ns = self._started_ns + BOOKMARK_EVERY_NS

    def set_up(self) -> None:
        """Create what every cluster begins with."""
        for name in NAMESPACES:
            body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
            self._handlers.handle(Request("create", resources.NAMESPACES, SYSTEM, body=body))
        for definition in definitions(timestamp(self.clock.wall())):
            kind = resources.CUSTOM_RESOURCE_DEFINITIONS
            made = self._handlers.handle(Request("create", kind, SYSTEM, body=definition)).body
            name = made["metadata"]["name"]
            told = {**made, "status": definition["status"]}
            self._handlers.handle(
                Request("update", kind, SYSTEM, name=name, subresource="status", body=told)
            )

    async def handle(self, request: Request) -> Response:
        """Answer a request. Raises ApiError; ConnectionLost if no answer comes."""
        noted = self.telemetry.begin(request)
        is_lost = False
        try:
            if self._takes_time:
                is_lost = await self._take_time(request)
            response = await self._answer(request)
        except ApiError as error:
            noted.fail(error)
            raise
        except BaseException:
            noted.vanish()
            raise
        noted.answer(response.code, response.body)
        self._bookmark()
        if is_lost:
            raise ConnectionLost(RESET)
        return response

    async def _answer(self, request: Request) -> Response:
        """Carry a request out; a pod that goes at once takes two writes, as in a real store."""
        begun = self._handlers.begin_deletion(request)
        if begun is None:
            return self._handlers.handle(request)
        try:
            await self._capacity.store_again()
        finally:
            self._handlers.finish_deletion(request)
        return begun

    async def open_watch(self, request: Request) -> Watcher:
        """Open a watch. Raises ApiError; ResourceExpired if its version is no longer known."""
        noted = self.telemetry.begin(request)
        is_lost = False
        try:
            if self._takes_time:
                is_lost = await self._take_time(request)
            watcher = self._new_watcher(request)
        except ApiError as error:
            noted.fail(error)
            raise
        noted.start()
        watcher.noted = noted
        self._bookmark()
        if is_lost:
            self.close_watch(watcher)
            raise ConnectionLost(RESET)
        return watcher

    def close_watch(self, watcher: Watcher) -> None:
        """The client is gone, or the watch is to end: what is queued is still read."""
        watcher.close()
        self._forget(watcher)

    def refuse(self, request: Request, error: ApiError) -> None:
        """Note a request that was answered with a failure before anybody looked into it."""
        self.telemetry.begin(request).fail(error)

    def _forget(self, watcher: Watcher) -> None:
        self.hub.discard(watcher)
        if watcher.noted is not None:
            watcher.noted.finish(watcher.delivered)
            watcher.noted = None

    def compact(self) -> None:
        """Forget old versions and end every watch: what is resumed must be listed again."""
        self.store.compact()
        for watcher in self.hub.watchers():
            self.close_watch(watcher)

    def break_watches(self, why: ConnectionLost) -> None:
        """Reset the connections of every open watch; what was not delivered is lost with them."""
        for watcher in self.hub.watchers():
            watcher.abort(why)
            self._forget(watcher)

    def hold_watches(self) -> None:
        """Deliver nothing from now on, to watches that are open or will be."""
        self._holds += 1
        for watcher in self.hub.watchers():
            watcher.is_held = True

    def release_watches(self) -> None:
        """Deliver again, what was held back first."""
        self._holds -= 1
        for watcher in self.hub.watchers():
            if not self._holds:
                watcher.release()

    async def go_down(self) -> None:
        """Die: connections break and are refused, counters and old versions are gone."""
        self._is_down = True
        self._life += 1
        self.telemetry.die()
        self.break_watches(ConnectionLost(RESET))
        for front in self.fronts:
            await front(False)

    async def come_up(self) -> None:
        """Serve again, with the data that were there."""
        self.store.compact()
        self.telemetry.die()
        self._is_down = False
        for front in self.fronts:
            await front(True)

    def register_proxy(self, namespace: str, pod: str, port: int, read: ProxyRead) -> None:
        """What a pod serves on a port: `read(path)` is the body."""
        self._proxies[namespace, pod, port] = read

    def audit_to(self, write: Callable[[bytes], None] | None) -> None:
        """From now on, write a line a request there; None: nowhere."""
        self.telemetry.audit_to(write)

    def scrape_targets(self) -> Mapping[tuple[str, str, int], ProxyRead]:
        """What pods serve, by namespace, pod and port: for who reaches pods directly."""
        return self._proxies

    async def read_raw(self, path: str, query: Mapping[str, str], user: Identity) -> bytes:
        """GET a path that is no object: metrics, version, health, discovery, pod proxies."""
        match = _PROXY.fullmatch(path)
        if match is not None:
            return await self._read_proxy(match, query, user)
        if self._is_down:
            raise ConnectionLost(REFUSED)
        noted = self.telemetry.begin_raw(path, query, user)
        try:
            body = self._raw_body(path, query)
        except ApiError as error:
            noted.fail(error)
            raise
        noted.answer()
        return body

    def _raw_body(self, path: str, query: Mapping[str, str]) -> bytes:
        route = self.raw_routes.get(path)
        if route is not None:
            return route()
        health = health_text(path, query)
        if health is None:
            raise NotFound("the server could not find the requested resource", reason="NotFound")
        return health

    async def _read_proxy(
        self, match: re.Match[str], query: Mapping[str, str], user: Identity
    ) -> bytes:
        """GET what a pod serves, through the API server."""
        namespace, pod, port = match[1], match[3], int(match[4] or 80)
        target = f"{match[2] or ''}{pod}{':' + match[4] if match[4] else ''}"
        request = Request(
            "get",
            resources.PODS,
            user,
            namespace=namespace,
            name=target,
            subresource="proxy",
            query=query,
            tail=match[5] or "/",
        )
        noted = self.telemetry.begin(request)
        is_lost = False
        try:
            if self._takes_time:
                is_lost = await self._take_time(request)
            self._handlers.find(replace(request, name=pod))
            read = self._proxies.get((namespace, pod, port))
            if read is None:
                raise ServerFailure(
                    f"error trying to reach service: connection refused ({pod}:{port})",
                    code=503,
                    reason="ServiceUnavailable",
                )
            body = read(request.tail)
        except ApiError as error:
            noted.fail(error)
            raise
        except BaseException:
            noted.vanish()
            raise
        noted.answer(200)
        if is_lost:
            raise ConnectionLost(RESET)
        return body

    def _new_watcher(self, request: Request) -> Watcher:
        resource, query = request.resource, request.query
        delay_ns = self._delays_ns.get(resource.plural, self._delay_ns)
        watcher = Watcher(resource, request.selection, clock=self.clock, delay_ns=delay_ns)
        watcher.wants_bookmarks = query.get("allowWatchBookmarks") == "true"
        if query.get("timeoutSeconds", "").isdigit():
            span_ns = int(query["timeoutSeconds"]) * 1_000_000_000
            watcher.ends_at_ns = self.clock.now_ns() + span_ns
            watcher.version_at_end = self._newest_version
        check_watch_options(query)
        version = version_of(query)
        wants_initial = query.get("sendInitialEvents")
        initial = wants_initial == "true"
        if initial or (version is None and wants_initial is None):
            objects = self._handlers.handle(
                Request("list", resource, request.user, selection=request.selection)
            ).body["items"]
            end = None
            if initial:
                end = bookmark_of(
                    resource, self.store.resource_version, {INITIAL_EVENTS_END: "true"}
                )
            watcher.send_initial(objects, end=end)
        elif version is not None:
            try:
                changes = self.store.changes_since(resource, version)
            except ResourceExpired as error:
                # The stream opens and its first event tells, as the real server's watch cache does.
                watcher.close(error)
                return watcher
            for change in changes:
                watcher.offer(change)
        self.hub.add(watcher)
        watcher.is_held = self._holds > 0
        return watcher

    def _newest_version(self) -> int:
        return self.store.resource_version

    @property
    def _takes_time(self) -> bool:
        """Whether a request may take time, or come to nothing."""
        return self._is_down or self.faults.is_active or not self._capacity.is_instant

    async def _take_time(self, request: Request) -> bool:
        """Wait, meet faults and be served; whether the answer is to be lost."""
        if self._is_down:
            raise ConnectionLost(REFUSED)
        life = self._life
        is_lost = False
        if self.faults.is_active:
            is_lost = await self.faults.meet(request, self.clock)
        objects = 0
        if request.verb == "list":
            objects = len(self.store.collection(request.resource).objects)
        what = request.resource.plural
        if request.subresource:
            what = f"{what}/{request.subresource}"
        verb = "get" if self._handlers.is_stale(request) else request.verb
        await self._capacity.serve(verb, what, objects)
        if self._life != life:
            raise ConnectionLost(RESET)
        return is_lost

    def _bookmark(self) -> None:
        """Tell watches how far they have come, every minute."""
        now_ns = self.clock.now_ns()
        if now_ns >= self._next_bookmark_ns:
            self._next_bookmark_ns = now_ns + BOOKMARK_EVERY_NS
            for watcher in self.hub.watchers():
                watcher.bookmark(self.store.resource_version)

    def _version(self) -> bytes:
        major, minor = self.kubernetes_version.lstrip("v").split(".")[:2]
        document = {
            "major": major,
            "minor": minor,
            "gitVersion": self.kubernetes_version,
            "gitCommit": "simulated",
            "gitTreeState": "clean",
            "buildDate": "2026-01-01T00:00:00Z",
            "goVersion": "none",
            "compiler": "none",
            "platform": "simulated",
        }
        return json.dumps(document).encode()

    def _metrics(self) -> bytes:
        sent = Counter[Resource]()
        for watcher in self.hub.watchers():
            sent[watcher.resource] += watcher.delivered
        return self.telemetry.metrics.text(sent).encode()
