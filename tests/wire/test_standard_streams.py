"""Streams that cannot be written to, and a terminal that goes away."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = f"{sys.executable} -m virtslo"


def code_of(line: str) -> tuple[int, str]:
    command = ["/bin/sh", "-c", f"{COMMAND} {line}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("schema > /dev/full", 3),
        ("schema >&-", 3),
        ("schema > /dev/full 2>&1", 3),
        ("report nothing-here 2> /dev/full", 3),
        ("report nothing-here 2>&-", 3),
        ("run nothing-here.yaml 2> /dev/full", 2),
        ("schema | head -c 1 >/dev/null", 0),
    ],
)
def test_what_cannot_be_written_is_no_pass_and_no_violation(line: str, code: int) -> None:
    found, said = code_of(line)

    assert found == code, said
    assert "Traceback" not in said


@pytest.mark.parametrize(("arguments", "code"), [(["schema"], 0), (["report", "nothing"], 3)])
def test_a_reader_that_left_changes_no_exit_code(arguments: list[str], code: int) -> None:
    """click makes 1 of a broken pipe, which is the code of a violated objective."""
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [*COMMAND.split(), *arguments], stdout=writer, stderr=subprocess.PIPE, check=False
    )
    os.close(writer)

    assert done.returncode == code, done.stderr
    assert b"Traceback" not in done.stderr
