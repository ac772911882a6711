"""Giving a command what is wrong, and judging how it ended.

Invariant: an attempt that did not hold says why in one sentence; nothing that a command raises
reaches the caller.
"""

import re
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Final

from support.cli import Outcome

SECRET: Final = "hunter2secret"
"""Planted wherever a credential may stand; no output may have it."""
SECONDS: Final = 60
"""CPU time that one command may take: wall time is another matter on a busy machine."""
LONGEST: Final = 50_000
"""Characters of a message."""
DOCUMENTED: Final = frozenset({0, 1, 2, 3, 4})
REFUSED: Final = frozenset({2, 3})
"""Exit codes of what is refused whole."""
NOT_VALID: Final = frozenset({1, 2, 3, 4})
_SAID: Final = re.compile(r"expected|found|Usage: |cannot|no such|unknown|damage", re.IGNORECASE)
_FORBIDDEN: Final = (
    (SECRET, "a secret is in the output"),
    ("Traceback", "a traceback"),
    ("\x1b", "an escape sequence is in the output"),
    ("\u202e", "a change of direction is in the output"),
    ("\x00", "a NUL is in the output"),
)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One input that was tried."""

    promise: str
    """What must hold: `files`, `numbers`, `answers` and so on."""
    given: str
    broken: str = ""
    """Why it did not hold; empty where it did."""


class _TooLong(BaseException):
    """The command did not end in time."""


def judged(
    promise: str,
    given: str,
    run: Callable[[], Outcome],
    *,
    codes: frozenset[int] = DOCUMENTED,
    place: str = "",
) -> Attempt:
    """Run a command and judge its end; a refusal must name `place`, where one is given."""
    try:
        with _time_limit(SECONDS):
            done = run()
    except _TooLong:
        return Attempt(promise, given, f"no end within {SECONDS} s of CPU time")
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        return Attempt(promise, given, f"{type(error).__name__} escaped: {str(error)[:200]}")
    return Attempt(promise, given, broken_by(done, codes=codes, place=place))


def broken_by(done: Outcome, *, codes: frozenset[int] = DOCUMENTED, place: str = "") -> str:
    """What is wrong with how a command ended; empty where nothing is."""
    if done.code not in codes:
        return f"exit code {done.code}: {done.err[-300:].strip()}"
    for sign, words in _FORBIDDEN:
        if sign in done.err or sign in done.out:
            return words
    if len(done.err) > LONGEST:
        return f"a message of {len(done.err)} characters"
    if done.code == 2 and not _SAID.search(done.err):
        return f"no place, found or expected in: {done.err[:200].strip()}"
    if done.code == 2 and place and place not in done.err:
        return f"{place} is not named in: {done.err[:300].strip()}"
    return ""


@contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    def stop(_number: int, _frame: FrameType | None) -> None:
        raise _TooLong

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
