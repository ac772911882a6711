"""What became of the requests of a stage of actions.

Invariant: a request's effect is the first fact after its release, and before the next step begins,
that shows its machine as the request wants it; a request without one is unfinished. What was
refused has no effect.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from virtslo.base.clock import to_seconds
from virtslo.model.identifiers import RUNNING
from virtslo.model.kubernetes import resources
from virtslo.model.plan.actions import VERBS, Action, ActionStep
from virtslo.model.run.observations import (
    DELETED,
    MIGRATED,
    PAUSED,
    PHASE,
    UNPAUSED,
    Observation,
)
from virtslo.model.run.operations import OperationRecord
from virtslo.model.run.record import RunRecord
from virtslo.model.stage_names import ACTIONS

VMI = resources.VMIS.kind
Place = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Acted:
    """One request, and when its machine was as it wanted."""

    operation: OperationRecord
    step: ActionStep
    done_ns: int | None
    until_ns: int | None
    """To when an effect counts: the start of the next step, or the end of the stage."""

    @property
    def is_unfinished(self) -> bool:
        """Whether it was accepted and waited for, and had no effect."""
        return self.done_ns is None and self.operation.error is None and self.step.wait

    @property
    def action(self) -> Action:
        """What was asked for."""
        return self.step.action

    @property
    def released_ns(self) -> int:
        """When the request was released."""
        released = self.operation.released_ns
        return self.operation.intended_ns if released is None else released

    @property
    def seconds(self) -> float | None:
        """From its release to its effect."""
        return None if self.done_ns is None else to_seconds(self.done_ns - self.released_ns)

    @property
    def waited_seconds(self) -> float | None:
        """How long its effect was looked for."""
        return None if self.until_ns is None else to_seconds(self.until_ns - self.released_ns)


def shortest_wait(lost: Iterable[Acted]) -> float | None:
    """How long effects were looked for at least, seconds; None where it is not known of all."""
    waits = [each.waited_seconds for each in lost]
    known = [wait for wait in waits if wait is not None]
    return min(known, default=None) if len(known) == len(waits) else None


def acted(record: RunRecord) -> tuple[Acted, ...]:
    """Every request of the stage, in the order recorded."""
    steps = record.header.scenario.load.actions
    requests = [op for op in record.operations if op.stage == ACTIONS and op.verb in VERBS]
    if not requests:
        return ()
    facts = _facts(record.observations)
    stage = next((each for each in record.header.stages if each.name == ACTIONS), None)
    starts, ended_ns = ((), None) if stage is None else (stage.cycle_starts_ns, stage.ended_ns)
    found = []
    for operation in requests:
        number = operation.cycle
        if number is None or not 0 <= number < len(steps):
            continue
        end_ns = starts[number + 1] if number + 1 < len(starts) else ended_ns
        step, place = steps[number], (operation.namespace, operation.name)
        done_ns = None
        if operation.error is None or operation.is_in_doubt:
            done_ns = _effect(operation, step, facts.get(place, []), end_ns)
        found.append(Acted(operation, step, done_ns, end_ns))
    return tuple(found)


def _facts(observations: Iterable[Observation]) -> Mapping[Place, list[Observation]]:
    """What was seen of VMIs, by their place, in order."""
    facts: dict[Place, list[Observation]] = {}
    for seen in observations:
        if seen.kind == VMI and seen.stage is None:
            facts.setdefault((seen.namespace, seen.name), []).append(seen)
    return facts


def _effect(
    operation: OperationRecord, step: ActionStep, facts: list[Observation], end_ns: int | None
) -> int | None:
    since_ns = operation.intended_ns if operation.released_ns is None else operation.released_ns
    first = bisect_right(facts, since_ns, key=lambda seen: seen.received_ns)
    old = _running_uid(facts[:first])
    later = (seen for seen in facts[first:] if end_ns is None or seen.received_ns <= end_ns)
    return next((seen.received_ns for seen in later if _LOOKS[step.action](seen, step, old)), None)


def _running_uid(facts: Iterable[Observation]) -> str | None:
    uid: str | None = None
    for seen in facts:
        if seen.fact == PHASE:
            uid = seen.uid if seen.phase == RUNNING else None
        elif seen.fact == DELETED and seen.uid == uid:
            uid = None
    return uid


def _is_started(seen: Observation, step: ActionStep, old: str | None) -> bool:
    if step.paused:
        return seen.fact == PAUSED
    return _is_running(seen)


def _is_running(seen: Observation) -> bool:
    return seen.fact == PHASE and seen.phase == RUNNING


_LOOKS: Mapping[Action, Callable[[Observation, ActionStep, str | None], bool]] = {
    Action.START: _is_started,
    Action.STOP: lambda seen, _step, _old: seen.fact == DELETED,
    Action.RESTART: lambda seen, _step, old: _is_running(seen) and seen.uid != old,
    Action.PAUSE: lambda seen, _step, _old: seen.fact == PAUSED,
    Action.UNPAUSE: lambda seen, _step, _old: seen.fact == UNPAUSED,
    Action.MIGRATE: lambda seen, _step, _old: seen.fact == MIGRATED,
}
