"""The seam to a history database.

Invariant: a run is identified by its job and id; storing it again changes nothing, unless its
content hash differs. Several processes may write at once.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from virtslo.model.history.checkpoints import CheckpointKey, KeptCheckpoint
from virtslo.model.history.runs import HistoryRun, Lineage, LineageSummary, StoreOutcome


class HistoryStore(Protocol):
    """A history of runs."""

    @property
    def location(self) -> str:
        """Where it is, without a password."""
        ...

    def put(self, runs: Iterable[HistoryRun]) -> StoreOutcome:
        """Add or update runs, all in one transaction. Raises StoreError."""
        ...

    def lineages(self) -> Sequence[LineageSummary]:
        """Every lineage, by name. Raises StoreError."""
        ...

    def load(self, lineage: str) -> Lineage:
        """The runs and series of a lineage. Raises StoreError if there is none of the name."""
        ...

    def checkpoints(self, lineage: str) -> Mapping[CheckpointKey, KeptCheckpoint]:
        """What the detector of changes has kept of a lineage. Raises StoreError."""
        ...

    def keep_checkpoints(self, lineage: str, fresh: Mapping[CheckpointKey, KeptCheckpoint]) -> None:
        """Keep more of it, if the history may be written now; nothing depends on it."""
        ...

    def find(self, run_id: str) -> Sequence[HistoryRun]:
        """The runs of this id, whole, whatever their jobs. Raises StoreError."""
        ...

    def close(self) -> None:
        """Let go of the database."""
        ...
