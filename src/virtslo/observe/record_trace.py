"""Arrivals and deletions out of a run's own record. Pure.

Invariant: what the run itself asked for has its intended time, so that a replay intends the same;
what a controller made has the time at which it was seen. The warm-up is left out.
"""

from collections import Counter
from typing import Final

from virtslo.base.quantity import parse_quantity
from virtslo.model.plan.scenario import Scenario
from virtslo.model.plan.trace import Shape
from virtslo.model.plan.workload import BY_API_KIND, TRAITS
from virtslo.model.run import observations as facts
from virtslo.model.run.operations import CREATE, DELETE, SCALE, OperationRecord
from virtslo.model.run.record import RunRecord
from virtslo.model.stage_names import WARM_UP
from virtslo.observe.buffered_trace import APPEARED, DELETED, BufferedFacts, Fact
from virtslo.observe.trace_builder import Key, Sighting

NOT_FOUND: Final = 404


def record_facts(record: RunRecord) -> tuple[BufferedFacts, Counter[str]]:
    """The facts of a record, and what of it is not in a trace, counted by its words."""
    found, odd = BufferedFacts(), Counter[str]()
    asked: dict[Key, None] = {}
    scenario = record.header.scenario
    for operation in record.operations:
        kind = BY_API_KIND.get(operation.kind)
        if operation.stage == WARM_UP or kind is None:
            continue
        key = (kind, operation.namespace, operation.name)
        if operation.verb == SCALE:
            odd["changes of a pool's or replica set's size, which are not recorded"] += 1
        elif operation.verb == CREATE and _is_done(operation):
            asked[key] = None
            members = _members(scenario, operation.index) if TRAITS[kind].is_group else None
            seen = Sighting(_shape(scenario, operation.index), members)
            found.add(Fact(operation.intended_ns, APPEARED, key, seen))
        elif operation.verb == CREATE:
            odd["creates that were refused, which are left out"] += 1
        elif operation.verb == DELETE and (_is_done(operation) or operation.code == NOT_FOUND):
            found.add(Fact(operation.intended_ns, DELETED, key))
    _add_owned(record, asked, found)
    return found, odd


def _is_done(operation: OperationRecord) -> bool:
    return operation.error is None and operation.finished_ns is not None


def _add_owned(record: RunRecord, asked: dict[Key, None], found: BufferedFacts) -> None:
    """What controllers made for the run's objects, as it was seen."""
    keys: dict[str, Key] = {}
    for seen in record.observations:
        kind = BY_API_KIND.get(seen.kind)
        if kind is None or seen.stage is not None:
            continue
        key = keys.setdefault(seen.uid, (kind, seen.namespace, seen.name))
        if key in asked or seen.owner_uid is None:
            continue
        if seen.fact == facts.ADDED:
            owner = keys.get(seen.owner_uid)
            shape = None if seen.index is None else _shape(record.header.scenario, seen.index)
            sighting = Sighting(shape, None, owner, is_owned=True, uid=seen.uid)
            found.add(Fact(seen.received_ns, APPEARED, key, sighting))
        elif seen.fact == facts.DELETED:
            found.add(Fact(seen.received_ns, DELETED, key))


def _members(scenario: Scenario, index: int) -> int:
    """How many VMIs the pool or replica set in a slot stood for."""
    replay, workload = scenario.load.replay, scenario.workload
    if replay is not None:
        return replay.arrivals[index].members if index < len(replay.arrivals) else 1
    least, rest = divmod(workload.count, max(1, workload.groups))
    return least + (index < rest)


def _shape(scenario: Scenario, index: int) -> Shape | None:
    """The size that the variables ask of a built-in template for the object in a slot."""
    replay, variables = scenario.load.replay, scenario.workload.variables
    cpu, memory = variables.get("cpu"), variables.get("memory")
    if replay is not None and index < len(replay.arrivals):
        cpu, memory = replay.arrivals[index].cpu or cpu, replay.arrivals[index].memory or memory
    cpu_nano, memory_nano = _nano(cpu), _nano(memory)
    if cpu_nano is None and memory_nano is None:
        return None
    return Shape(
        cpu_milli=None if cpu_nano is None else -(-cpu_nano // 1_000_000),
        memory_bytes=None if memory_nano is None else -(-memory_nano // 1_000_000_000),
    )


def _nano(value: object) -> int | None:
    try:
        return parse_quantity(str(value)).nano if value is not None else None
    except ValueError:
        return None
