"""`virtslo simulate` in a process of its own, and bytes sent to it that no HTTP client would make.

Invariant: every exchange is bounded in time; what the server logs is kept whole, and the most that
its process held is read before it ends.
"""

import contextlib
import os
import re
import resource
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from support.raw_api import RawApi, real_api

SECONDS: Final = 60.0
"""The longest that an answer is waited for."""
MEMORY: Final = 2 << 30
"""Bytes of address space of the server."""
READ: Final = 1 << 20
_LOGGED: Final = re.compile(r"Traceback|Error handling request|exception was never retrieved")


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer; code 0 where the connection ended without one."""

    code: int
    body: bytes = b""


class SimulatedServer:
    """A running `virtslo simulate`."""

    def __init__(self, api: RawApi, process: "subprocess.Popen[bytes]", log: Path) -> None:
        self.api = api
        self._process = process
        self._log = log
        self._seen = 0
        parts = urlsplit(api.url)
        self.address = (parts.hostname or "", parts.port or 0)
        self._connection: ssl.SSLSocket | None = None

    def head(self, *lines: str) -> bytes:
        """A request's head, with the administrator's token."""
        named = {line.partition(":")[0].lower() for line in lines[1:]}
        ours = {"Host": "localhost", "Authorization": f"Bearer {self.api.token}"}
        beside = [f"{name}: {value}" for name, value in ours.items() if name.lower() not in named]
        given = (*lines, *beside)
        return "".join(f"{line}\r\n" for line in given).encode("latin-1") + b"\r\n"

    def plain(self) -> socket.socket:
        """A connection without TLS."""
        return socket.create_connection(self.address, SECONDS)

    def connected(self) -> ssl.SSLSocket:
        """A connection of its own."""
        return self.api.tls.wrap_socket(self.plain(), server_hostname=self.address[0])

    def exchange(self, head: bytes, body: bytes = b"", *, method: str = "GET") -> Reply:
        """A request on a connection that is kept, and its answer."""
        for _ in range(2):
            if self._connection is None:
                self._connection = self.connected()
            with contextlib.suppress(OSError):
                self._connection.sendall(head + body)
            reply, is_kept = answer_of(self._connection, method)
            if not is_kept:
                self.close()
            if reply.code:
                return reply
        return reply

    def sent(self, data: bytes, *, half_closed: bool = False) -> Reply:
        """Bytes on a connection of their own, and the first answer to them."""
        with self.connected() as connection:
            with contextlib.suppress(OSError):
                connection.sendall(data)
            if half_closed:
                with socket.socket(fileno=os.dup(connection.fileno())) as below:
                    below.shutdown(socket.SHUT_WR)
            return answer_of(connection, "GET")[0]

    def logged(self) -> str:
        """What was logged since the last look and should not have been; empty for nothing."""
        with self._log.open("rb") as file:
            file.seek(self._seen)
            text = file.read().decode("utf-8", "replace")
            self._seen = file.tell()
        return text.strip()[-600:] if _LOGGED.search(text) else ""

    def close(self) -> None:
        """Close the connection that is kept."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def is_running(self) -> bool:
        """Whether the process has not ended."""
        return self._process.poll() is None

    def most_memory(self) -> int:
        """The most resident memory that the process had, MiB."""
        for line in Path(f"/proc/{self._process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) // 1024
        return 0


def answer_of(connection: ssl.SSLSocket, method: str) -> tuple[Reply, bool]:
    """The next answer on a connection, and whether it can be used again."""
    response = HTTPResponse(connection, method=method)
    try:
        response.begin()
        body = response.read(READ)
        return Reply(response.status, body), response.isclosed() and not response.will_close
    except TimeoutError:
        return Reply(0, b"timeout"), False
    except (OSError, HTTPException, ValueError):
        return Reply(0), False
    finally:
        response.close()


@contextmanager
def simulated_server(folder: Path, *arguments: str) -> Iterator[SimulatedServer]:
    """Serve a simulated cluster with limited memory for as long as the context is open."""
    kubeconfig, log = folder / "simulated.kubeconfig", folder / "simulated.log"
    command = [sys.executable, "-m", "virtslo", "simulate", "--kubeconfig", str(kubeconfig)]
    with (
        log.open("wb") as written,
        subprocess.Popen([*command, *arguments], stdout=subprocess.PIPE, stderr=written) as process,
    ):
        try:
            resource.prlimit(process.pid, resource.RLIMIT_AS, (MEMORY, MEMORY))
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith(b"serving "), log.read_text() or line
            server = SimulatedServer(real_api(kubeconfig), process, log)
            yield server
            server.close()
        finally:
            process.terminate()
            try:
                process.wait(SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
