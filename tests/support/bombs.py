"""Texts that gzip makes small, for what must bound what it unfolds.

Invariant: each is made once, and only when it is wanted: compressing one takes a second.
"""

import gzip
from functools import cache


@cache
def bomb(byte: bytes, count: int) -> bytes:
    """A byte `count` times, compressed."""
    return gzip.compress(byte * count)
