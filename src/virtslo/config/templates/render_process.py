"""The process that renders templates, as the one that asks it sees it.

Invariant: at most one such process is open in this one, it is asked one thing at a time, and it
outlives neither this process nor a request that is not answered in time.
"""

import atexit
import contextlib
import os
import select
import signal
import subprocess
import sys
import threading
from typing import Final

CHILD: Final = "virtslo.config.templates.render_child"
IDLE_SECONDS: Final = 20.0
"""How long the process waits for a next request before it ends."""
CLOSING_SECONDS: Final = 5.0
CHUNK_BYTES: Final = 1 << 16


class RenderFailed(Exception):
    """The process ended without an answer."""

    def __init__(self, returncode: int, stderr: bytes) -> None:
        super().__init__(f"exit {returncode}")
        self.returncode = returncode
        self.stderr = stderr


class RenderProcess:
    """A process that answers requests until it is closed, or ends for want of them."""

    def __init__(self, idle_seconds: float) -> None:
        # A group of its own, so that what is not answered in time is ended with its fork.
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-P", "-m", CHILD, str(idle_seconds)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            process_group=0,
        )
        self.owner = os.getpid()

    def answer(self, dialect: str, request: bytes, seconds: float) -> bytes:
        """The answer to a request of one line. Raises RenderFailed and TimeoutError."""
        try:
            with contextlib.suppress(BrokenPipeError):
                self._write(f"{dialect}\n".encode() + request + b"\n")
            found = self._read(seconds)
        except BaseException:
            self._kill()
            raise
        if found.endswith(b"\n"):
            return found
        returncode = self._process.wait()
        raise RenderFailed(returncode, self._stderr())

    def _write(self, data: bytes) -> None:
        assert self._process.stdin is not None
        view = memoryview(data)
        while view:
            view = view[self._process.stdin.write(view) :]

    def _read(self, seconds: float) -> bytes:
        """What it answers, to the end of the line or of the process."""
        assert self._process.stdout is not None
        stdout = self._process.stdout.fileno()
        ready = select.poll()
        ready.register(stdout, select.POLLIN)
        chunks: list[bytes] = []
        while not chunks or not chunks[-1].endswith(b"\n"):
            if not ready.poll(seconds * 1000):
                raise TimeoutError
            chunk = os.read(stdout, CHUNK_BYTES)
            if not chunk:
                break
            chunks.append(chunk)
        return b"".join(chunks)

    def _stderr(self) -> bytes:
        assert self._process.stderr is not None
        return self._process.stderr.read() or b""

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self.close()

    def close(self) -> None:
        """End it, and wait for its end."""
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()
        try:
            self._process.wait(CLOSING_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class Renderer:
    """Asks the one process, and starts it where there is none."""

    def __init__(self, idle_seconds: float = IDLE_SECONDS) -> None:
        self._idle_seconds = idle_seconds
        self._lock = threading.Lock()
        self._process: RenderProcess | None = None

    def answer(self, dialect: str, request: bytes, seconds: float) -> bytes:
        """The answer to a request of one line. Raises RenderFailed and TimeoutError."""
        with self._lock:
            is_new = self._process is None or self._process.owner != os.getpid()
            try:
                return self._ask(dialect, request, seconds, is_new=is_new)
            except RenderFailed as failure:
                if is_new or failure.returncode != 0:
                    raise
                # It had ended for want of requests, and had not begun with this one.
                return self._ask(dialect, request, seconds, is_new=True)

    def _ask(self, dialect: str, request: bytes, seconds: float, *, is_new: bool) -> bytes:
        if is_new or self._process is None:
            process = RenderProcess(self._idle_seconds)
        else:
            process = self._process
        self._process = None
        try:
            answer = process.answer(dialect, request, seconds)
        except RenderFailed:
            process.close()
            raise
        self._process = process
        return answer

    def close(self) -> None:
        """End the process, if there is one."""
        with self._lock:
            process, self._process = self._process, None
            if process is not None and process.owner == os.getpid():
                process.close()


RENDERER: Final = Renderer()
"""The renderer of this process."""
atexit.register(RENDERER.close)
