"""Processes of a plane: they end with what started them, and nothing of them is left."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from virtslo.base.errors import ClusterError
from virtslo.plane.processes import Process, free_ports, is_free

PARENT = """
import subprocess, sys, time
from pathlib import Path
from virtslo.plane.control_plane import _keep
from virtslo.plane.processes import Process
folder = Path(sys.argv[1])
keeper = _keep((folder,))
child = Process("sleeper", ("/bin/sleep", "600"), folder / "sleeper.log")
child.start()
print(child.pid, keeper.pid, flush=True)
time.sleep(600)
"""


def is_alive(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def until_gone(*pids: int) -> bool:
    for _ in range(600):
        if not any(map(is_alive, pids)):
            return True
        time.sleep(0.05)
    return False


def process(tmp_path: Path, script: str) -> Process:
    return Process("dummy", ("/bin/sh", "-c", script), tmp_path / "dummy.log")


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal is Linux's")
def test_sigkill_of_the_parent_leaves_no_process_and_no_folder(tmp_path: Path) -> None:
    folder = tmp_path / "plane"
    folder.mkdir()
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(folder)], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    child, keeper = map(int, parent.stdout.readline().split())
    assert is_alive(child)

    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    parent.stdout.close()

    assert until_gone(child, keeper)
    assert not folder.exists()


def test_a_program_has_a_session_of_its_own(tmp_path: Path) -> None:
    started = process(tmp_path, "sleep 600")
    started.start()
    try:
        assert os.getsid(started.pid) == started.pid != os.getsid(0)
    finally:
        started.stop()

    assert not started.is_running


async def test_a_program_that_ends_says_its_code_and_its_last_words(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    started = process(tmp_path, "echo first; echo no such flag >&2; exit 3")
    started.start()

    with pytest.raises(ClusterError) as failure:
        await started.wait_until_served(port, seconds=60)

    assert "dummy ended with code 3" in failure.value.message
    assert "no such flag" in failure.value.message


def test_a_paused_program_is_ended_too(tmp_path: Path) -> None:
    started = process(tmp_path, "sleep 600")
    started.start()
    started.pause()
    started.stop()

    assert not started.is_running
    assert is_free(free_ports(1)[0])
