"""The tutorials are run as written: every command of theirs, and what they say it prints."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TUTORIALS = ROOT / "docs" / "tutorials"
BLOCK = re.compile(r"^```(sh|text)\n(.*?)^```", re.DOTALL | re.MULTILINE)
SERVER = "virtslo simulate "
"""A block that begins so runs beside those that follow it."""
INCONCLUSIVE = 4
OF_THEIR_OWN = {"read-a-history.md"}
PAGES = sorted(path.name for path in TUTORIALS.glob("*.md") if path.name not in OF_THEIR_OWN)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", PAGES)
def test_every_command_prints_what_the_page_says(tmp_path: Path, name: str) -> None:
    """Expected lines appear in the output of the block above them, in order, beginnings alone."""
    pairs = list(_pairs((TUTORIALS / name).read_text(encoding="utf-8")))

    assert sum(1 for _, expected in pairs if expected) >= 3
    with _beside(tmp_path, [block for block, _ in pairs if block.startswith(SERVER)]):
        for block, expected in pairs:
            if block.startswith(SERVER):
                continue
            done = _shell(
                block, tmp_path, is_real_time=SERVER in "".join(each for each, _ in pairs)
            )
            position = 0
            for line in expected:
                position = done.find(line, position)
                assert position >= 0, f"{block}{line!r} is not in\n{done}"


def _pairs(page: str) -> Iterator[tuple[str, list[str]]]:
    """Each block of commands with the lines of the text block that follows it."""
    command = ""
    for kind, text in BLOCK.findall(page):
        if kind == "sh":
            if command:
                yield command, []
            command = text
        elif command:
            yield command, text.splitlines()
            command = ""
    if command:
        yield command, []


def _shell(block: str, folder: Path, *, is_real_time: bool) -> str:
    """What a shell prints for a block, on either stream.

    In real time a busy machine may make a generator late, and a run inconclusive by that.
    """
    done = subprocess.run(
        ["/bin/sh", "-c", block],
        cwd=folder,
        env=_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=240,
        check=False,
    )
    is_late = is_real_time and done.returncode == INCONCLUSIVE and "lateness" in done.stdout
    assert done.returncode == 0 or is_late, f"{block}\n{done.stdout}"
    return done.stdout


@contextmanager
def _beside(folder: Path, servers: list[str]) -> Iterator[None]:
    """The servers of a page, each asked to end when the page has been run."""
    if not servers:
        yield
        return
    (server,) = servers
    process = subprocess.Popen(
        ["/bin/sh", "-c", f"exec {server}"],
        cwd=folder,
        env=_environment(),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("serving the simulated cluster")
        yield
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)


def _environment() -> dict[str, str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "COLUMNS": "120", "HOME": os.environ.get("HOME", "/")}
