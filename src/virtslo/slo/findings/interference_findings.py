"""Reasons to doubt a run because others changed its objects, or facts came in no possible order.

Invariant: what the run did not do itself is never part of a figure in silence: an object of others
under the run's label, a deletion of others, and a population that was never whole spoil the run.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from virtslo.model.identifiers import RUNNING
from virtslo.model.run.findings import ALL_FIGURES, Finding
from virtslo.model.run.operations import CREATE, DELETE, OperationRecord
from virtslo.model.stage_names import RAMP_UP
from virtslo.model.vocabulary import TABLE_PHASES
from virtslo.slo.findings.quality_findings import phase_figures
from virtslo.slo.record.measured import VMI, Measured
from virtslo.slo.record.ownership import Ownership, may_be_done
from virtslo.slo.record.timelines import Timeline

NAMED: Final = 5


def interference_findings(measured: Measured) -> Iterator[Finding]:
    """What others did to the run's objects, and what cannot be."""
    if measured.record.damage:
        return  # what this run did itself is not all known
    yield from _never_whole(measured)
    yield from _not_ours(measured)
    yield from _deleted_by_others(measured)
    yield from _relabelled(measured)
    yield from _impossible(measured)


def _never_whole(measured: Measured) -> Iterator[Finding]:
    """A ramp-up that ended without its goal, though every VMI ran once."""
    stage = measured.stage
    if stage is None or stage.name != RAMP_UP or stage.ended_ns is None:
        return
    is_told = measured.unfinished_vmis() or measured.missing_vmis()
    refused = any(operation.error is not None for operation in measured.creations)
    if stage.whole_ns is None and measured.creations and not is_told and not refused:
        yield Finding(
            code="never_whole",
            detail=f"{measured.expected_vmis()} VMIs ran, but never all at one moment: the "
            "population was not whole when the ramp-up ended",
            touches=ALL_FIGURES,
            inconclusive=True,
        )


def _not_ours(measured: Measured) -> Iterator[Finding]:
    if measured.others:
        yield Finding(
            code="not_ours",
            detail=f"{len(measured.others)} objects with the run's label are not those that its "
            f"creates returned: {_names(measured.others)}; they are in no figure",
            touches=ALL_FIGURES,
            inconclusive=True,
        )
    in_doubt = sum(op.error is not None and may_be_done(op) for op in measured.creations)
    surplus = len(measured.vmis) - measured.expected_vmis()
    if measured.churn is None and surplus > 0 and not in_doubt:
        yield Finding(
            code="not_ours",
            detail=f"{len(measured.vmis)} VMIs came of creates that stand for "
            f"{measured.expected_vmis()}: some were replaced by others or by a controller",
            touches=ALL_FIGURES,
            inconclusive=True,
        )


def _deleted_by_others(measured: Measured) -> Iterator[Finding]:
    """Objects that the run created and did not delete, deleted before the measured stage ended."""
    stage = measured.stage
    if stage is None or stage.ended_ns is None:
        return
    record = measured.record
    created = {op.uid for op in record.operations if op.verb == CREATE and op.uid is not None}
    deletes: dict[tuple[str, str, str], list[OperationRecord]] = {}
    for operation in record.operations:
        if operation.verb == DELETE:
            key = (operation.kind, operation.namespace, operation.name)
            deletes.setdefault(key, []).append(operation)
    found = [
        timeline
        for timeline in measured.timelines.objects.values()
        if timeline.uid in created
        and (ended := _end_of(timeline)) is not None
        and ended < stage.ended_ns
        and not _is_asked_for(
            timeline, ended, deletes.get((timeline.kind, timeline.namespace, timeline.name), ())
        )
    ]
    if found:
        yield Finding(
            code="deleted_by_others",
            detail=f"{len(found)} objects of the run were deleted in {stage.name} and not by the "
            f"run: {_names(found)}",
            touches=ALL_FIGURES,
            inconclusive=True,
        )


def _end_of(timeline: Timeline) -> int | None:
    """When an object was marked for deletion, or gone without a mark that was seen."""
    if timeline.deleting_ns is not None:
        return timeline.deleting_ns
    return timeline.deleted_ns


def _is_asked_for(timeline: Timeline, ended_ns: int, deletes: Sequence[OperationRecord]) -> bool:
    return any(
        operation.uid in (None, timeline.uid)
        and (operation.sent_ns if operation.sent_ns is not None else operation.intended_ns)
        <= ended_ns
        for operation in deletes
    )


def _relabelled(measured: Measured) -> Iterator[Finding]:
    """Objects whose index label is not that of the create that made them."""
    ownership = Ownership(measured.record.operations, {})
    found = [
        timeline
        for timeline in measured.timelines.objects.values()
        if (operation := ownership.own_create_of(timeline)) is not None
        and timeline.index is not None
        and timeline.index != operation.index
    ]
    if found:
        yield Finding(
            code="relabelled",
            detail=f"{len(found)} objects carry another index than their creates gave them: "
            f"{_names(found)}",
            touches=ALL_FIGURES,
            inconclusive=True,
        )


def _impossible(measured: Measured) -> Iterator[Finding]:
    """Phases that no KubeVirt can have gone through so: before the create, or in no order."""
    early = [
        vmi
        for vmi, operation in zip(measured.vmis, measured.creates, strict=True)
        if operation is not None
        and operation.sent_ns is not None
        and vmi.phases
        and min(vmi.phases.values()) < operation.sent_ns
    ]
    if early:
        yield Finding(
            code="impossible_times",
            detail=f"{len(early)} VMIs had a phase before their create was sent: {_names(early)}",
            touches=phase_figures(measured),
            inconclusive=True,
        )
    wrong = [vmi for vmi in measured.vmis if not vmi.is_relisted and not _is_in_order(vmi)]
    if wrong:
        yield Finding(
            code="phase_order",
            detail=f"{len(wrong)} VMIs ran without a phase before it, or had their phases in "
            f"another order than {', '.join(TABLE_PHASES)}: {_names(wrong)}",
            touches=phase_figures(measured),
            inconclusive=True,
        )


def _is_in_order(vmi: Timeline) -> bool:
    moments = [vmi.phases[phase] for phase in TABLE_PHASES if phase in vmi.phases]
    is_alone = RUNNING in vmi.phases and len(moments) == 1
    return moments == sorted(moments) and not is_alone


def _names(timelines: Sequence[Timeline]) -> str:
    named = ", ".join(
        f"{'' if item.kind == VMI else f'{item.kind} '}{item.namespace}/{item.name}"
        for item in timelines[:NAMED]
    )
    more = f" and {len(timelines) - NAMED} more" if len(timelines) > NAMED else ""
    return f"{named}{more}"
