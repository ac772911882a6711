"""What a cycle does, for every mode and kind."""

from typing import Any

from support.scenarios import planned, scenario
from virtslo.load.plan import Plan, replacement_contexts
from virtslo.model.plan.workload import Kind
from virtslo.model.run.operations import CREATE, DELETE, SCALE
from virtslo.model.stage_names import CHURN

SECOND = 1_000_000_000


def plan_of(kind: str, count: int = 10, *, groups: int = 1, **churn: Any) -> Plan:
    return planned(
        scenario(
            kind,
            count,
            "steady-state",
            workload={"groups": groups},
            load={"churn": {"objects": 2, "cycles": 3, **churn}},
        )
    )


def test_a_victim_and_its_replacement_share_slot_time_and_cycle() -> None:
    for cycle in plan_of("vmi").cycles:
        pairs = list(zip(cycle.operations[::2], cycle.operations[1::2], strict=True))

        assert len(pairs) == 2
        for gone, made in pairs:
            assert (gone.verb, made.verb) == (DELETE, CREATE)
            assert gone.planned.index == made.planned.index
            assert gone.offset_ns == made.offset_ns == cycle.start_ns
            assert gone.cycle == made.cycle == cycle.number
            assert gone.stage == made.stage == CHURN


def test_every_name_is_created_once_and_deleted_only_after() -> None:
    plan = plan_of("vm", 4, cycles=6, victims="newest")
    alive = {planned.name for planned in plan.objects}
    for cycle in plan.cycles:
        for operation in cycle.operations:
            if operation.verb == DELETE:
                alive.remove(operation.planned.name)
            else:
                assert operation.planned.name not in alive
                alive.add(operation.planned.name)

    assert len(alive) == 4
    assert plan.cycles[-1].replacements[0].name == "vm-s1-00003-g6"


def test_replacements_have_manifests_of_their_own_name_and_slot() -> None:
    (first, *_) = plan_of("vmi").cycles
    (made, *_) = first.replacements

    assert made.manifest["metadata"]["name"] == made.name
    assert made.manifest["metadata"]["labels"]["virtslo.io/index"] == str(made.index)


def test_replica_numbers_of_replacements_run_on() -> None:
    given = scenario("vmi", 10, "steady-state", load={"churn": {"objects": 2, "cycles": 2}})

    replicas = [context["replica"] for context in replacement_contexts(given, "s1", 1)]

    assert replicas == [11, 12, 13, 14]


def test_a_pools_vms_are_deleted_and_the_pool_replaces_them() -> None:
    plan = plan_of("vmpool", 10, groups=2)

    for cycle in plan.cycles:
        assert {operation.verb for operation in cycle.operations} == {DELETE}
        assert cycle.replacements == ()
        for victim in cycle.victims:
            assert victim.kind is Kind.VM
            assert victim.name.startswith(f"vmpool-s1-{victim.index:05d}-")


def test_scaling_goes_in_at_the_start_and_out_half_a_cycle_later() -> None:
    plan = plan_of("vmirs", 10, every="20s")

    (first, *_) = plan.cycles
    assert [(o.verb, o.replicas, o.offset_ns // SECOND) for o in first.operations] == [
        (SCALE, 8, 0),
        (SCALE, 10, 10),
    ]


def test_scaling_takes_from_groups_as_many_as_were_drawn() -> None:
    plan = plan_of("vmpool", 10, groups=3, mode="scale", objects=5, cycles=4)

    for cycle in plan.cycles:
        taken = sum(
            operation.planned.members - (operation.replicas or 0) for operation in cycle.operations
        )
        assert taken == 5


def test_a_restart_deletes_the_vmi_of_a_vm() -> None:
    plan = plan_of("vm", mode="restart")

    for cycle in plan.cycles:
        assert {(o.verb, o.planned.kind) for o in cycle.operations} == {(DELETE, Kind.VMI)}
        assert cycle.replacements == ()
