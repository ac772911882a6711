"""Processes of a control plane: started, looked at, paused, killed, and always ended.

Invariant: only processes that were started here are ever signalled; each logs to a file of its own,
has a process group of its own, and ends with the process that started it.
"""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from virtslo.base.errors import ClusterError

GRACE_SECONDS: Final = 15.0
SHOWN_LINES: Final = 15
_POLL_SECONDS: Final = 0.1
_BOUND: Final = str(Path(__file__).with_name("bound_process.py"))
_given: Final[set[int]] = set()
"""Ports that this process has given away."""


def free_ports(count: int) -> list[int]:
    """Ports of loopback that nothing listens on now, and that were not given before: of two planes
    that start at once neither listens yet."""
    sockets: list[socket.socket] = []
    found: list[int] = []
    try:
        while len(found) < count:
            one = socket.socket()
            sockets.append(one)
            one.bind(("127.0.0.1", 0))
            port = one.getsockname()[1]
            if port not in _given:
                found.append(port)
        _given.update(found)
        return found
    finally:
        for one in sockets:
            one.close()


def is_free(port: int) -> bool:
    """Whether nothing listens on a port of loopback."""
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


@dataclass
class Process:
    """One program that can be started more than once."""

    name: str
    arguments: Sequence[str]
    log: Path
    host: str = ""
    """A host name of its own, which tells replicas that elect a leader apart."""
    environment: Mapping[str, str] = field(default_factory=dict)
    _running: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process's id. Raises ClusterError where it was not started."""
        if self._running is None:
            raise ClusterError(f"{self.name} was not started")
        return self._running.pid

    @property
    def is_running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._running is not None and self._running.poll() is None

    @property
    def has_ended(self) -> bool:
        """Whether it ended by itself."""
        return self._running is not None and self._running.poll() is not None

    def start(self) -> None:
        """Start it, from the main thread: the kernel ends it with the thread that started it."""
        with self.log.open("ab") as log:
            self._running = subprocess.Popen(  # noqa: S603  programs of ours, without a shell
                [
                    *(sys.executable, "-I", "-S", _BOUND),
                    *(str(os.getpid()), self.host, *self.arguments),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **self.environment},
                cwd=self.log.parent,
                start_new_session=True,
            )

    def pause(self) -> None:
        """Make it stand still."""
        os.kill(self.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it run again."""
        os.kill(self.pid, signal.SIGCONT)

    def kill(self) -> None:
        """End it without a warning."""
        if self._running is not None:
            self._running.kill()
            self._running.wait()
            self._running = None

    def ask_to_end(self) -> None:
        """Ask it to end; `stop` waits for that."""
        if self._running is not None and self._running.poll() is None:
            self._running.send_signal(signal.SIGCONT)
            self._running.terminate()

    def stop(self) -> None:
        """End it, with grace."""
        running = self._running
        if running is None:
            return
        self.ask_to_end()
        try:
            running.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()
        self._running = None

    def last_words(self, lines: int = SHOWN_LINES) -> str:
        """The end of its log."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join([f"{self.name}:", *text.splitlines()[-lines:]])

    async def wait_until_served(self, port: int, *, seconds: float) -> None:
        """Wait until it accepts connections. Raises ClusterError with its last words."""
        for _ in range(int(seconds / _POLL_SECONDS)):
            if self.has_ended:
                break
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(_POLL_SECONDS)
            else:
                writer.close()
                return
        raise self.failure(f"does not serve after {seconds:.0f} s")

    def failure(self, words: str) -> ClusterError:
        """An error that says how it failed, with its last words."""
        code = self._running.poll() if self._running is not None else None
        what = words if code is None else f"ended with code {code}"
        return ClusterError(
            f"{self.name} {what}; its last words:\n{_indented(self.last_words())}",
            hint=f"all of its log: {self.log}" if self.log.exists() else "",
        )


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines()[1:]) or "    (none)"
