"""How a fault is played: what makes it happen, and for how long.

Invariant: whatever ends a play, what it broke is whole again when it returns.
"""

from collections.abc import Awaitable, Callable

from virtslo.model.simulated.faults import Fault

Span = Callable[[], Awaitable[None]]
"""Returns when the fault's time is over: its length, or its stage."""

Play = Callable[[Fault, Span], Awaitable[None]]
"""Plays a fault once."""
