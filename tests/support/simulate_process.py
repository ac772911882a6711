"""`virtslo simulate` as a user runs it: a process of its own, and the kubeconfig it writes."""

import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SECONDS = 600.0


@contextmanager
def simulate_process(folder: Path, *arguments: str) -> Iterator[Path]:
    """Serve a simulated cluster for as long as the context is open; its kubeconfig."""
    kubeconfig = folder / "kubeconfig"
    command = [sys.executable, "-m", "virtslo", "simulate", "--kubeconfig", str(kubeconfig)]
    with subprocess.Popen(
        [*command, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
    ) as process:
        try:
            assert process.stdout is not None
            line = _first_line(process)
            assert line.startswith("serving "), line or process.communicate(timeout=SECONDS)[1]
            yield kubeconfig
        finally:
            process.terminate()
            try:
                process.communicate(timeout=SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def _first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    lines: queue.Queue[str] = queue.Queue()
    reader = threading.Thread(target=lambda: lines.put(process.stdout.readline()), daemon=True)  # type: ignore[union-attr]
    reader.start()
    try:
        return lines.get(timeout=SECONDS)
    except queue.Empty:
        return ""
