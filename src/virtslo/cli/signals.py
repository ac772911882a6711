"""Ctrl-C, SIGTERM, and the terminal that goes away (SIGHUP).

Invariant: the first signal ends the load and lets clean-up and the record finish; the second
stops the process at once, with words on what is left and how to remove it.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Final

from virtslo.app.run.interruption import Interruption

INTERRUPTED = 130
SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


_left_to_parent: set[signal.Signals] = set()


def leave_to_parent(numbers: Iterable[signal.Signals]) -> None:
    """Ignore these signals in this process: its parent ends it by SIGTERM instead."""
    _left_to_parent.update(numbers)


def heeded() -> list[signal.Signals]:
    """The signals that end a command.

    SIGHUP only where it is not ignored, as under nohup. SIGINT also where it is: a shell without
    job control starts what runs in the background so, and it can still be asked to end.
    """
    ignored = set(_left_to_parent)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        ignored.add(signal.SIGHUP)
    return [number for number in SIGNALS if number not in ignored]


@contextmanager
def handled_signals(interruption: Interruption, last_words: Callable[[], str]) -> Iterator[None]:
    """While this is open, a signal asks `interruption`; a second one ends the process."""

    def handle(number: int, _frame: object) -> None:
        if not interruption.is_requested:
            interruption.request(f"ended by the user ({signal.Signals(number).name})")
            return
        sys.stderr.write(f"\nvirtslo: {last_words()}\n")
        sys.stderr.flush()
        os._exit(INTERRUPTED)

    previous = {number: signal.signal(number, handle) for number in heeded()}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
