"""What a request meets before it is looked into: a server that is down, faults, and capacity.

Invariant: while the server is down every request is refused; one that meets no fault waits for no
more than its place in the queue.
"""

from collections.abc import Awaitable
from typing import Final

from virtslo.base.clock import Clock
from virtslo.base.errors import ConnectionLost
from virtslo.sim.api.requests import Request
from virtslo.sim.authorization.authorizer import MASTERS
from virtslo.sim.faults.request_faults import FaultPlan
from virtslo.sim.flow_control.request_queue import RequestQueue
from virtslo.sim.objects.handlers import Handlers
from virtslo.sim.storage.object_store import ObjectStore

REFUSED: Final = "connection refused"
LEASES: Final = "leases"
"""Leader election has a priority level of its own on a real server: it is not crowded out."""
_CHANGES: Final = frozenset({"update", "patch", "delete"})
"""Verbs of which a request may write nothing."""


class Gate:
    """Lets requests through, one after another or not at all."""

    def __init__(
        self,
        clock: Clock,
        capacity: RequestQueue,
        faults: FaultPlan,
        *,
        store: ObjectStore,
        handlers: Handlers,
    ) -> None:
        self._clock = clock
        self._capacity = capacity
        self._store = store
        self._handlers = handlers
        self.faults = faults
        self._is_down = False

    def close(self) -> None:
        """The server goes down."""
        self._is_down = True

    def open(self) -> None:
        """The server is up again."""
        self._is_down = False

    def check_up(self) -> None:
        """Raises ConnectionLost while the server is down."""
        if self._is_down:
            raise ConnectionLost(REFUSED)

    def enter(self, request: Request) -> Awaitable[bool | None] | None:
        """Let a request in: what to await until it has been served, None for at once.

        What was awaited is true if the answer is to be lost. Raises ConnectionLost where the server
        is down, ApiError for a fault or where too much is in flight, at once or when awaited. The
        server may have died since then: what notes the request knows (`Noted.is_cut_off`).
        """
        if self._is_down:
            raise ConnectionLost(REFUSED)
        return self._struck(request) if self.faults.is_active else self._queued(request)

    async def _struck(self, request: Request) -> bool:
        """Meet the faults that are active, then wait to be served."""
        is_lost = await self.faults.meet(request, self._clock)
        served = self._queued(request)
        if served is not None:
            await served
        return is_lost

    def _queued(self, request: Request) -> Awaitable[None] | None:
        """Take a place in the queue: what to await until served, None for at once."""
        if self._capacity.is_instant:
            return None
        verb, what, objects = request.verb, request.resource.plural, 0
        if verb == "list":
            objects = len(self._store.collection(request.resource).objects)
        is_exempt = self._capacity.has_limits and (what == LEASES or MASTERS in request.user.groups)
        if request.subresource:
            what = f"{what}/{request.subresource}"
        if verb in _CHANGES and self._handlers.writes_nothing(request):
            verb = "get"
        return self._capacity.serve(verb, what, objects, is_exempt=is_exempt)
