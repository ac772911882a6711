"""From a record to its cycles: which object each operation was about, and what became of it.

Invariant: an object is its uid; where the server did not say it, name and time decide. What happens
after the stage's window does not count. A recovery is never negative and never ends before its last
straggler.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from virtslo.model.identifiers import RUNNING
from virtslo.model.kubernetes import resources
from virtslo.model.plan.scenario import Churn, ChurnMode, Pattern
from virtslo.model.plan.workload import Kind
from virtslo.model.run.operations import CREATE, DELETE, SCALE, OperationRecord
from virtslo.model.run.record import RunRecord
from virtslo.model.run.stages import Stage
from virtslo.model.stage_names import CHURN
from virtslo.slo.record.churn import ChurnFacts, Cycle, Replacement, Victim
from virtslo.slo.record.running_population import running_population_of
from virtslo.slo.record.timelines import Timeline, of_kind

VMI = resources.VMIS.kind
VM = resources.VMS.kind
NOT_FOUND = 404


def churn_facts(record: RunRecord, objects: Mapping[str, Timeline]) -> ChurnFacts | None:
    """The churn stage of a record, from its measured objects by uid; None where there was none."""
    scenario = record.header.scenario
    stage = next((stage for stage in record.header.stages if stage.name == CHURN), None)
    churn = scenario.load.churn
    if stage is None or churn is None or not scenario.load.pattern.has_churn:
        return None
    reader = _Reader(record, objects, stage, churn)
    return ChurnFacts(
        churn=churn,
        kind=scenario.workload.kind,
        stage=stage,
        cycles=tuple(reader.cycles()),
        capacity=reader.capacity,
        count=scenario.workload.count,
        is_constant=scenario.load.pattern is Pattern.CONSTANT_CHURN,
    )


class _Reader:
    """Puts a record's churn operations and objects together."""

    def __init__(
        self, record: RunRecord, objects: Mapping[str, Timeline], stage: Stage, churn: Churn
    ) -> None:
        self._by_uid = objects
        self._stage = stage
        self._churn = churn
        self._kind = record.header.scenario.workload.kind
        self._count = record.header.scenario.workload.count
        self.capacity = running_population_of(record.observations)
        self._until_ns = (
            stage.ended_ns
            if stage.ended_ns is not None
            else max((seen.received_ns + 1 for seen in record.observations), default=stage.t0_ns)
        )
        self._operations: dict[int, list[OperationRecord]] = {}
        for operation in record.operations:
            if operation.stage == CHURN:
                self._operations.setdefault(operation.cycle or 0, []).append(operation)
        self._vmis_of: dict[str, list[Timeline]] = {}
        self._by_name: dict[tuple[str, str, str], list[Timeline]] = {}
        for timeline in objects.values():
            key = (timeline.kind, timeline.namespace, timeline.name)
            self._by_name.setdefault(key, []).append(timeline)
            if timeline.kind == VMI and timeline.owner_uid is not None:
                self._vmis_of.setdefault(timeline.owner_uid, []).append(timeline)

        self._first_deletes: dict[str, OperationRecord] = {}
        self._deleted: dict[str, int] = {}
        for operation in record.operations:
            if operation.stage == CHURN and operation.verb == DELETE and operation.error is None:
                target = self._timeline_of(operation)
                if target is not None:
                    self._deleted[target.uid] = operation.intended_ns
                    self._first_deletes.setdefault(target.uid, operation)

    def cycles(self) -> Iterator[Cycle]:
        """Every cycle that was to begin before the record ends."""
        starts = self._stage.cycle_starts_ns
        for number, start_ns in enumerate(starts):
            following = starts[number + 1] if number + 1 < len(starts) else None
            yield self._cycle(number, start_ns, following)

    def _cycle(self, number: int, start_ns: int, next_start_ns: int | None) -> Cycle:
        operations = tuple(self._operations.get(number, ()))
        victims = tuple(self._victim(op) for op in operations if op.verb == DELETE)
        replacements = tuple(self._replacements(operations, victims))
        came = self._came(start_ns, next_start_ns)
        scaled_in_ns, since_ns = None, start_ns
        if self._churn.mode is ChurnMode.SCALE:
            since_ns, scaled_in_ns, recovered, reason = self._scaled(operations, start_ns)
        elif self._kind is Kind.VMPOOL:
            recovered, reason = self._whole_again(victims)
        else:
            recovered, reason = self._by_identity(victims, replacements)
        has_next = next_start_ns is not None and self._is_whole_needed
        if has_next and recovered is not None and recovered > (next_start_ns or 0):
            recovered, reason = None, "the next cycle began before the population was whole"
        if not operations:
            recovered, reason = None, "the run ended before this cycle"
        by_identity = tuple(vmi for item in replacements for vmi in item.vmis)
        return Cycle(
            number=number,
            start_ns=start_ns,
            next_start_ns=next_start_ns,
            operations=operations,
            victims=victims,
            replacements=replacements,
            created=came if self._is_whole_needed else by_identity,
            objects=self._objects(came, start_ns, next_start_ns),
            expected=self._expected(operations, replacements),
            recovered_ns=recovered if recovered is None else max(recovered, since_ns),
            reason=reason,
            since_ns=since_ns,
            scaled_in_ns=scaled_in_ns,
            is_by_identity=not self._is_whole_needed,
        )

    @property
    def _is_whole_needed(self) -> bool:
        """Whether a cycle is over by the population as a whole: its own VMIs are not known."""
        return self._churn.mode is ChurnMode.SCALE or self._kind is Kind.VMPOOL

    def _victim(self, operation: OperationRecord) -> Victim:
        timeline = self._timeline_of(operation)
        if timeline is None:
            gone = operation.error is None or operation.code == NOT_FOUND
            return Victim(operation, None, (), operation.finished_ns if gone else None)
        owned = self._vmis_of.get(timeline.uid, ()) if timeline.kind != VMI else ()
        vmis = tuple(owned) or ((timeline,) if timeline.kind == VMI else ())
        first = self._first_deletes.get(timeline.uid, operation)
        is_repeat = operation.error is None and first is not operation
        return Victim(operation, timeline, vmis, self._all_gone([timeline, *owned]), is_repeat)

    def _all_gone(self, timelines: Sequence[Timeline]) -> int | None:
        moments = [self._in_time(timeline.deleted_ns) for timeline in timelines]
        known = [moment for moment in moments if moment is not None]
        return max(known) if len(known) == len(moments) else None

    def _timeline_of(self, operation: OperationRecord) -> Timeline | None:
        """What an operation was about: by uid where the server said it, else by name and time."""
        if operation.uid is not None and operation.uid in self._by_uid:
            return self._by_uid[operation.uid]
        named = self._by_name.get((operation.kind, operation.namespace, operation.name), [])
        if operation.verb == CREATE:
            sent_ns = operation.sent_ns or operation.intended_ns
            return next((item for item in named if (item.added_ns or 0) >= sent_ns), None)
        answered_ns = operation.finished_ns
        if operation.error is None and answered_ns is not None:
            named = [item for item in named if (item.added_ns or 0) <= answered_ns]
        return named[-1] if named else None

    def _replacements(
        self, operations: Sequence[OperationRecord], victims: Sequence[Victim]
    ) -> Iterator[Replacement]:
        if self._churn.mode is ChurnMode.RESTART:
            yield from (self._restarted(victim) for victim in victims)
            return
        for operation in operations:
            if operation.verb != CREATE:
                continue
            timeline = self._timeline_of(operation) if operation.error is None else None
            if timeline is None:
                yield Replacement(operation, (), None)
                continue
            vmis = [timeline] if timeline.kind == VMI else self._vmis_of.get(timeline.uid, [])
            yield self._replacement(operation, timeline, vmis)

    def _restarted(self, victim: Victim) -> Replacement:
        """The VMIs that came after the victim under its name, of the same VM."""
        operation, gone = victim.operation, victim.timeline
        if operation.error is not None or gone is None or victim.is_repeat:
            return Replacement(operation, (), None)
        after = [
            timeline
            for timeline in self._by_name[VMI, operation.namespace, operation.name]
            if timeline.uid != gone.uid and (timeline.added_ns or 0) >= (gone.added_ns or 0)
        ]
        if not after:
            return Replacement(operation, (), None)
        if after[0].uid in self._deleted:
            after = after[:1]  # a later cycle's victim: what follows it is not this cycle's
        item = self._replacement(operation, after[0], after)
        return replace(item, vmis=tuple(after[:1]))

    def _replacement(
        self, operation: OperationRecord, target: Timeline, vmis: Sequence[Timeline]
    ) -> Replacement:
        running_ns = self._first_running(vmis)
        withdrawn_ns = self._deleted.get(target.uid) if running_ns is None else None
        return Replacement(operation, tuple(vmis), running_ns, withdrawn_ns)

    def _first_running(self, vmis: Sequence[Timeline]) -> int | None:
        moments = [self._in_time(vmi.phases.get(RUNNING)) for vmi in vmis]
        return min((moment for moment in moments if moment is not None), default=None)

    def _came(self, start_ns: int, next_start_ns: int | None) -> tuple[Timeline, ...]:
        """VMIs that were added from a start to the next."""
        end_ns = self._until_ns + 1 if next_start_ns is None else next_start_ns
        return tuple(
            timeline
            for timeline in of_kind(self._by_uid, VMI)
            if timeline.added_ns is not None and start_ns <= timeline.added_ns < end_ns
        )

    def _objects(
        self, came: tuple[Timeline, ...], start_ns: int, next_start_ns: int | None
    ) -> tuple[Timeline, ...]:
        if self._kind is not Kind.VMPOOL:
            return came
        end_ns = self._until_ns + 1 if next_start_ns is None else next_start_ns
        return tuple(
            timeline
            for timeline in of_kind(self._by_uid, VM)
            if timeline.added_ns is not None and start_ns <= timeline.added_ns < end_ns
        )

    def _expected(
        self, operations: Sequence[OperationRecord], replacements: Sequence[Replacement]
    ) -> int:
        if self._churn.mode is ChurnMode.SCALE:
            return self._churn.objects if operations else 0
        if self._kind is Kind.VMPOOL:
            return sum(1 for op in operations if op.verb == DELETE and op.error is None)
        return sum(1 for item in replacements if item.operation.error is None)

    def _by_identity(
        self, victims: Sequence[Victim], replacements: Sequence[Replacement]
    ) -> tuple[int | None, str | None]:
        refused = [item for item in replacements if item.operation.error is not None]
        kept = [victim for victim in victims if victim.gone_ns is None]
        late = [
            item
            for item in replacements
            if item.running_ns is None and item.operation.error is None
        ]
        stuck = [item for item in late if not item.is_withdrawn]
        moments = [victim.gone_ns for victim in victims if victim.gone_ns is not None]
        moments += [item.running_ns for item in replacements if item.running_ns is not None]
        if not refused and not kept and not late and moments:
            return max(moments), None
        reasons = []
        if kept:
            reasons.append(f"{len(kept)} of {len(victims)} victims were not gone")
        if refused:
            reasons.append(f"{len(refused)} replacements were not accepted")
        if stuck:
            reasons.append(f"{len(stuck)} replacements did not reach Running")
        if len(late) > len(stuck):
            reasons.append(f"{len(late) - len(stuck)} replacements were replaced before they ran")
        return None, "; ".join(reasons) or "nothing was replaced"

    def _whole_again(self, victims: Sequence[Victim]) -> tuple[int | None, str | None]:
        kept = [victim for victim in victims if victim.gone_ns is None]
        if kept or not victims:
            return None, f"{len(kept)} of {len(victims)} victims were not gone"
        gone_ns = max(victim.gone_ns for victim in victims if victim.gone_ns is not None)
        whole = self.capacity.first_at_least(self._count, gone_ns, self._until_ns)
        return whole, None if whole is not None else "the population was not whole again"

    def _scaled(
        self, operations: Sequence[OperationRecord], start_ns: int
    ) -> tuple[int, int | None, int | None, str | None]:
        """(intended scale-out, moment scaled in, moment whole again, reason)."""
        scales = [operation for operation in operations if operation.verb == SCALE]
        out_ns = max((operation.intended_ns for operation in scales), default=start_ns)
        refused = [operation for operation in scales if operation.error is not None]
        if refused:
            return out_ns, None, None, f"{len(refused)} changes of scale were not accepted"
        lower = self._count - self._churn.objects
        scaled_in = self.capacity.first_at_most(lower, start_ns, self._until_ns)
        if scaled_in is None:
            return out_ns, None, None, "the scale in did not take place"
        whole = self.capacity.first_at_least(self._count, max(scaled_in, out_ns), self._until_ns)
        return out_ns, scaled_in, whole, (
            None if whole is not None else "the population was not whole again"
        )  # fmt: skip

    def _in_time(self, moment_ns: int | None) -> int | None:
        """A moment of the window. Where nothing takes time the ramp-down acts at its very end."""
        if moment_ns is None or moment_ns < self._until_ns:
            return moment_ns
        whole_ns = self._stage.whole_ns
        return moment_ns if whole_ns is not None and moment_ns <= whole_ns else None
