"""A PostgreSQL of its own for a test session: on a Unix socket, in a folder that is removed."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

USER = "postgres"


def _program(name: str) -> str | None:
    packaged = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(packaged[-1]) if packaged else shutil.which(name)


def missing() -> str:
    """Why no PostgreSQL can be started here; empty if it can."""
    if _program("initdb") is None or _program("postgres") is None:
        return "no PostgreSQL: install Debian's postgresql"
    if os.geteuid() == 0 and USER not in {entry.pw_name for entry in pwd.getpwall()}:
        return f"PostgreSQL does not run as root, and there is no user {USER}"
    return ""


@contextmanager
def running() -> Iterator[str]:
    """The URL of a fresh database."""
    user = USER if os.geteuid() == 0 else None
    home = Path(tempfile.mkdtemp(prefix="virtslo-pg-"))
    if user is not None:
        shutil.chown(home, user)
    data = home / "data"
    _run("initdb", "-D", str(data), "-U", USER, "-A", "trust", "-E", "UTF8", "-N", user=user)
    options = f"-c listen_addresses= -c fsync=off -k {home}"
    _run("pg_ctl", "-D", str(data), "-w", "-l", str(home / "log"), "-o", options, "start",
         user=user)  # fmt: skip
    try:
        yield f"postgresql://{USER}@/postgres?host={home}"
    finally:
        _run("pg_ctl", "-D", str(data), "-w", "-m", "immediate", "stop", user=user)
        shutil.rmtree(home, ignore_errors=True)


def _run(name: str, *arguments: str, user: str | None) -> None:
    program = _program(name)
    assert program is not None
    done = subprocess.run(
        [program, *arguments],
        user=user,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        cwd="/",
        check=False,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
