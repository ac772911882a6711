"""What a trace deletes too soon to run is withdrawn; what had time to run is unfinished."""

from support.records import operation, record, seen
from virtslo.base.clock import to_nanoseconds
from virtslo.model.plan.trace import Replay, ReplayArrival
from virtslo.model.plan.workload import Kind
from virtslo.model.run.operations import CREATE
from virtslo.slo.record.ownership import Ownership
from virtslo.slo.record.timelines import timelines_of
from virtslo.slo.record.withdrawn import withdrawn_creates


def withdrawn(*lifetimes: float | None, running: dict[int, float], speed: float = 1.0) -> list[str]:
    """The creates, all at 10 s, of which nothing could run; `running`: seconds, by slot."""
    arrivals = [
        ReplayArrival(
            0, Kind.VMI, lifetime_ns=None if lifetime is None else to_nanoseconds(lifetime)
        )
        for lifetime in lifetimes
    ]
    replay = Replay("t", "d", tuple(arrivals), 0, speed=speed)
    creates = [
        operation(CREATE, f"v{slot}", 10, index=slot, uid=f"uid-v{slot}", stage="ramp_up")
        for slot in range(len(lifetimes))
    ]
    facts = []
    for slot in range(len(lifetimes)):
        facts.append(seen(f"v{slot}", index=slot, added=10))
        if slot in running:
            facts.append(seen(f"v{slot}", index=slot, running=running[slot]))
    timelines = timelines_of(record(observations=facts), stages=())
    vmis = timelines.of_kind("VirtualMachineInstance")
    found = withdrawn_creates(replay, creates, vmis, Ownership(creates, timelines.objects))
    return [create.name for create in found]


def test_what_lived_less_than_the_fastest_took_is_withdrawn() -> None:
    assert withdrawn(None, 3.0, 60.0, running={0: 15}) == ["v1"]


def test_what_ran_is_never_withdrawn_however_short_it_was_to_live() -> None:
    assert withdrawn(None, 3.0, running={0: 15, 1: 14}) == []


def test_lifetimes_are_as_played() -> None:
    assert withdrawn(None, 8.0, running={0: 15}, speed=1.0) == []
    assert withdrawn(None, 8.0, running={0: 15}, speed=2.0) == ["v1"]


def test_where_nothing_ran_nothing_is_withdrawn() -> None:
    assert withdrawn(3.0, 4.0, running={}) == []
