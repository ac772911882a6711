"""Nothing is counted twice or lost, whatever a watch goes through."""

from collections import Counter

from hypothesis import given, settings

from support.histories import RUN, STEPS, TROUBLES, Step, told
from support.records import record
from virtslo.base.virtual_time import VirtualClock, run_in_virtual_time
from virtslo.model.run.observations import ADDED, DELETED, PHASE, Observation
from virtslo.observe.population import Population
from virtslo.slo.record.running_population import running_population_of
from virtslo.slo.record.timelines import timelines_of


def population_of(observations: list[Observation]) -> Population:
    async def main(clock: VirtualClock) -> Population:
        population = Population(clock)
        for seen in observations:
            population.apply(seen)
        return population

    return run_in_virtual_time(main)


@given(STEPS, TROUBLES)
@settings(max_examples=100, deadline=None)
def test_every_object_is_added_once_and_removed_once(
    steps: list[Step], troubles: list[str]
) -> None:
    server, found = told(steps, troubles)
    added = Counter(seen.uid for seen in found if seen.fact == ADDED)
    gone = Counter(seen.uid for seen in found if seen.fact == DELETED)
    phases = Counter((seen.uid, seen.phase) for seen in found if seen.fact == PHASE)

    assert set(added.values()) <= {1}
    assert set(gone.values()) <= {1}
    assert set(phases.values()) <= {1}
    assert set(added) <= set(server.added)
    assert set(gone) == set(added) & set(server.removed)


@given(STEPS, TROUBLES)
@settings(max_examples=100, deadline=None)
def test_what_lives_at_the_end_is_known_and_nothing_foreign_is(
    steps: list[Step], troubles: list[str]
) -> None:
    server, found = told(steps, troubles)
    alive = {
        target["metadata"]["uid"]: target["status"].get("phase")
        for target in server.objects.values()
        if target["metadata"]["labels"]["virtslo.io/run"] == RUN
    }
    population = population_of(found)

    assert population.running() == sum(1 for phase in alive.values() if phase == "Running")
    assert population.is_gone()() is not bool(alive)
    assert not {seen.uid for seen in found} & set(server.foreign)
    objects = timelines_of(record(observations=[found]), stages=()).objects
    assert {uid for uid, timeline in objects.items() if timeline.deleted_ns is None} == set(alive)


@given(STEPS, TROUBLES)
@settings(max_examples=100, deadline=None)
def test_no_fact_is_known_before_it_is_true(steps: list[Step], troubles: list[str]) -> None:
    server, found = told(steps, troubles)

    for seen in found:
        if seen.fact == DELETED:
            assert seen.received_ns >= server.removed[seen.uid]
        if seen.fact == PHASE and seen.phase == "Running":
            assert seen.received_ns >= server.running[seen.uid]


@given(STEPS, TROUBLES)
@settings(max_examples=100, deadline=None)
def test_capacity_ends_with_what_runs_and_is_not_marked(
    steps: list[Step], troubles: list[str]
) -> None:
    server, found = told(steps, troubles)
    lasting = [
        target
        for target in server.objects.values()
        if target["metadata"]["labels"]["virtslo.io/run"] == RUN
        and target["status"].get("phase") == "Running"
        and "deletionTimestamp" not in target["metadata"]
    ]
    capacity = running_population_of(found)

    assert capacity.at(10**15) == len(lasting)
    assert all(count >= 0 for count in capacity.counts)
