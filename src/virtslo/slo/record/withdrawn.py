"""Creates of a replay whose objects lived too short to run. Pure.

Invariant: only what the trace deletes sooner than any VMI of the run came to Running is left out of
the figures of Running. What lived longer and did not run is unfinished, however it ended: an
overload that outlasts lifetimes never looks like a fast cluster.
"""

from collections.abc import Sequence

from virtslo.model.identifiers import RUNNING
from virtslo.model.plan.trace import Replay
from virtslo.model.run.operations import OperationRecord
from virtslo.slo.record.ownership import Ownership
from virtslo.slo.record.timelines import Timeline


def withdrawn_creates(
    replay: Replay,
    creations: Sequence[OperationRecord],
    vmis: Sequence[Timeline],
    ownership: Ownership,
) -> tuple[OperationRecord, ...]:
    """Accepted creates that were deleted again before anything of theirs could run."""
    ran: set[tuple[str, str, str]] = set()
    fastest_ns: int | None = None
    for vmi in vmis:
        create, moment = ownership.create_of(vmi), vmi.phases.get(RUNNING)
        if create is None or moment is None:
            continue
        ran.add(key_of(create))
        taken = moment - create.intended_ns
        fastest_ns = taken if fastest_ns is None else min(fastest_ns, taken)
    if fastest_ns is None:
        return ()
    return tuple(
        create
        for create in creations
        if create.error is None
        and key_of(create) not in ran
        and _lived_less(replay, create.index, fastest_ns)
    )


def key_of(operation: OperationRecord) -> tuple[str, str, str]:
    """What a create made, by (kind, namespace, name)."""
    return operation.kind, operation.namespace, operation.name


def _lived_less(replay: Replay, slot: int, least_ns: int) -> bool:
    if slot >= len(replay.arrivals):
        return False
    lifetime = replay.arrivals[slot].lifetime_ns
    return lifetime is not None and replay.played_ns(lifetime) < least_ns
