"""Where a run's raw facts go while it runs.

Invariant: append-only; what has been flushed survives a killed process, and nothing waits longer
than two seconds for that.
"""

from typing import Protocol

from virtslo.model.run.observations import Observation
from virtslo.model.run.operations import OperationRecord
from virtslo.model.run.record import HostFacts, RunHeader
from virtslo.model.run.rest_calls import RestCallReads


class RunRecorder(Protocol):
    """A run's record, open for writing. Raises StoreError."""

    @property
    def directory(self) -> str:
        """Where the record is, for people."""
        ...

    def write_header(self, header: RunHeader) -> None:
        """Replace `run.json` atomically."""
        ...

    def write_host(self, host: HostFacts) -> None:
        """Replace `host.json` atomically."""
        ...

    def add_operation(self, operation: OperationRecord) -> None:
        """Append one operation."""
        ...

    def add_observation(self, observation: Observation) -> None:
        """Append one observation."""
        ...

    def write_rest_calls(self, rest_calls: RestCallReads) -> None:
        """Replace `rest_calls.json` atomically."""
        ...

    def flush_old(self) -> None:
        """Flush what has waited for a second; called every second while a run goes on."""
        ...

    def close(self) -> None:
        """Flush everything and close."""
        ...
