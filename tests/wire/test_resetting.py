"""A connection over TLS is reset; one whose end is under way is left to it."""

import asyncio
import contextlib

import pytest

from virtslo.kube.connector import tls_context
from virtslo.plane.authority import Authority, server_context
from virtslo.sim.http.reset import reset


async def is_reset_after(*, closings: int) -> bool:
    """Whether a server got through a reset of a connection that it had closed so many times."""
    authority = Authority()
    done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        is_through = False
        try:
            await reader.readexactly(1)
            for _ in range(closings):
                writer.close()
            reset(writer.transport)
            is_through = True
        finally:
            done.set_result(is_through)

    server = server_context(authority.server("server"))
    async with await asyncio.start_server(serve, "127.0.0.1", 0, ssl=server) as listener:
        port = listener.sockets[0].getsockname()[1]
        tls = tls_context(ca=authority.pem)
        reader, writer = await asyncio.open_connection("localhost", port, ssl=tls)
        writer.write(b"?")
        with contextlib.suppress(ConnectionResetError):
            assert await reader.read() == b""
        writer.transport.abort()
        return await done


@pytest.mark.parametrize("closings", [0, 1, 2])
def test_a_connection_is_reset_however_often_it_was_closed(closings: int) -> None:
    assert asyncio.run(asyncio.wait_for(is_reset_after(closings=closings), 60))
