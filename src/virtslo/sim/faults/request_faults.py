"""Which requests a fault strikes, and how: the part of faults that chance decides.

Invariant: only faults whose time has come draw a chance, each from a stream of its own, so that no
fault changes whom another one strikes. The store's data are never touched.
"""

from collections.abc import Sequence
from random import Random
from typing import Final

from virtslo.base.clock import Clock, sleep
from virtslo.base.errors import ConnectionLost, ServerFailure, TooManyRequests
from virtslo.model.simulated.faults import Fault
from virtslo.sim.admission.webhooks import webhook_of
from virtslo.sim.api.requests import Request

WEBHOOK_LIMIT: Final = 10.0
"""How long the API server waits for an answer of KubeVirt's webhooks, seconds."""
RESET: Final = "connection reset by peer"


class FaultPlan:
    """The faults of one server that strike single requests."""

    def __init__(self, faults: Sequence[Fault] = (), *, seed: int = 0) -> None:
        self.faults = tuple(faults)
        self._active: dict[int, Fault] = {}
        self.is_active = False
        """Whether any request may be struck now."""
        self._chances = [
            Random(f"{seed}:fault:{index}:{fault.name}") for index, fault in enumerate(faults)
        ]

    def begin(self, fault: Fault) -> None:
        """From now on a fault strikes."""
        self._active[self._index(fault)] = fault
        self.is_active = True

    def end(self, fault: Fault) -> None:
        """From now on it strikes no more."""
        self._active.pop(self._index(fault), None)
        self.is_active = bool(self._active)

    async def meet(self, request: Request, clock: Clock) -> bool:
        """Let a request meet every active fault; whether its answer is to be lost.

        Raises what it is answered with: ApiError, or ConnectionLost for no answer at all.
        """
        is_lost = False
        for index in sorted(self._active):
            fault = self._active.get(index)
            if fault is None or not self._strikes(index, fault, request):
                continue
            if fault.name == "connection-reset":
                if self._chances[index].random() >= fault.values["served"]:
                    raise ConnectionLost(RESET)
                is_lost = True
            else:
                await _strike(fault, request, clock)
        return is_lost

    def _strikes(self, index: int, fault: Fault, request: Request) -> bool:
        if fault.name == "slow-webhook" and webhook_of(request) is None:
            return False
        return self._chances[index].random() < fault.values["rate"]

    def _index(self, fault: Fault) -> int:
        return next(index for index, each in enumerate(self.faults) if each is fault)


async def _strike(fault: Fault, request: Request, clock: Clock) -> None:
    values = fault.values
    if fault.name == "too-many-requests":
        raise TooManyRequests(
            "Too many requests, please try again later.", retry_after_seconds=values["retry"]
        )
    if fault.name == "server-error":
        raise _failure(int(values["code"]))
    delay = values["delay"]
    fails = fault.name == "slow-webhook" and delay >= WEBHOOK_LIMIT
    await sleep(clock, WEBHOOK_LIMIT if fails else delay)
    if fails:
        raise ServerFailure(
            f'Internal error occurred: failed calling webhook "{webhook_of(request)}": failed to '
            f"call webhook: context deadline exceeded",
            reason="InternalError",
        )


def _failure(code: int) -> ServerFailure:
    if code == 503:
        words = "the server is currently unable to handle the request"
        return ServerFailure(words, code=503, reason="ServiceUnavailable")
    if code == 504:
        words = "Timeout: request did not complete within the allotted timeout"
        return ServerFailure(words, code=504, reason="Timeout")
    return ServerFailure(
        "Internal error occurred: a fault was asked for", code=code, reason="InternalError"
    )
