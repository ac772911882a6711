"""Breaking a connection as a dying process does: with a TCP reset, not with close_notify.

Invariant: nothing more is sent on the connection, not even what was written before.
"""

import asyncio
import socket
import struct
from typing import Final

_NO_LINGER: Final = struct.pack("ii", 1, 0)


def reset(transport: asyncio.BaseTransport | None) -> None:
    """Reset a connection, if it is still there; one that is being closed is aborted."""
    if not isinstance(transport, asyncio.Transport):
        return
    if transport.is_closing():  # closed twice, TLS no longer knows its socket
        transport.abort()
        return
    under = transport.get_extra_info("socket")
    if under is not None and under.fileno() >= 0:
        under.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
    transport.abort()
