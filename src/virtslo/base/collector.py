"""How seldom Python's garbage collector looks for cycles.

Invariant: what was set before is set again afterwards, whatever happened between.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

THRESHOLDS: Final = (50_000, 20, 20)
"""A run keeps most of what it makes, and little of it in cycles. With Python's own thresholds
imports, reading and reporting look for cycles two hundred times, and twenty times through all that
a simulation kept: a twelfth of a run's CPU time; a simulation itself would be a sixth slower."""


@contextmanager
def seldom_collecting() -> Iterator[None]:
    """Have the garbage collector look for cycles seldom, and as before afterwards."""
    before = gc.get_threshold()
    gc.set_threshold(*THRESHOLDS)
    try:
        yield
    finally:
        gc.set_threshold(*before)
