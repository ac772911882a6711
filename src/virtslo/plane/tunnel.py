"""A tunnel for an API server whose pods are processes of this machine.

Invariant: whatever address it is asked for, it connects to the same port of loopback; nothing else
is ever reached. Run as a program, with the path of its socket.
"""

import asyncio
import contextlib
import sys

OK = b"HTTP/1.1 200 Connection established\r\n\r\n"
REFUSED = b"HTTP/1.1 502 Bad Gateway\r\n\r\n"


async def serve(path: str) -> None:
    """Tunnel until the process ends."""
    server = await asyncio.start_unix_server(_tunnel, path)
    async with server:
        await server.serve_forever()


async def _tunnel(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    line = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n", 1)[0].decode()
    port = int(line.split()[1].rpartition(":")[2])
    try:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        writer.write(REFUSED)
        writer.close()
        return
    writer.write(OK)
    async with asyncio.TaskGroup() as group:
        group.create_task(_copy(reader, inner_writer))
        group.create_task(_copy(inner_reader, writer))


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    writer.close()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1]))
