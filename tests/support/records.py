"""Records made by hand, in seconds, so that figures can be checked on paper."""

from collections.abc import Iterable, Sequence
from typing import Any

from support.scenarios import scenario
from virtslo.base.clock import to_nanoseconds
from virtslo.model.plan.scenario import Scenario
from virtslo.model.run.environment import Environment
from virtslo.model.run.observations import (
    ADDED,
    DELETED,
    DELETING,
    MIGRATED,
    PAUSED,
    PHASE,
    READY,
    UNPAUSED,
    Observation,
)
from virtslo.model.run.operations import CREATE, OperationRecord, Verb
from virtslo.model.run.record import HostFacts, RunHeader, RunRecord, RunStatus
from virtslo.model.run.stages import Stage
from virtslo.model.stage_names import CHURN, StageName

VMI = "VirtualMachineInstance"
VM = "VirtualMachine"
PHASES = ("Pending", "Scheduling", "Scheduled", "Running")
FACTS = {
    "added": ADDED,
    "deleting": DELETING,
    "gone": DELETED,
    "migrated": MIGRATED,
    "paused": PAUSED,
    "ready": READY,
    "unpaused": UNPAUSED,
}


def operation(
    verb: Verb,
    name: str,
    at: float,
    *,
    answered: float | None = None,
    kind: str = VMI,
    index: int = 0,
    cycle: int | None = None,
    stage: StageName = CHURN,
    **facts: Any,
) -> OperationRecord:
    """An operation intended, released and sent at one moment, accepted unless `error` is given."""
    moment = to_nanoseconds(at)
    return OperationRecord(
        stage=stage,
        verb=verb,
        kind=kind,
        namespace="ns",
        name=name,
        index=index,
        intended_ns=moment,
        released_ns=moment,
        sent_ns=moment,
        finished_ns=to_nanoseconds(at if answered is None else answered),
        code=facts.pop("code", 201 if verb == CREATE else 200),
        cycle=cycle,
        **facts,
    )


def seen(
    name: str,
    *,
    uid: str | None = None,
    kind: str = VMI,
    owner: str | None = None,
    index: int | None = 0,
    **moments: float,
) -> list[Observation]:
    """What was observed of one object: `added`, `running`, `deleting`, `gone`, … at a moment."""
    found = []
    for word, at in moments.items():
        phase = word.capitalize() if word.capitalize() in (*PHASES, "Failed") else None
        found.append(
            Observation(
                received_ns=to_nanoseconds(at),
                fact=PHASE if phase else FACTS[word],
                kind=kind,
                namespace="ns",
                name=name,
                uid=uid or f"uid-{name}",
                phase=phase,
                index=index,
                owner_uid=owner,
            )
        )
    return found


def stage(
    name: StageName,
    t0: float,
    ended: float | None,
    *,
    whole: float | None = None,
    deadline: float | None = None,
    starts: Sequence[float] = (),
) -> Stage:
    """A stage of a run."""
    return Stage(
        name=name,
        started_ns=to_nanoseconds(t0),
        t0_ns=to_nanoseconds(t0),
        whole_ns=None if whole is None else to_nanoseconds(whole),
        quiet_ns=None if ended is None else to_nanoseconds(ended),
        ended_ns=None if ended is None else to_nanoseconds(ended),
        deadline_ns=None if deadline is None else to_nanoseconds(deadline),
        cycle_starts_ns=tuple(map(to_nanoseconds, starts)),
    )


def record(
    given: Scenario | None = None,
    *,
    stages: Sequence[Stage] = (),
    operations: Iterable[OperationRecord] = (),
    observations: Iterable[Iterable[Observation]] = (),
    status: RunStatus = RunStatus.COMPLETE,
    run_id: str = "run",
) -> RunRecord:
    """A whole record; observations are put in the order of their receipt."""
    facts = sorted(
        (fact for group in observations for fact in group), key=lambda fact: fact.received_ns
    )
    return RunRecord(
        header=RunHeader(
            scenario=given or scenario("vmi", 4, "steady-state"),
            environment=Environment("v1", "v1", 2, virtual_time=True),
            run_label="s1",
            namespaces=("ns",),
            status=status,
            stages=tuple(stages),
            has_digests=True,
        ),
        host=HostFacts(run_id, "0", "2026-01-01T00:00:00Z", directory=run_id),
        operations=tuple(operations),
        observations=tuple(facts),
    )
