"""From a churn schedule to operations: what is deleted, created or scaled, cycle by cycle.

Invariant: a victim and its replacement share a slot, an intended time and a cycle; a replacement
has a name of its own. Where a controller replaces what was deleted, the run creates nothing.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from virtslo.base.clock import to_nanoseconds
from virtslo.load.churn import CycleSchedule
from virtslo.load.naming import Slot
from virtslo.load.planned import PlannedCycle, PlannedObject, PlannedOperation
from virtslo.model.plan.scenario import ChurnMode, Scenario
from virtslo.model.plan.workload import Kind
from virtslo.model.run.operations import CREATE, DELETE, SCALE
from virtslo.model.stage_names import CHURN


def replacement_slots(scenario: Scenario, schedule: Sequence[CycleSchedule]) -> list[Slot]:
    """The slots that the run itself fills again, in the order of the schedule."""
    if not _creates_replacements(scenario):
        return []
    generations: Counter[int] = Counter()
    slots = []
    running = scenario.workload.count
    for cycle in schedule:
        for index in cycle.victims:
            generations[index] += 1
            running += 1
            slots.append(Slot(index, generations[index], replica=running))
    return slots


def plan_cycles(
    scenario: Scenario,
    schedule: Sequence[CycleSchedule],
    *,
    objects: Sequence[PlannedObject],
    replacements: Sequence[PlannedObject],
) -> tuple[PlannedCycle, ...]:
    """The operations of every cycle."""
    churn = scenario.load.churn
    if churn is None or not schedule:
        return ()
    if churn.mode is ChurnMode.SCALE:
        every_ns = to_nanoseconds(churn.every)
        return tuple(_scale(cycle, objects, every_ns) for cycle in schedule)
    if scenario.workload.kind is Kind.VMPOOL:
        members = _pool_members(objects)
        return tuple(_delete_only(cycle, members) for cycle in schedule)
    if churn.mode is ChurnMode.RESTART:
        instances = {planned.index: _instance_of(planned) for planned in objects}
        return tuple(_delete_only(cycle, instances) for cycle in schedule)
    return tuple(_replace_objects(schedule, objects, iter(replacements)))


def _creates_replacements(scenario: Scenario) -> bool:
    churn = scenario.load.churn
    return (
        churn is not None
        and churn.mode is ChurnMode.OBJECTS
        and scenario.workload.kind in {Kind.VMI, Kind.VM}
    )


def _replace_objects(
    schedule: Sequence[CycleSchedule],
    objects: Sequence[PlannedObject],
    replacements: Iterator[PlannedObject],
) -> Iterator[PlannedCycle]:
    now = {planned.index: planned for planned in objects}
    for cycle in schedule:
        operations: list[PlannedOperation] = []
        victims: list[PlannedObject] = []
        created: list[PlannedObject] = []
        for index, offset_ns in zip(cycle.victims, cycle.offsets_ns, strict=True):
            victim, replacement = now[index], next(replacements)
            for verb, planned in ((DELETE, victim), (CREATE, replacement)):
                operations.append(PlannedOperation(verb, planned, offset_ns, CHURN, cycle.number))
            now[index] = replacement
            victims.append(victim)
            created.append(replacement)
        yield PlannedCycle(
            cycle.number, cycle.start_ns, tuple(operations), tuple(victims), tuple(created)
        )


def _delete_only(cycle: CycleSchedule, members: Mapping[int, PlannedObject]) -> PlannedCycle:
    victims = tuple(members[index] for index in cycle.victims)
    operations = tuple(
        PlannedOperation(DELETE, victim, offset_ns, CHURN, cycle.number)
        for victim, offset_ns in zip(victims, cycle.offsets_ns, strict=True)
    )
    return PlannedCycle(cycle.number, cycle.start_ns, operations, victims)


def _pool_members(pools: Sequence[PlannedObject]) -> dict[int, PlannedObject]:
    """The VMs that pools make first, by member: KubeVirt names them `<pool>-<ordinal>`."""
    members: dict[int, PlannedObject] = {}
    for pool in pools:
        for ordinal in range(pool.members):
            members[len(members)] = PlannedObject(
                pool.index, Kind.VM, pool.namespace, f"{pool.name}-{ordinal}", {}
            )
    return members


def _instance_of(machine: PlannedObject) -> PlannedObject:
    """The VMI of a VM has its name."""
    return replace(machine, kind=Kind.VMI, template={}, run_label=None)


def _scale(cycle: CycleSchedule, groups: Sequence[PlannedObject], every_ns: int) -> PlannedCycle:
    """In at the start of the cycle, out again half a cycle later, so that no controller merges."""
    group_of = [group for group in groups for _ in range(group.members)]
    share = Counter(group_of[member].index for member in cycle.victims)
    operations: list[PlannedOperation] = []
    victims = [group for group in groups if share[group.index]]
    for delay_ns in (0, every_ns // 2):
        for group in victims:
            wanted = group.members - (0 if delay_ns else share[group.index])
            offset_ns = cycle.start_ns + delay_ns
            operations.append(
                PlannedOperation(SCALE, group, offset_ns, CHURN, cycle.number, wanted)
            )
    return PlannedCycle(cycle.number, cycle.start_ns, tuple(operations), tuple(victims))
