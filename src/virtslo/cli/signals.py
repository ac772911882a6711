"""Ctrl-C, SIGTERM, and the terminal that goes away (SIGHUP).

Invariant: the first signal ends the load and lets clean-up and the record finish; the second
stops the process at once, with words on what is left and how to remove it.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from virtslo.app.run.interruption import Interruption

INTERRUPTED = 130
SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def heeded() -> list[signal.Signals]:
    """The signals that end a command; SIGHUP not where it is ignored, as under nohup."""
    return [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]


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
