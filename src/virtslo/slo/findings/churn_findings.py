"""Reasons to doubt the figures of a churn stage.

Invariant: every finding names the figures it touches; a cycle that did not recover makes the run
inconclusive, one that was overlapped does not.
"""

from collections.abc import Iterator
from typing import Final

from virtslo.model.identifiers import RUNNING
from virtslo.model.run.findings import ALL_FIGURES, Finding
from virtslo.model.run.operations import CREATE
from virtslo.model.run.record import RunRecord
from virtslo.model.stage_names import RAMP_UP
from virtslo.slo.catalog.churn import CYCLE_RECOVERY, REPLACEMENT, TIME_BELOW_CAPACITY
from virtslo.slo.catalog.vmis import CREATION_RATE, OF_PHASE
from virtslo.slo.record.churn import ChurnFacts, Cycle
from virtslo.slo.record.refusals import refusals

RECOVERY: Final = (CYCLE_RECOVERY.name, REPLACEMENT.name, TIME_BELOW_CAPACITY.name)
NAMED: Final = 5


def churn_findings(churn: ChurnFacts | None, record: RunRecord) -> Iterator[Finding]:
    """What a churn stage has to say of its own data; nothing for a burst."""
    if churn is None:
        return
    yield from _not_whole(record)
    yield from _overlaps(churn)
    yield from _unrecovered(churn)
    yield from _withdrawn(churn)
    yield from _refused(churn)


def _not_whole(record: RunRecord) -> Iterator[Finding]:
    """A population that was not whole when churn began cannot become whole by it."""
    refused = [
        item
        for item in record.operations
        if item.stage == RAMP_UP and item.verb == CREATE and item.error is not None
    ]
    ramp_up = next((stage for stage in record.header.stages if stage.name == RAMP_UP), None)
    is_late = ramp_up is not None and ramp_up.ended_ns is not None and ramp_up.whole_ns is None
    reasons = []
    if refused:
        reasons.append(f"{len(refused)} creates were not accepted: {refusals(refused)}")
    reasons += ["not every VMI ran by the deadline"] if is_late else []
    if reasons:
        words = f"the population was not whole when churn began: {'; '.join(reasons)}"
        yield Finding(code="not_whole", detail=words, touches=ALL_FIGURES, inconclusive=True)


def _overlaps(churn: ChurnFacts) -> Iterator[Finding]:
    overlapped = [cycle for cycle in churn.cycles if cycle.is_overlapped and cycle.operations]
    if overlapped:
        told = ", ".join(str(cycle.number + 1) for cycle in overlapped[:NAMED])
        more = f" and {len(overlapped) - NAMED} more" if len(overlapped) > NAMED else ""
        yield Finding(
            code="overlap",
            detail=f"{len(overlapped)} of {len(churn.cycles)} cycles were not over when the next "
            "one "
            f"began (cycle {told}{more}): the system was under the load of more than one",
            touches=(*RECOVERY, CREATION_RATE.name, "phase_transition_rate"),
        )


def _unrecovered(churn: ChurnFacts) -> Iterator[Finding]:
    lost = [
        cycle
        for cycle in churn.cycles
        if cycle.recovered_ns is None
        and not (cycle.is_overlapped and not cycle.is_by_identity)
        and not _is_only_withdrawn(cycle)
    ]
    if not lost:
        return
    told = "; ".join(f"cycle {cycle.number + 1}: {cycle.reason}" for cycle in lost[:NAMED])
    more = f"; and {len(lost) - NAMED} more" if len(lost) > NAMED else ""
    yield Finding(
        code="not_recovered",
        detail=f"{len(lost)} of {len(churn.cycles)} cycles did not recover: {told}{more}",
        touches=RECOVERY,
        inconclusive=True,
    )


def _is_only_withdrawn(cycle: Cycle) -> bool:
    """Whether nothing but the run's own next victims kept the cycle from recovering."""
    return (
        bool(cycle.withdrawn)
        and all(victim.gone_ns is not None for victim in cycle.victims)
        and all(item.running_ns is not None or item.is_withdrawn for item in cycle.replacements)
    )


def _withdrawn(churn: ChurnFacts) -> Iterator[Finding]:
    count = sum(len(cycle.withdrawn) for cycle in churn.cycles)
    if count:
        yield Finding(
            code="withdrawn",
            detail=f"{count} of {churn.expected} replacements were replaced themselves before "
            "they ran: "
            "churn came faster than the system; they count as unfinished in every quantile",
            touches=(*RECOVERY, OF_PHASE[RUNNING].from_creation.name, "phase_transition_rate"),
        )


def _refused(churn: ChurnFacts) -> Iterator[Finding]:
    operations = [item for cycle in churn.cycles for item in cycle.operations]
    others = [item for item in operations if item.verb != CREATE]
    refused = [item for item in others if item.error is not None]
    if refused:
        yield Finding(
            code="failed_operations",
            detail=f"{len(refused)} of {len(others)} deletes and changes of scale failed: "
            f"{refusals(refused)}",
            touches=ALL_FIGURES,
            inconclusive=True,
        )
