"""Facts that a watch delivered about one object, each with its time of receipt.

Invariant: `received_ns` is the run's clock at receipt, since the run's start; nothing else in an
observation is ever subtracted from it. An observation holds no containers, so no cycle goes
through it: Python's collector does not look at one (`gc=False`).
"""

from typing import Final, Literal

import msgspec

from virtslo.model.run.numbers import Nanoseconds, Number

Source = Literal["watch", "relist"]
"""What delivered a fact: an event of a watch, or a list after one was lost."""
Fact = Literal[
    "added",
    "phase",
    "ready",
    "not_ready",
    "paused",
    "unpaused",
    "migrated",
    "migration_failed",
    "deleting",
    "deleted",
]

WATCH: Final[Source] = "watch"
RELIST: Final[Source] = "relist"

ADDED: Final[Fact] = "added"
PHASE: Final[Fact] = "phase"
READY: Final[Fact] = "ready"
NOT_READY: Final[Fact] = "not_ready"
PAUSED: Final[Fact] = "paused"
UNPAUSED: Final[Fact] = "unpaused"
MIGRATED: Final[Fact] = "migrated"
MIGRATION_FAILED: Final[Fact] = "migration_failed"
DELETING: Final[Fact] = "deleting"
DELETED: Final[Fact] = "deleted"


class Observation(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A fact about an object: added, a new phase, ready or not, paused or not, a live migration
    that came to its end, marked for deletion, gone."""

    received_ns: Nanoseconds
    fact: Fact
    kind: str
    namespace: str
    name: str
    uid: str
    phase: str | None = None
    source: Source = WATCH
    index: Number | None = None
    stage: str | None = None
    """The value of the stage label: `warm-up` for objects that are not measured."""
    owner_uid: str | None = None
    node: str | None = None
    server_timestamp: str | None = None
    """The API server's own whole-second stamp for the fact, kept as a cross-check."""
