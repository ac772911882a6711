"""What a request meets before it is looked into: a server that is down, faults, and capacity.

Invariant: a request that was under way when the server died gets no answer, whatever it did.
"""

from typing import Final

from virtslo.base.clock import Clock
from virtslo.base.errors import ConnectionLost
from virtslo.sim.api.requests import Request
from virtslo.sim.authorization.authorizer import MASTERS
from virtslo.sim.faults.request_faults import RESET, FaultPlan
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
        self._life = 0

    def close(self) -> None:
        """The server dies: whatever is under way comes to nothing."""
        self._is_down = True
        self._life += 1

    def open(self) -> None:
        """The server is up again."""
        self._is_down = False

    def check_up(self) -> None:
        """Raises ConnectionLost while the server is down."""
        if self._is_down:
            raise ConnectionLost(REFUSED)

    @property
    def takes_time(self) -> bool:
        """Whether a request may take time, or come to nothing."""
        return not self._capacity.is_instant or self._is_down or self.faults.is_active

    async def take_time(self, request: Request) -> bool:
        """Wait, meet faults and be served; whether the answer is to be lost.

        Raises ConnectionLost where the server is down or dies meanwhile, ApiError for a fault or
        where too much is in flight.
        """
        if self._is_down:
            raise ConnectionLost(REFUSED)
        life = self._life
        is_lost = False
        if self.faults.is_active:
            is_lost = await self.faults.meet(request, self._clock)
        objects = 0
        if request.verb == "list":
            objects = len(self._store.collection(request.resource).objects)
        what = request.resource.plural
        if request.subresource:
            what = f"{what}/{request.subresource}"
        verb = request.verb
        if verb in _CHANGES and self._handlers.writes_nothing(request):
            verb = "get"
        is_exempt = request.resource.plural == LEASES or MASTERS in request.user.groups
        served = self._capacity.serve(verb, what, objects, is_exempt=is_exempt)
        if served is not None:
            await served
        if self._life != life:
            raise ConnectionLost(RESET)
        return is_lost
