"""Where the API server's audit log can be read.

Invariant: every whole line is handed over once, in the order written, however the log is rotated or
compressed meanwhile; what was there before `skip` is left out.
"""

from collections.abc import Callable
from typing import Protocol

Take = Callable[[bytes], None]
"""What is done with a line."""


class AuditLogSource(Protocol):
    """An audit log that grows. Raises StoreError."""

    @property
    def place(self) -> str:
        """Where it is, for people."""
        ...

    async def skip(self) -> None:
        """Leave out what has been written so far."""
        ...

    async def collect(self, take: Take) -> None:
        """Hand over every whole line written since the last call."""
        ...
