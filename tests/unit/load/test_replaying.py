"""A replay, planned: deletions at scaled times, and the rests between them."""

from virtslo.load.planned import PlannedObject, PlannedOperation
from virtslo.load.replaying import describe_replay, peak_rate, plan_deletions, split_by_rest
from virtslo.model.plan.trace import Replay, ReplayArrival
from virtslo.model.plan.workload import Kind
from virtslo.model.run.operations import DELETE
from virtslo.model.stage_names import RAMP_DOWN

SECOND = 10**9


def replay(*arrivals: ReplayArrival, speed: float = 1.0) -> Replay:
    return Replay("t.jsonl", "d", arrivals, 100 * SECOND, speed=speed, left_out={"are odd": 2})


def arrival(at: int, lifetime: int | None, members: int = 1) -> ReplayArrival:
    kind = Kind.VMI if members == 1 else Kind.VMPOOL
    lifetime_ns = None if lifetime is None else lifetime * SECOND
    return ReplayArrival(at * SECOND, kind, members, None, None, lifetime_ns)


def planned(index: int) -> PlannedObject:
    return PlannedObject(index, Kind.VMI, "n", f"vmi-{index}", {})


def test_deletions_are_in_order_of_time_and_scaled_by_the_speed() -> None:
    given = replay(arrival(0, 50), arrival(10, 4), arrival(20, None), speed=2.0)

    found = plan_deletions(given, [planned(0), planned(1), planned(2)])

    assert [(item.planned.index, item.offset_ns) for item in found] == [
        (1, 7 * SECOND),
        (0, 25 * SECOND),
    ]


def test_operations_are_split_where_nothing_is_intended_for_long() -> None:
    operations = [
        PlannedOperation(DELETE, planned(at), at * SECOND, RAMP_DOWN) for at in (0, 3, 8, 9, 14)
    ]

    batches = list(split_by_rest(operations, least=5.0))

    assert [[item.planned.index for item in batch] for batch in batches] == [[0, 3], [8, 9], [14]]


def test_a_peak_rate_is_of_any_second_not_of_whole_ones() -> None:
    assert peak_rate([0, 600_000_000, 900_000_000, 1_500_000_000, 1_600_000_000]) == 3
    assert peak_rate([0, SECOND, 2 * SECOND]) == 1


def test_the_peak_population_counts_members_and_ends_before_arrivals_of_the_same_moment() -> None:
    given = replay(arrival(0, 10), arrival(5, 20, members=4), arrival(10, None))

    assert given.peak_members == 5
    assert given.members == 6


def test_a_replay_is_described_with_what_is_not_played() -> None:
    lines = describe_replay(replay(arrival(0, 10), arrival(5, None, members=4), speed=2.0), 1)

    assert lines[0] == "trace: t.jsonl, 1m40s recorded, played at speed 2"
    assert lines[1] == "arrivals: 1 vmi, 1 vmpool, over 2.5s; at most 1 in one second"
    assert "at most 5 VMIs at once; 1 deletions at recorded times, 1 objects outlive" in lines[2]
    assert lines[3] == "not played: 2 are odd"
