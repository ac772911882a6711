"""How much asyncio keeps for each TLS connection.

Invariant: one value for the whole process, whichever side of a connection it is on: asyncio has it
on the class of every connection, so two values would hold by the order in which sides are opened.
"""

from asyncio import sslproto
from typing import Final

TLS_BUFFER_BYTES: Final = 1 << 14
"""What one read of a TLS connection takes at most: a TLS record. asyncio keeps a buffer of this
size for each connection, and so for each watch, which reads nothing; its own is 256 KiB."""


def keep_tls_buffers_small() -> None:
    """Give every TLS connection that this process opens or accepts from now on a small buffer."""
    sslproto.SSLProtocol.max_size = TLS_BUFFER_BYTES
