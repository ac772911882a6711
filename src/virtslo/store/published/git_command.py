"""git, run in a clone that may be hostile.

Invariant: no program that the clone's configuration names is started, nothing is fetched, and what
git prints has a limit in time and in size.
"""

import subprocess
import tempfile
import threading
from pathlib import Path
from typing import IO, Final

from virtslo.base.errors import StoreError
from virtslo.base.limits import GIT_ANSWER, GIT_TIME
from virtslo.base.plain_text import shown_text

_OVER_ITS_OWN: Final = (
    "--no-pager", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null",
    "-c", "log.showSignature=false", "-c", "protocol.allow=never",
)  # fmt: skip
"""Settings over the clone's own, which may name programs: one that checks signatures, a hook."""
_ENVIRONMENT: Final = {
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
    "PATH": "/usr/local/bin:/usr/bin:/bin",
}


def git_process(
    clone: Path, *arguments: str, stderr: "int | IO[bytes]"
) -> "subprocess.Popen[bytes]":
    """git in a clone, with pipes to its input and from its output. Raises StoreError."""
    try:
        return subprocess.Popen(  # noqa: S603 - a fixed command; the path is an argument
            ["git", *_OVER_ITS_OWN, "-C", str(clone), *arguments],  # noqa: S607 - by our PATH
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=_ENVIRONMENT,
        )
    except (OSError, ValueError) as error:
        raise unreadable(clone, getattr(error, "strerror", None) or str(error)) from error


def said_by_git(clone: Path, *arguments: str) -> bytes:
    """What git prints. Raises StoreError where it fails, and where a limit is met."""
    with (
        tempfile.TemporaryFile() as words,
        git_process(clone, *arguments, stderr=words) as process,
    ):
        said, is_late = _read(process)
        if len(said) > GIT_ANSWER.most:
            raise unreadable(clone, f"git {arguments[0]} prints more than {GIT_ANSWER.amount}")
        if is_late:
            raise unreadable(clone, f"git {arguments[0]} does not end within {GIT_TIME.amount}")
        if process.returncode != 0:
            words.seek(0)
            first = words.read(4096).decode("utf-8", "replace").strip().partition("\n")[0]
            raise unreadable(clone, shown_text(first) or "git failed")
    return said


def _read(process: "subprocess.Popen[bytes]") -> tuple[bytes, bool]:
    """What a process prints, up to a byte past the limit, and whether its time ran out.

    It has ended then, whatever came of it.
    """
    assert process.stdout is not None
    late = threading.Event()

    def stop() -> None:
        late.set()
        process.kill()

    timer = threading.Timer(GIT_TIME.most, stop)
    timer.start()
    try:
        said = process.stdout.read(GIT_ANSWER.most + 1)
        if len(said) <= GIT_ANSWER.most:
            process.wait()
    finally:
        timer.cancel()
        process.kill()
        process.wait()
    return said, late.is_set()


def unreadable(clone: Path, reason: str) -> StoreError:
    """The error of a clone that cannot be read."""
    return StoreError(
        f"cannot read the git clone {str(clone)!r}: {reason}",
        hint="name the folder with the results itself to read it without its history",
    )
