"""Checkpoints of the detector between values and rows.

Invariant: a row that cannot be read is no checkpoint: what it was for is computed again.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select

from virtslo.model.history.checkpoints import (
    Candidate,
    Checkpoint,
    CheckpointKey,
    KeptCheckpoint,
)
from virtslo.model.history.runs import SeriesKey
from virtslo.store.history.tables import CHECKPOINT


class _Kept(Mapping[CheckpointKey, KeptCheckpoint]):
    """Rows by their keys, each decoded when it is asked for."""

    def __init__(self, rows: Mapping[CheckpointKey, Any]) -> None:
        self._rows = rows

    def __getitem__(self, key: CheckpointKey) -> KeptCheckpoint:
        row = self._rows[key]
        checkpoint = _checkpoint(row.document)
        if checkpoint is None:
            raise KeyError(key)
        return KeptCheckpoint(checkpoint, row.parameters, row.digest)

    def __iter__(self) -> Iterator[CheckpointKey]:
        return iter(key for key in self._rows if key in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def read_checkpoints(
    connection: Connection, lineage: str
) -> Mapping[CheckpointKey, KeptCheckpoint]:
    """The checkpoints of a lineage that can be read."""
    rows = connection.execute(select(CHECKPOINT).where(CHECKPOINT.c.lineage == lineage))
    return _Kept(
        {
            CheckpointKey(SeriesKey(row.kind, row.indicator, row.statistic), row.aspect): row
            for row in rows
        }
    )


def write_checkpoints(
    connection: Connection, lineage: str, fresh: Mapping[CheckpointKey, KeptCheckpoint]
) -> None:
    """Keep these in the place of those with the same keys."""
    if not fresh:
        return
    names = _columns(lineage, next(iter(fresh)))
    same = [CHECKPOINT.c[name] == bindparam(f"of_{name}") for name in names]
    connection.execute(
        delete(CHECKPOINT).where(*same),
        [{f"of_{name}": value for name, value in _columns(lineage, key).items()} for key in fresh],
    )
    rows = [
        {
            **_columns(lineage, key),
            "parameters": kept.parameters,
            "digest": kept.digest,
            "document": _document(kept.checkpoint),
        }
        for key, kept in fresh.items()
    ]
    connection.execute(insert(CHECKPOINT), rows)


def _columns(lineage: str, key: CheckpointKey) -> dict[str, str]:
    return {"lineage": lineage, **key.series._asdict(), "aspect": key.aspect}


def _document(checkpoint: Checkpoint) -> str:
    found = [checkpoint.settled, checkpoint.seen, checkpoint.start]
    return json.dumps([*found, checkpoint.points, checkpoint.candidates])


def _checkpoint(document: str) -> Checkpoint | None:
    try:
        settled, seen, start, points, candidates = json.loads(document)
        return Checkpoint(
            int(settled), int(seen), int(start),
            tuple(int(at) for at in points),
            tuple(_candidate(*item) for item in candidates),
        )  # fmt: skip
    except (ValueError, TypeError, OverflowError, RecursionError):
        return None


def _candidate(size: Any, start: Any, at: Any, strength: Any) -> Candidate:
    return Candidate(int(size), int(start), int(at), float(strength))
