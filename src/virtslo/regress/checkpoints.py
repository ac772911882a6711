"""Change points of a lineage's series, from what is known of the runs before.

Invariant: with any checkpoints known, the change points are those of a full computation: a
checkpoint counts only if its values, and the detector's parameters, are the very same.
"""

import hashlib
from collections.abc import Mapping
from typing import Final

import numpy as np

from virtslo.model.history.checkpoints import Checkpoint, CheckpointKey, KeptCheckpoint
from virtslo.regress.rank_scan import Array
from virtslo.regress.segments import BLOCK, VERSION, Sensitivity, advance, points_of

MARGIN: Final = 16
"""The newest values, which a checkpoint that is kept has not seen: their quality may change."""


class Checkpoints:
    """The checkpoints that are known of a lineage, and those that were made."""

    def __init__(self, known: Mapping[CheckpointKey, KeptCheckpoint] | None = None) -> None:
        self._known = known or {}
        self.fresh: dict[CheckpointKey, KeptCheckpoint] = {}
        """What is worth keeping: checkpoints of values that were not looked at before."""

    def change_points(
        self, key: CheckpointKey, values: Array, sensitivity: Sensitivity
    ) -> list[int]:
        """Indices of the first value of each new level of a series."""
        parameters = parameters_of(sensitivity)
        known = self._usable(key, values, parameters)
        seen = max(0, len(values) - MARGIN)
        if known.seen < seen:
            is_worth_keeping = seen - known.seen >= MARGIN or seen // BLOCK > known.seen // BLOCK
            known = advance(values[:seen], known, sensitivity)
            if is_worth_keeping:
                digest = digest_of(values[:seen])
                self.fresh[key] = KeptCheckpoint(known, parameters, digest)
        return points_of(values, advance(values, known, sensitivity), sensitivity)

    def _usable(self, key: CheckpointKey, values: Array, parameters: str) -> Checkpoint:
        kept = self._known.get(key)
        if kept is None or kept.parameters != parameters:
            return Checkpoint()
        seen = kept.checkpoint.seen
        if seen > len(values) or digest_of(values[:seen]) != kept.digest:
            return Checkpoint()
        return kept.checkpoint if _is_whole(kept.checkpoint) else Checkpoint()


def _is_whole(kept: Checkpoint) -> bool:
    """Whether a checkpoint is about what it says that it has seen, as one that was made is."""
    points, seen = kept.points, kept.seen
    return (
        0 <= kept.start <= kept.settled <= seen < kept.settled + BLOCK
        and all(0 < at <= kept.settled for at in points)
        and list(points) == sorted(set(points))
        and all(
            kept.start <= item.start < item.at < item.start + item.size <= seen
            for item in kept.candidates
        )
    )


def parameters_of(sensitivity: Sensitivity) -> str:
    """The detector's version and thresholds in a text."""
    return (
        f"{VERSION}/{BLOCK}/{sensitivity.least_runs}/{sensitivity.threshold}/"
        f"{sensitivity.least_difference}/{sensitivity.least_superiority}/{sensitivity.neighbourhood}"
    )


def digest_of(values: Array) -> str:
    """A hash of the values, bit by bit."""
    raw = np.ascontiguousarray(values, dtype="<f8").tobytes()
    return hashlib.blake2b(raw, digest_size=16).hexdigest()
