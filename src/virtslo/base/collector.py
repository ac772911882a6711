"""How seldom Python's garbage collector looks for cycles.

Invariant: what was set before is set again afterwards, whatever happened between, unless this
process is a command of ours and nothing else: what such a process made last is given back with it.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

THRESHOLDS: Final = (50_000, 20, 20)
"""A run keeps most of what it makes, and little of it in cycles. With Python's own thresholds
imports, reading and reporting look for cycles two hundred times."""
OF_SIMULATIONS: Final = (2_000_000, 20, 20)
"""What a simulation makes it keeps, and none of it is a cycle before its end: twenty minutes of
churn left 543 objects in cycles, and 209 640 were one when they ended."""


class Collecting:
    """How this process collects."""

    def __init__(self) -> None:
        self._is_seldom = False

    def be_seldom(self) -> None:
        """From now on and to the end of this process, look for cycles seldom."""
        self._is_seldom = True
        gc.set_threshold(*THRESHOLDS)

    @contextmanager
    def for_a_simulation(self) -> Iterator[None]:
        """Hardly look for cycles while a simulation goes on; an earlier one is given back first."""
        before = gc.get_threshold()
        if gc.get_count()[0] > THRESHOLDS[0]:
            gc.collect()
        gc.set_threshold(*OF_SIMULATIONS)
        try:
            yield
        finally:
            if not self._is_seldom:
                gc.set_threshold(*before)

    @contextmanager
    def for_a_report(self) -> Iterator[None]:
        """Hardly look for cycles while records are read and reported: they are in none."""
        before = gc.get_threshold()
        gc.set_threshold(*OF_SIMULATIONS)
        try:
            yield
        finally:
            gc.set_threshold(*before)

    def keep(self, *values: object) -> None:
        """Keep what is large to the end of this process, if that is near: it is a command.

        What is given back piece by piece takes as long as to make it; the system takes all at once.
        """
        if self._is_seldom:
            kept: list[object] = [*values]
            kept.append(kept)  # a cycle: nothing but the collector, which `end` stops, frees it

    def end(self) -> None:
        """Look for cycles no more: this process ends, and all that it has ends with it."""
        gc.disable()
        gc.freeze()


COLLECTING: Final = Collecting()
"""How this process collects."""
