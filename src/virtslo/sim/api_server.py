"""The simulated API server, free of any transport.

Invariant: every request, of any client and over any transport, goes through `handle`,
`open_watch` or `read_raw`, and is counted once. Data survive every fault.
"""

import secrets
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, NoReturn

from msgspec.structs import replace

from virtslo.base.clock import Clock
from virtslo.base.errors import ApiError, ConnectionLost, Forbidden, PathNotFound
from virtslo.model.kubernetes import resources
from virtslo.model.kubernetes.identity import Identity
from virtslo.model.kubernetes.resources import Resource
from virtslo.model.kubernetes.subresource_calls import SubresourceAnswer, SubresourceCall
from virtslo.model.simulated.profile import ServerProfile
from virtslo.sim.admission.services import KUBERNETES
from virtslo.sim.aggregation import Aggregation, reference_of
from virtslo.sim.api.naming import Names
from virtslo.sim.api.requests import Request, Response
from virtslo.sim.authorization.attributes import Attributes
from virtslo.sim.authorization.authorizer import Authorizer, refusal
from virtslo.sim.authorization.default_roles import default_roles
from virtslo.sim.authorization.impersonation import Wanted, acting_as
from virtslo.sim.faults.gate import Gate
from virtslo.sim.faults.request_faults import RESET, FaultPlan
from virtslo.sim.flow_control.request_queue import RequestQueue
from virtslo.sim.objects.handlers import Handlers
from virtslo.sim.objects.token_requests import TokenRequests
from virtslo.sim.open_watches import OpenWatches
from virtslo.sim.openapi.crds import definitions
from virtslo.sim.raw_paths import (
    ProxyRead,
    RawPaths,
    pod_and_port,
    proxy_request,
    version_document,
)
from virtslo.sim.storage.compaction import INTERVAL, Compaction
from virtslo.sim.storage.event_expiry import EVENT_TTL, EventExpiry
from virtslo.sim.storage.object_store import DEFAULT_LOG_SIZE, ObjectStore
from virtslo.sim.storage.watch_hub import WatchHub
from virtslo.sim.storage.watch_log import Watcher
from virtslo.sim.telemetry.request_log import Telemetry

KUBERNETES_VERSION: Final = "v1.36.2"
SYSTEM: Final = Identity(
    "kube-apiserver", "system:apiserver", "kube-apiserver/v1.36.2", ("system:masters",)
)
KEY_BYTES: Final = 32
NAMESPACES: Final = ("default", "kube-system", "kube-public", "kube-node-lease")

Front = Callable[[bool], Awaitable[None]]
"""Called with False when the server goes down, and with True when it is up again."""


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
        audit_log: Callable[[bytes], None] | None = None,
        faults: FaultPlan | None = None,
        event_ttl: float = EVENT_TTL,
        compaction_interval: float = INTERVAL,
    ) -> None:
        self.clock = clock
        self.kubernetes_version = kubernetes_version
        self.store = ObjectStore(log_size=log_size, guard=guard)
        self._events = EventExpiry(self.store, clock, event_ttl)
        self._compaction = Compaction(self.store, clock, compaction_interval)
        self._old_due_ns = 0
        """Until then there is nothing old to forget."""
        self.telemetry = Telemetry(clock, audit_log)
        self.tokens = TokenRequests(self.store, clock, secrets.token_bytes(KEY_BYTES))
        self.authorizer = Authorizer(self.store)
        """What users may do, of those that fronts ask for."""
        self._handlers = Handlers(self.store, clock, Names(seed), self.tokens, self.authorizer)
        self._capacity = RequestQueue(clock, profile, seed=seed)
        self._watches = OpenWatches(self.store, self._handlers, clock, profile, self._capacity.pace)
        self.work = self._capacity.work
        """Seconds of work beside the server, on its machine."""
        self._gate = Gate(
            clock,
            self._capacity,
            faults or FaultPlan(),
            store=self.store,
            handlers=self._handlers,
        )
        self.fronts: list[Front] = []
        self.aggregation = Aggregation()
        self._paths = RawPaths()
        self.raw_routes["/version"] = lambda: version_document(self.kubernetes_version)
        self.raw_routes["/metrics"] = self._metrics

    @property
    def hub(self) -> WatchHub:
        """Every open watch."""
        return self._watches.hub

    @property
    def raw_routes(self) -> dict[str, Callable[[], bytes]]:
        """What each fixed path answers."""
        return self._paths.routes

    @property
    def faults(self) -> FaultPlan:
        """What goes wrong with requests."""
        return self._gate.faults

    @faults.setter
    def faults(self, faults: FaultPlan) -> None:
        self._gate.faults = faults

    def set_up(self) -> None:
        """Create what every cluster begins with."""
        for name in NAMESPACES:
            body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
            self._handlers.handle(Request("create", resources.NAMESPACES, body=body, user=SYSTEM))
        self._handlers.handle(
            Request("create", resources.SERVICES, "default", body=KUBERNETES, user=SYSTEM)
        )
        for definition in definitions(self.clock.stamp()):
            kind = resources.CUSTOM_RESOURCE_DEFINITIONS
            made = self._handlers.handle(Request("create", kind, body=definition, user=SYSTEM)).body
            name = made["metadata"]["name"]
            told = {**made, "status": definition["status"]}
            self._handlers.handle(
                Request("update", kind, name=name, subresource="status", body=told, user=SYSTEM)
            )

    def install_roles(self) -> None:
        """Create the roles and bindings that every cluster begins with."""
        for kind, role in default_roles(self.store):
            namespace = role["metadata"].get("namespace")
            self._handlers.handle(
                Request("create", kind, namespace, body=role, user=SYSTEM, is_trusted=True)
            )

    def impersonate(self, user: Identity, wanted: Wanted, asked: Attributes, uri: str) -> Identity:
        """Whom a user is for a request that it makes as another. Raises Forbidden."""
        try:
            return acting_as(user, wanted, asked, self.authorizer)
        except Forbidden as error:
            self.telemetry.note_refusal(uri, asked.verb, user, asked.reference, error)
            raise

    def authorize(self, asked: Attributes, uri: str, user: Identity) -> None:
        """Refuse what a user may not do; only the audit log knows of it. Raises Forbidden."""
        decision = self.authorizer.decide(user, asked)
        if not decision.is_allowed:
            error = refusal(user, asked, decision.reason)
            self.telemetry.note_refusal(uri, asked.verb, user, asked.reference, error)
            raise error

    async def handle(self, request: Request) -> Response:
        """Answer a request. Raises ApiError; ConnectionLost if no answer comes."""
        noted = self.telemetry.begin(request)
        is_lost: bool | None = False
        try:
            entering = self._gate.enter(request)
            if entering is not None:
                is_lost = await entering
                if noted.is_cut_off:
                    raise ConnectionLost(RESET)
            now_ns = self.clock.now_ns()
            if now_ns >= self._old_due_ns:
                self._forget_what_is_old()
            if request.verb == "delete":
                response, is_begun = self._handlers.delete(request)
                if is_begun:
                    await self._finish_deletion(request)
                    now_ns = self.clock.now_ns()
                    if noted.is_cut_off:
                        raise ConnectionLost(RESET)
            else:
                response = self._handlers.handle(request)
        except BaseException as error:
            noted.end_with(error)
            raise
        noted.answer(response.code, response.body)
        if now_ns >= self._watches.bookmark_due_ns:
            self._watches.bookmark()
        if is_lost:
            raise ConnectionLost(RESET)
        return response

    def _forget_what_is_old(self) -> None:
        self._compaction.compact()
        self._events.expire()
        self._old_due_ns = min(self._compaction.due_ns, self._events.due_ns)

    async def _finish_deletion(self, request: Request) -> None:
        """Take the time of a deletion's second write, and make it whatever happens meanwhile."""
        try:
            await self._capacity.store_again()
        finally:
            self._handlers.finish_deletion(request)

    async def open_watch(self, request: Request) -> Watcher:
        """Open a watch. Raises ApiError; ResourceExpired if its version is no longer known."""
        with self.telemetry.begin(request) as noted:
            entering = self._gate.enter(request)
            is_lost = entering is not None and await entering
            if noted.is_cut_off:
                raise ConnectionLost(RESET)
            self._forget_what_is_old()
            watcher = self._watches.open(request)
        noted.start()
        watcher.noted = noted
        self._watches.bookmark()
        if is_lost:
            self.close_watch(watcher)
            raise ConnectionLost(RESET)
        return watcher

    def close_watch(self, watcher: Watcher) -> None:
        """The client is gone, or the watch is to end: what is queued is still read."""
        self._watches.close(watcher)

    def refuse(self, request: Request, error: ApiError) -> None:
        """Note a request that was answered with a failure before anybody looked into it."""
        self.telemetry.begin(request).fail(error)

    def compact(self) -> None:
        """Forget old versions and end every watch: what is resumed must be listed again."""
        self.store.compact()
        self._watches.close_all()

    def break_watches(self, why: ConnectionLost) -> None:
        """Reset the connections of every open watch; what was not delivered is lost with them."""
        self._watches.break_all(why)

    def hold_watches(self) -> None:
        """Deliver nothing from now on, to watches that are open or will be."""
        self._watches.hold()

    def release_watches(self) -> None:
        """Deliver again, what was held back first."""
        self._watches.release()

    async def go_down(self) -> None:
        """Die: connections break and are refused, counters and old versions are gone."""
        self._gate.close()
        self.telemetry.die()
        self.break_watches(ConnectionLost(RESET))
        for front in self.fronts:
            await front(False)

    async def come_up(self) -> None:
        """Serve again, with the data that were there."""
        self.store.compact()
        self.telemetry.die()
        self._gate.open()
        for front in self.fronts:
            await front(True)

    def register_proxy(self, namespace: str, pod: str, port: int, read: ProxyRead) -> None:
        """What a pod serves on a port: `read(path)` is the body."""
        self._paths.proxies[namespace, pod, port] = read

    def write_audit_log_to(self, write: Callable[[bytes], None] | None) -> None:
        """From now on, write a line a request there; None: nowhere."""
        self.telemetry.write_audit_log_to(write)

    def scrape_targets(self) -> Mapping[tuple[str, str, int], ProxyRead]:
        """What pods serve, by namespace, pod and port: for who reaches pods directly."""
        return self._paths.proxies

    async def read_raw(self, path: str, query: Mapping[str, str], user: Identity) -> bytes:
        """GET a path that is no object: metrics, version, health, discovery, pod proxies."""
        to_pod = proxy_request(path, query, user)
        if to_pod is not None:
            return await self._read_proxy(to_pod)
        self._gate.check_up()
        with self.telemetry.begin_raw(path, query, user) as noted:
            body = self._paths.read(path, query)
        noted.answer()
        return body

    async def pass_on(self, call: SubresourceCall, path: str, user: Identity) -> SubresourceAnswer:
        """What the component behind a path answers. Raises ApiError."""
        self._gate.check_up()
        verb, reference = reference_of(call, path)
        with self.telemetry.begin_aggregated(path, verb, user, reference) as noted:
            answer = await self.aggregation.answer(call)
        noted.answer(answer.code)
        return answer

    def refuse_unserved(self, asked: Attributes, path: str, user: Identity) -> NoReturn:
        """Answer what no component behind a path serves. Raises NotFound."""
        with self.telemetry.begin_aggregated(path, asked.verb, user, asked.reference):
            raise PathNotFound

    async def _read_proxy(self, request: Request) -> bytes:
        """GET what a pod serves, through the API server."""
        with self.telemetry.begin(request) as noted:
            entering = self._gate.enter(request)
            is_lost = entering is not None and await entering
            if noted.is_cut_off:
                raise ConnectionLost(RESET)
            self._handlers.find(replace(request, name=pod_and_port(request)[0]))
            body = self._paths.read_pod(request)
        noted.answer(200)
        if is_lost:
            raise ConnectionLost(RESET)
        return body

    def _metrics(self) -> bytes:
        sent = Counter[Resource]()
        for watcher in self.hub.watchers():
            sent[watcher.resource] += watcher.delivered
        return self.telemetry.metrics.text(sent)
