"""Reasons to doubt the figures of a ramp-down, and what a warm-up left in the way.

Invariant: a delete that failed is reported, whether or not a later one went well; what the
ramp-down did not remove makes its figures prove nothing.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from virtslo.model.run.findings import Finding
from virtslo.model.run.observations import ADDED, DELETED
from virtslo.model.run.operations import DELETE, OperationRecord
from virtslo.model.run.record import RunRecord
from virtslo.model.stage_names import RAMP_DOWN, WARM_UP
from virtslo.slo.catalog.calls import OF_VERB
from virtslo.slo.catalog.vmis import DELETION_TO_GONE
from virtslo.slo.record.refusals import refusals

NOT_FOUND: Final = 404
RAMP_DOWN_CALLS: Final = tuple(of.ramp_down.name for of in OF_VERB.values())
"""The indicators that count a ramp-down's calls."""
RAMP_DOWN_FIGURES: Final = (DELETION_TO_GONE.name, *RAMP_DOWN_CALLS)
"""What is made of a ramp-down."""


def ramp_down_findings(record: RunRecord) -> Iterator[Finding]:
    """What a run has to say of its deletes outside of a churn stage."""
    deletes = [
        item for item in record.operations if item.verb == DELETE and item.stage == RAMP_DOWN
    ]
    yield from _failed(deletes)
    yield from _not_gone(record)
    yield from _warm_up(record)


def _failed(deletes: Sequence[OperationRecord]) -> Iterator[Finding]:
    failed = [item for item in deletes if _has_failed(item)]
    if not failed:
        return
    objects = {_key(item) for item in deletes}
    kept = objects - {_key(item) for item in deletes if not _has_failed(item)}
    told = refusals(failed)
    if kept:
        yield Finding(
            code="failed_operations",
            detail=f"{len(kept)} of {len(objects)} objects could not be deleted in the ramp-down "
            "and were "
            f"left to clean-up: {told}",
            touches=RAMP_DOWN_FIGURES,
            inconclusive=True,
        )
    else:
        yield Finding(
            code="deleted_late",
            detail=f"{len(failed)} deletes of the ramp-down failed and were asked for again: "
            f"{told}",
            touches=RAMP_DOWN_FIGURES,
        )


def _not_gone(record: RunRecord) -> Iterator[Finding]:
    stage = next((item for item in record.header.stages if item.name == RAMP_DOWN), None)
    if stage is None or stage.ended_ns is None or stage.whole_ns is not None:
        return
    there: dict[str, str] = {}
    for seen in record.observations:
        if seen.received_ns > stage.ended_ns or seen.stage is not None:
            continue
        if seen.fact == ADDED:
            there[seen.uid] = seen.kind
        elif seen.fact == DELETED:
            there.pop(seen.uid, None)
    if there:
        kinds = Counter(there.values())
        told = ", ".join(f"{count} of {kind}" for kind, count in sorted(kinds.items()))
        yield Finding(
            code="not_gone",
            detail=f"not gone at the end of the ramp-down: {told}",
            touches=RAMP_DOWN_FIGURES,
            inconclusive=True,
        )


def _warm_up(record: RunRecord) -> Iterator[Finding]:
    failed = [item for item in record.operations if item.stage == WARM_UP and _has_failed(item)]
    if failed:
        yield Finding(
            code="failed_operations",
            detail=f"{len(failed)} operations of the warm-up failed, so it may have warmed less, "
            "or left "
            f"objects that were there meanwhile: {refusals(failed)}",
            touches=("rest_calls",),
        )


def _has_failed(item: OperationRecord) -> bool:
    """Whether it failed; what was not there any more needed no delete."""
    return item.error is not None and not (item.verb == DELETE and item.code == NOT_FOUND)


def _key(item: OperationRecord) -> tuple[str, str, str]:
    return item.kind, item.namespace, item.name
