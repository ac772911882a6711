"""The user's wish to end a run.

Invariant: the first wish ends the load and lets clean-up and the record finish; it is noted once.
"""

from collections.abc import Callable


class Interruption:
    """Asked for from a signal handler, acted upon by the run."""

    def __init__(self) -> None:
        self.reason: str | None = None
        self._acts: list[Callable[[], object]] = []

    @property
    def is_requested(self) -> bool:
        """Whether the user wants the run to end."""
        return self.reason is not None

    def request(self, reason: str) -> None:
        """End the run: what was registered is called, once."""
        if self.reason is None:
            self.reason = reason
            for act in self._acts:
                act()

    def when_requested(self, act: Callable[[], object]) -> None:
        """Call `act` when the wish comes; at once if it has come."""
        self._acts.append(act)
        if self.is_requested:
            act()
