"""How the faults of an API server are played.

Invariant: data survive every one of them; whatever ends a play, the server serves again.
"""

from collections.abc import Mapping

from virtslo.base.errors import ConnectionLost
from virtslo.model.simulated.faults import Fault
from virtslo.ports.fault_play import Play, Span
from virtslo.sim.api_server import ApiServer
from virtslo.sim.faults.request_faults import RESET


def server_plays(server: ApiServer) -> Mapping[str, Play]:
    """What plays each fault of a server, by the fault's name."""

    async def strike_requests(fault: Fault, span: Span) -> None:
        server.faults.begin(fault)
        try:
            await span()
        finally:
            server.faults.end(fault)

    async def drop_watches(_fault: Fault, _span: Span) -> None:
        server.break_watches(ConnectionLost(RESET))

    async def stall_watches(_fault: Fault, span: Span) -> None:
        server.hold_watches()
        try:
            await span()
        finally:
            server.release_watches()

    async def compact(_fault: Fault, _span: Span) -> None:
        server.compact()

    async def restart(_fault: Fault, span: Span) -> None:
        await server.go_down()
        try:
            await span()
        finally:
            await server.come_up()

    of_requests = (
        "latency",
        "too-many-requests",
        "server-error",
        "connection-reset",
        "slow-webhook",
    )
    return {
        **dict.fromkeys(of_requests, strike_requests),
        "dropped-watches": drop_watches,
        "stalled-watches": stall_watches,
        "compaction": compact,
        "api-server-restart": restart,
    }
