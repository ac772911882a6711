"""Arrivals out of a run's own record: intended times for its own, seen ones for the rest."""

from support.records import record
from support.scenarios import scenario
from virtslo.model.plan.trace import TraceEvent
from virtslo.model.run.observations import ADDED, DELETED, Observation
from virtslo.model.run.operations import OperationRecord, Verb
from virtslo.observe.record_trace import record_facts


def asked(verb: Verb, name: str, at_ns: int, *, index: int = 0, **more: object) -> OperationRecord:
    given = {"stage": "ramp_up", "finished_ns": at_ns + 5, "kind": "VirtualMachine", **more}
    return OperationRecord(
        verb=verb,
        namespace="n",
        name=name,
        index=index,
        intended_ns=at_ns,
        **given,  # type: ignore[arg-type]
    )


def test_own_operations_have_intended_times_and_controllers_objects_an_owner() -> None:
    vmi = ("VirtualMachineInstance", "n", "a", "u2")
    observations = [
        Observation(12, ADDED, "VirtualMachine", "n", "a", "u1", index=0),
        Observation(20, ADDED, *vmi, index=0, owner_uid="u1"),
        Observation(40, DELETED, *vmi, index=0, owner_uid="u1"),
    ]
    given = record(
        scenario("vm", workload={"variables": {"memory": "1Gi"}}),
        operations=[
            asked("create", "w", 1, stage="warm_up"),
            asked("create", "a", 10),
            asked("create", "b", 10, error="Invalid", code=422),
            asked("delete", "a", 30, stage="ramp_down"),
        ],
        observations=[observations],
    )
    found, odd = record_facts(given)
    events: list[TraceEvent] = []
    found.play(events.append, origin_ns=10)

    assert [(event.at_ns, event.event, event.kind, event.owner) for event in events] == [
        (0, "arrival", "vm", None),
        (10, "arrival", "vmi", 1),
        (20, "deletion", None, None),
        (30, "deletion", None, None),
    ]
    assert events[0].shape is not None
    assert events[0].shape.memory_bytes == 1 << 30
    assert odd == {"creates that were refused, which are left out": 1}


def test_pools_have_their_own_members() -> None:
    given = record(
        scenario("vmpool", 5, workload={"groups": 2}),
        operations=[
            asked("create", "p", 0, index=0, kind="VirtualMachinePool"),
            asked("create", "q", 0, index=1, kind="VirtualMachinePool"),
        ],
    )
    events: list[TraceEvent] = []
    record_facts(given)[0].play(events.append, origin_ns=0)

    assert [event.members for event in events] == [3, 2]
