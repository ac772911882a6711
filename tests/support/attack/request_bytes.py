"""Bytes that are no HTTP, or HTTP that no client writes: heads, lengths, chunks, half-closing."""

import contextlib
import socket
import ssl
from collections.abc import Callable, Iterator
from typing import Final

from support.attack.wire import Reply, SimulatedServer, answer_of
from support.bombs import bomb

Send = Callable[[], Reply]
PIPELINED: Final = 200
OPEN: Final = 150
"""Connections that are opened and say nothing."""
_LENGTHS: Final = (
    "-1", "+1", "x", "", "1, 2", "0x10", "9" * 5000, "1e3", " 5", "5\r\nContent-Length: 6",
)  # fmt: skip
_CODINGS: Final = ("x", "gzip", "chunked, chunked", "identity", "chunked\r\nContent-Length: 3", "")
_CHUNKS: Final = (
    b"x\r\n", b"-1\r\n", b"ffffffffffffffffff\r\n", b"5\r\nab\r\n0\r\n\r\n", b"0\r\nA\r\n\r\n",
    b"1;" + b"a" * 70_000 + b"\r\n", b"1\r\na", b"5\nabcde\n0\n\n", b"\x00\r\n", b"0\r\n",
    b"1\r\n{\r\n" * 20_000 + b"0\r\n\r\n",
)  # fmt: skip
_HEADS: Final = (
    "GET", "GET /", "GET / HTTP", "GET / HTTP/9.9", "GET / HTTP/1.1 x", "GET  / HTTP/1.1",
    "GET\t/ HTTP/1.1", "G\x00T / HTTP/1.1", "GET /\x00 HTTP/1.1", "GET /\xff HTTP/1.1", "\x00",
    "GET / HTTP/0.9", "PRI * HTTP/2.0", "CONNECT x:1 HTTP/1.1", "OPTIONS * HTTP/1.1",
    "GET x HTTP/1.1", "GET http:///// HTTP/1.1", "GET http://[ HTTP/1.1", "(GET) / HTTP/1.1",
    f"GET /{'a' * 20_000} HTTP/1.1", f"{'A' * 20_000} / HTTP/1.1", "GET //[/ HTTP/1.1",
    "GET http://[::1/api HTTP/1.1", "GET http://x:y/api HTTP/1.1", "GET ?x HTTP/1.1",
    "GET http://x:99999/api/v1/pods HTTP/1.1", "GET /%25%00 HTTP/1.1", "GET :// HTTP/1.1",
)  # fmt: skip
_LINES: Final = (
    "no colon", ": no name", "a b: c", "a\x00: b", "a: b\x00c", "a: b\rc", " folded: x",
    "a: \x01\x7f", "\xff: \xff", f"a: {'b' * 20_000}", f"{'a' * 20_000}: b", "a:\tb\x0b", "a : b",
    "[a]: b", "a: \ud7ff".encode("utf-8").decode("latin-1"), "Host: x", "Authorization: x",
)  # fmt: skip


def byte_streams(server: SimulatedServer) -> Iterator[tuple[str, Send]]:
    """What is sent, and the sending."""
    post = "POST /api/v1/namespaces/default/configmaps HTTP/1.1"
    for line in _HEADS:
        yield f"head {line[:30]!r}", _sent(server, server.head(line))
    for line in _LINES:
        data = server.head("GET /version HTTP/1.1", line)
        yield f"header {line[:30]!r}", _sent(server, data)
    many = [f"x-{number}: y" for number in range(10_000)]
    yield "10 000 headers", _sent(server, server.head("GET /version HTTP/1.1", *many))
    for length in _LENGTHS:
        data = server.head(post, f"Content-Length: {length}") + b"{}"
        yield f"length {length[:20]!r}", _sent(server, data, half_closed=True)
    for coding in _CODINGS:
        data = server.head(post, f"Transfer-Encoding: {coding}") + b"1\r\n{\r\n0\r\n\r\n"
        yield f"coding {coding!r}", _sent(server, data, half_closed=True)
    for chunk in _CHUNKS:
        data = server.head(post, "Transfer-Encoding: chunked") + chunk
        yield f"chunk {chunk[:20]!r}", _sent(server, data, half_closed=True)
    packed = bomb(b" ", 256 << 20)
    head = server.head(post, "Content-Encoding: gzip", f"Content-Length: {len(packed)}")
    yield "a bomb of gzip", _sent(server, head + packed)
    for name, data in _junk(server).items():
        yield name, _sent(server, data)
        yield f"{name}, half closed", _sent(server, data, half_closed=True)
    yield "many requests on one connection", lambda: _pipelined(server)
    yield "plain HTTP", lambda: _plain(server, server.head("GET /version HTTP/1.1"))
    yield "no TLS at all", lambda: _plain(server, b"\x16\x03\x01\xff\xff" + b"\x00" * 400)
    yield "connections that say nothing", lambda: _silent(server, b"")
    yield "half heads", lambda: _silent(server, b"GET /version HT")
    body = server.head(post, "Content-Length: 3000000") + b"{" * 1000
    yield "half bodies", lambda: _silent(server, body)
    yield (
        "watches that are left",
        lambda: _silent(server, server.head("GET /api/v1/events?watch=1 HTTP/1.1")),
    )


def _junk(server: SimulatedServer) -> dict[str, bytes]:
    post = "POST /api/v1/namespaces/default/configmaps HTTP/1.1"
    return {
        "nothing": b"", "NUL": b"\x00" * 5000, "every byte": bytes(range(256)) * 40,
        "lines alone": b"\r\n" * 5000, "a long line": b"A" * 200_000, "HTTP/2": (
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00"
        ),
        "half a body": server.head(post, "Content-Length: 100") + b"{}",
        "more than was said": server.head(post, "Content-Length: 2") + b"{}}}}}}",
        "a waiting body": server.head(post, "Content-Length: 2", "Expect: 100-continue"),
    }  # fmt: skip


def _sent(server: SimulatedServer, data: bytes, *, half_closed: bool = False) -> Send:
    # Where the server waits for the rest, the end of the connection is its answer.
    return lambda: _waited_for(server, data, half_closed)


def _waited_for(server: SimulatedServer, data: bytes, half_closed: bool) -> Reply:
    with server.connected() as connection:
        connection.settimeout(1.0)
        with contextlib.suppress(OSError):
            connection.sendall(data)
        if half_closed:
            _half_close(connection)
        return _or_silence(answer_of(connection, "GET")[0])


def _half_close(connection: ssl.SSLSocket) -> None:
    with (
        socket.socket(fileno=socket.dup(connection.fileno())) as below,
        contextlib.suppress(OSError),
    ):
        below.shutdown(socket.SHUT_WR)


def _or_silence(reply: Reply) -> Reply:
    return Reply(reply.code) if reply.body == b"timeout" else reply


def _pipelined(server: SimulatedServer) -> Reply:
    """Many requests before the first answer is read; the last answer."""
    with server.connected() as connection:
        connection.sendall(server.head("GET /version HTTP/1.1") * PIPELINED)
        reply = Reply(0)
        file = connection.makefile("rb")
        for _ in range(PIPELINED):
            line = file.readline()
            if not line.startswith(b"HTTP/1.1 200"):
                return Reply(500, b"pipelined: " + line)
            length = 0
            while (header := file.readline().strip()) != b"":
                name, _, value = header.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
            reply = Reply(200, file.read(length))
        return reply


def _plain(server: SimulatedServer, data: bytes) -> Reply:
    with server.plain() as connection, contextlib.suppress(OSError):
        connection.settimeout(1.0)
        connection.sendall(data)
        connection.recv(1000)
    return Reply(0)


def _silent(server: SimulatedServer, data: bytes) -> Reply:
    """Many connections that go no further, while another is answered."""
    with contextlib.ExitStack() as opened:
        for _ in range(OPEN):
            connection = opened.enter_context(server.connected())
            connection.sendall(data)
        return server.sent(server.head("GET /version HTTP/1.1", "Connection: close"))
