"""Cycles of churn, on records small enough to be worked out on paper."""

from collections.abc import Iterable
from dataclasses import replace

import msgspec
import pytest

from support.records import VM, operation, record, seen, stage
from support.scenarios import scenario
from virtslo.model.identifiers import RUNNING, SCHEDULED
from virtslo.model.report.figures import Figure
from virtslo.model.run.observations import Observation
from virtslo.model.run.operations import CREATE, DELETE, SCALE, OperationRecord
from virtslo.model.run.record import RunRecord
from virtslo.model.run.stages import Stage
from virtslo.model.stage_names import CHURN, RAMP_DOWN
from virtslo.slo.figures.churn_figures import (
    churn_creation_rate,
    churn_made_rate,
    churn_phase_rate,
    churn_rows,
    recovery_of,
)
from virtslo.slo.figures.rows import Row
from virtslo.slo.record.churn import ChurnFacts
from virtslo.slo.record.measured import measure

VMIS = scenario(
    "vmi", 4, "steady-state", load={"churn": {"objects": 2, "cycles": 2, "every": "20s"}}
)
STAGE = stage(CHURN, 100, 145, whole=130, deadline=740, starts=(100, 120))


def facts_of(given: RunRecord) -> ChurnFacts:
    facts = measure(given).churn
    assert facts is not None
    return facts


def by_name(rows: Iterable[Row]) -> dict[tuple[str, str], Figure]:
    return {(row.definition.name, row.statistic): row.figure for row in rows}


def pair(slot: int, generation: int, at: float, cycle: int) -> list[OperationRecord]:
    before = f"v{slot}" + (f"-g{generation - 1}" if generation > 1 else "")
    after = f"v{slot}-g{generation}"
    return [
        operation(DELETE, before, at, answered=at + 0.1, index=slot, cycle=cycle),
        operation(CREATE, after, at, answered=at + 0.2 * (slot + 1), index=slot, cycle=cycle),
    ]


OPERATIONS = [*pair(0, 1, 100, 0), *pair(1, 1, 100, 0), *pair(0, 2, 120, 1), *pair(2, 1, 120, 1)]
OBSERVATIONS = [
    seen("v0", added=1, running=5, deleting=100, gone=104),
    seen("v1", added=1, running=6, deleting=100, gone=112),
    seen("v2", added=1, running=6, deleting=120, gone=123),
    seen("v3", added=1, running=6),
    seen("v0-g1", added=101, pending=101, running=108, deleting=120, gone=124),
    seen("v1-g1", added=101, pending=102, running=110),
    seen("v0-g2", added=121, pending=121, running=126),
    seen("v2-g1", added=121, pending=123, running=130),
]


def the_record(
    operations: list[OperationRecord] = OPERATIONS,
    observations: list[list[Observation]] = OBSERVATIONS,
    stages: tuple[Stage, ...] = (STAGE,),
) -> RunRecord:
    return record(VMIS, stages=stages, operations=operations, observations=observations)


def test_a_recovery_ends_with_the_last_victim_gone_or_replacement_running() -> None:
    first, second = facts_of(the_record()).cycles

    assert recovery_of(first).value == 12.0  # v1 is gone at 112, after v1-g1 runs at 110
    assert recovery_of(second).value == 10.0  # v2-g1 runs at 130
    assert not first.is_overlapped


def test_rates_are_pooled_over_cycles_each_from_its_own_start() -> None:
    facts = facts_of(the_record())
    created, running = churn_creation_rate(facts), churn_phase_rate(facts, RUNNING)

    # the cycles begin at 100 and 120; the last is accepted after 0.4 s, then after 0.6 s
    assert created.value == pytest.approx(4 / (0.4 + 0.6))
    assert created.samples == 4
    assert created.range is None
    # the last is Running after 10 s, both times
    assert running.value == pytest.approx(4 / (10 + 10))
    assert running.detail is not None
    assert running.detail["cycle_range"] == pytest.approx([0.2, 0.2])
    assert running.detail["cycles"] == 2


def test_a_cycle_without_a_rate_is_counted_and_not_taken_for_zero() -> None:
    pending = churn_phase_rate(facts_of(the_record()), SCHEDULED)

    assert pending.value is None
    assert "0" in (pending.reason or "")


def test_time_below_capacity_is_the_integral_of_what_is_missing() -> None:
    facts = facts_of(the_record())
    rows = by_name(churn_rows(facts))

    # The stage: 100 to max(140, 130) = 140. Missing: 2 from 100 to 108, 1 to 110, none to 120,
    # 2 to 126, 1 to 130: 16 + 2 + 12 + 4 = 34 object-seconds of 4 x 40.
    assert facts.end_ns == 140 * 10**9
    assert rows["time_below_capacity_share", "value"].value == 34 / 160
    assert rows["churn_duration_seconds", "value"].value == 40.0
    assert rows["overlapping_cycles", "value"].value == 0


def test_the_stage_lasts_as_long_as_its_last_recovery_where_that_is_longer() -> None:
    late = [*OBSERVATIONS[:-1], seen("v2-g1", added=121, running=150)]
    stages = (stage(CHURN, 100, 155, whole=150, deadline=740, starts=(100, 120)),)

    facts = facts_of(the_record(observations=late, stages=stages))

    assert facts.end_ns == 150 * 10**9


def test_a_straggler_of_an_earlier_cycle_is_an_overlap_and_not_forgotten() -> None:
    late = [*OBSERVATIONS]
    late[5] = seen("v1-g1", added=101, running=125)

    first, second = facts_of(the_record(observations=late)).cycles

    assert recovery_of(first).value == 25.0
    assert first.is_overlapped
    assert recovery_of(second).value == 10.0


def test_what_the_ramp_down_removes_was_not_gone_in_the_cycle() -> None:
    late = [*OBSERVATIONS]
    late[1] = seen("v1", added=1, running=6, deleting=100, gone=150)
    stages = (STAGE, stage(RAMP_DOWN, 146, 160))

    first, _ = facts_of(the_record(observations=late, stages=stages)).cycles

    assert recovery_of(first).value is None
    assert recovery_of(first).reason == "1 of 2 victims were not gone"


def test_a_replacement_that_was_refused_leaves_the_cycle_unrecovered() -> None:
    refused = [*OPERATIONS]
    refused[1] = operation(
        CREATE, "v0-g1", 100, index=0, cycle=0, code=429, error="TooManyRequests"
    )
    without = [group for group in OBSERVATIONS if group[0].name != "v0-g1"]

    first, _ = facts_of(the_record(refused, without)).cycles

    assert recovery_of(first).reason == "1 replacements were not accepted"


def test_a_victim_that_never_was_is_gone() -> None:
    missing = [*OPERATIONS]
    missing[4] = operation(DELETE, "v0-g1", 120, index=0, cycle=1, code=404, error="NotFound")
    without = [group for group in OBSERVATIONS if group[0].name != "v0-g1"]

    _, second = facts_of(the_record(missing, without)).cycles

    assert recovery_of(second).value == 10.0


def test_a_vm_is_gone_when_its_vmi_is_and_runs_when_its_vmi_does() -> None:
    machines = scenario(
        "vm", 2, "steady-state", load={"churn": {"objects": 1, "cycles": 1, "every": "20s"}}
    )
    given = record(
        machines,
        stages=(stage(CHURN, 100, 125, whole=112, deadline=700, starts=(100,)),),
        operations=[
            operation(DELETE, "m0", 100, kind=VM, cycle=0),
            operation(CREATE, "m0-g1", 100, kind=VM, cycle=0),
        ],
        observations=[
            seen("m0", kind=VM, uid="a", added=1, ready=5, gone=103),
            seen("m0", uid="b", owner="a", added=2, running=5, gone=112),
            seen("m0-g1", kind=VM, uid="c", added=100.5, ready=109),
            seen("m0-g1", uid="d", owner="c", added=101, running=108),
        ],
    )

    (cycle,) = facts_of(given).cycles

    assert recovery_of(cycle).value == 12.0
    assert [vmi.uid for vmi in cycle.created] == ["d"]


def test_a_restart_tells_the_new_vmi_from_the_old_one_of_its_name() -> None:
    machines = scenario(
        "vm",
        2,
        "steady-state",
        load={"churn": {"objects": 1, "cycles": 1, "every": "20s", "mode": "restart"}},
    )
    given = record(
        machines,
        stages=(stage(CHURN, 100, 125, whole=109, deadline=700, starts=(100,)),),
        operations=[operation(DELETE, "m0", 100, cycle=0, uid="old")],
        observations=[
            seen("m0", kind=VM, uid="a", added=1, ready=5),
            seen("m0", uid="old", owner="a", added=2, running=5, deleting=100, gone=103),
            seen("m0", uid="new", owner="a", added=104, running=109),
        ],
    )

    (cycle,) = facts_of(given).cycles

    assert recovery_of(cycle).value == 9.0
    assert [vmi.uid for vmi in cycle.created] == ["new"]
    assert "restart" in (churn_creation_rate(facts_of(given)).reason or "")


def restarted_twice(second: str, *vmis: list[Observation]) -> RunRecord:
    """A VM of which two cycles restart its VMI: `one`, then this one."""
    machines = scenario(
        "vm",
        2,
        "steady-state",
        load={"churn": {"objects": 1, "cycles": 2, "every": "5s", "mode": "restart"}},
    )
    return record(
        machines,
        stages=(stage(CHURN, 100, 130, whole=118, deadline=700, starts=(100, 105)),),
        operations=[
            operation(DELETE, "m0", 100, cycle=0, uid="one"),
            operation(DELETE, "m0", 105, cycle=1, uid=second),
        ],
        observations=[seen("m0", kind=VM, uid="a", added=1, ready=5), *vmis],
    )


def test_a_restart_that_was_restarted_itself_was_withdrawn() -> None:
    given = restarted_twice(
        "two",
        seen("m0", uid="one", owner="a", added=2, running=5, deleting=100, gone=103),
        seen("m0", uid="two", owner="a", added=104, deleting=105, gone=107),
        seen("m0", uid="three", owner="a", added=108, running=118),
    )

    first, second = facts_of(given).cycles

    assert recovery_of(first).reason == "1 replacements were replaced before they ran"
    assert [item.withdrawn_ns for item in first.replacements] == [105 * 10**9]
    assert recovery_of(second).value == 13.0


def test_a_vmi_that_is_chosen_again_while_it_ends_counts_once() -> None:
    given = restarted_twice(
        "one",
        seen("m0", uid="one", owner="a", added=2, running=5, deleting=100, gone=106),
        seen("m0", uid="two", owner="a", added=107, running=118),
    )

    facts = facts_of(given)
    first, second = facts.cycles

    assert [item.is_repeat for cycle in facts.cycles for item in cycle.victims] == [False, True]
    assert [len(item.vmis) for item in (*first.replacements, *second.replacements)] == [1, 0]
    assert churn_made_rate(facts).value is None  # one of two came


POOL = scenario(
    "vmpool", 3, "steady-state", load={"churn": {"objects": 1, "cycles": 2, "every": "20s"}}
)


def pool_record(second_runs: float) -> RunRecord:
    return record(
        POOL,
        stages=(stage(CHURN, 100, 150, whole=second_runs, deadline=700, starts=(100, 120)),),
        operations=[
            operation(DELETE, "p-0", 100, kind=VM, cycle=0, uid="vm0"),
            operation(DELETE, "p-1", 120, kind=VM, cycle=1, uid="vm1"),
        ],
        observations=[
            seen("p-0", kind=VM, uid="vm0", added=1, gone=104),
            seen("p-0", uid="i0", owner="vm0", added=2, running=5, deleting=100, gone=104),
            seen("p-1", kind=VM, uid="vm1", added=1, gone=123),
            seen("p-1", uid="i1", owner="vm1", added=2, running=5, deleting=120, gone=123),
            seen("p-2", kind=VM, uid="vm2", added=1),
            seen("p-2", uid="i2", owner="vm2", added=2, running=5),
            # the pool uses the name again
            seen("p-0", kind=VM, uid="vm3", added=105),
            seen("p-0", uid="i3", owner="vm3", added=106, running=second_runs - 20),
            seen("p-1", kind=VM, uid="vm4", added=124),
            seen("p-1", uid="i4", owner="vm4", added=125, running=second_runs),
        ],
    )


def test_a_pool_has_recovered_when_its_population_is_whole() -> None:
    first, second = facts_of(pool_record(131)).cycles

    assert recovery_of(first).value == 11.0
    assert recovery_of(second).value == 11.0
    assert [vmi.uid for vmi in first.created] == ["i3"]
    assert [machine.uid for machine in second.objects] == ["vm4"]


def test_a_pools_recovery_is_null_where_the_next_cycle_began_before() -> None:
    first, second = facts_of(pool_record(142)).cycles

    assert recovery_of(first).value is None
    assert "next cycle began" in (recovery_of(first).reason or "")
    assert first.is_overlapped
    assert recovery_of(second).value == 22.0


def test_what_is_late_of_one_cycle_of_a_pool_is_in_no_rate_of_the_next() -> None:
    """It cannot be told from what the next cycle replaces: that cycle is left out too."""
    apart = churn_phase_rate(facts_of(pool_record(142)), RUNNING)
    given = pool_record(142)
    late = [
        msgspec.structs.replace(item, received_ns=item.received_ns + 15 * 10**9)
        if item.uid in {"vm3", "i3"}
        else item
        for item in given.observations
    ]
    mixed = churn_phase_rate(facts_of(replace(given, observations=tuple(late))), RUNNING)

    assert apart.value == pytest.approx(1 / 22)
    assert mixed.value is None
    assert mixed.detail is not None
    assert (mixed.detail["cycles"], mixed.detail["cycles_without"]) == (0, 2)


def test_a_scaled_pool_recovers_from_its_intended_scale_out() -> None:
    scaled = scenario(
        "vmpool",
        3,
        "steady-state",
        load={"churn": {"objects": 1, "cycles": 1, "every": "20s", "mode": "scale"}},
    )
    given = record(
        scaled,
        stages=(stage(CHURN, 100, 130, whole=117, deadline=700, starts=(100,)),),
        operations=[
            operation(SCALE, "p", 100, kind="VirtualMachinePool", cycle=0),
            operation(SCALE, "p", 110, kind="VirtualMachinePool", cycle=0),
        ],
        observations=[
            seen("p-0", uid="i0", added=2, running=5, deleting=101, gone=104),
            seen("p-1", uid="i1", added=2, running=5),
            seen("p-2", uid="i2", added=2, running=5),
            seen("p-0", uid="i3", added=111, running=117),
        ],
    )

    (cycle,) = facts_of(given).cycles
    rows = by_name(churn_rows(facts_of(given)))

    assert recovery_of(cycle).value == 7.0
    assert rows["scale_in_seconds", "max"].value == 1.0


def test_a_cycle_that_never_began_says_so() -> None:
    given = record(VMIS, stages=(stage(CHURN, 100, None, starts=(100, 120)),))

    reasons = {recovery_of(cycle).reason for cycle in facts_of(given).cycles}

    assert reasons == {"the run ended before this cycle"}
