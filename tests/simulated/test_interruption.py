"""Runs that are ended: by the user, twice by the user, and by SIGKILL."""

import contextlib
import fcntl
import json
import os
import pty
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from support.cli import only_run, virtslo


def start(runs: Path, *options: str, count: int = 700) -> subprocess.Popen[str]:
    command = [
        sys.executable,
        "-m",
        "virtslo",
        "run",
        "burst",
        "--repeat",
        "1",
        "--simulate",
        "ci",
        *options,
    ]
    return subprocess.Popen(
        [*command, "--count", str(count), "--runs", str(runs)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for_load(process: subprocess.Popen[str], runs: Path) -> None:
    """Return when the run has recorded operations."""
    for _ in range(1200):
        if any(path.stat().st_size for path in runs.glob("*/operations.jsonl.gz")):
            return
        if process.poll() is not None:
            break
        time.sleep(0.05)
    raise AssertionError("the run ended, or never began, before it could be interrupted")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_load_cleans_up_and_saves_the_record(
    tmp_path: Path, number: signal.Signals
) -> None:
    process = start(tmp_path)
    wait_for_load(process, tmp_path)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)

    assert process.returncode == 130, err
    header = json.loads((only_run(tmp_path) / "run.json").read_text())
    assert header["status"] == "interrupted"
    assert not header.get("left_behind")
    assert "interrupted" in out

    again = virtslo("report", str(only_run(tmp_path)), "--format", "json")
    assert again.code == 4
    assert again.document["valid"] is False


def test_a_killed_run_is_reported_as_incomplete_and_never_passes(tmp_path: Path) -> None:
    process = start(tmp_path)
    wait_for_load(process, tmp_path)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)

    shown = virtslo("report", str(only_run(tmp_path)), "--format", "json")

    assert shown.code == 4
    assert shown.document["valid"] is False
    assert "incomplete" in {finding["code"] for finding in shown.document["data_quality"]}


@pytest.mark.parametrize(
    ("number", "inherited", "count", "code"),
    [
        # a shell without job control ignores SIGINT for what it starts in the background
        pytest.param(signal.SIGINT, signal.SIG_IGN, 700, 130, id="in-the-background"),
        pytest.param(signal.SIGHUP, signal.SIG_IGN, 200, 0, id="under-nohup"),
        pytest.param(signal.SIGHUP, signal.SIG_DFL, 700, 130, id="terminal-closed"),
    ],
)
def test_what_a_signal_does_follows_from_how_the_run_was_started(
    tmp_path: Path, number: signal.Signals, inherited: signal.Handlers, count: int, code: int
) -> None:
    before = signal.signal(number, inherited)
    try:
        process = start(tmp_path, count=count)
    finally:
        signal.signal(number, before)
    wait_for_load(process, tmp_path)
    process.send_signal(number)
    _, err = process.communicate(timeout=300)

    assert process.returncode == code, err


def _takes_the_terminal() -> None:
    """Make it the terminal of a new process, which hears of its loss even under nohup."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def test_a_lost_terminal_ends_the_run_which_cleans_up(tmp_path: Path) -> None:
    terminal, theirs = pty.openpty()
    process = subprocess.Popen(
        [
            *[sys.executable, "-m", "virtslo", "run", "burst", "--repeat", "1"],
            *["--simulate", "ci", "--count", "700", "--runs", str(tmp_path)],
        ],
        stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
        preexec_fn=_takes_the_terminal,  # noqa: PLW1509
    )  # fmt: skip
    os.close(theirs)
    os.set_blocking(terminal, False)
    for _ in range(1200):
        with contextlib.suppress(BlockingIOError):
            os.read(terminal, 1 << 16)
        if any(path.stat().st_size for path in tmp_path.glob("*/operations.jsonl.gz")):
            break
        assert process.poll() is None, "the run ended before its terminal was lost"
        time.sleep(0.05)
    os.close(terminal)  # the kernel sends SIGHUP, and every write to the terminal fails from now on

    assert process.wait(timeout=300) == 3, "the answer of an interrupted run could not be written"
    header = json.loads((only_run(tmp_path) / "run.json").read_text())
    assert header["status"] == "interrupted"
    assert not header.get("left_behind")
