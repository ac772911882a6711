"""Laws of the churn stage: the population stays as large as it is."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from virtslo.load.churn import churn_schedule
from virtslo.load.replacing import replacement_slots
from virtslo.model.plan.scenario import Churn, Load, Pattern, Scenario, Template, Victims, Workload
from virtslo.model.plan.workload import Kind


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    count = draw(st.integers(1, 60))
    churn = Churn(
        objects=draw(st.integers(1, count)),
        cycles=draw(st.integers(1, 8)),
        victims=draw(st.sampled_from(Victims)),
    )
    return Scenario(
        "x",
        Workload(Kind.VMI, count, Template("x", "")),
        Load(Pattern.STEADY_STATE, churn=churn),
    )


@given(scenarios(), st.integers())
def test_victims_of_a_cycle_are_different_slots_of_the_population(
    scenario: Scenario, seed: int
) -> None:
    churn = scenario.load.churn
    assert churn is not None
    schedule = churn_schedule(scenario, Random(seed))

    assert len(schedule) == churn.cycles
    for cycle in schedule:
        assert len(set(cycle.victims)) == len(cycle.victims) == churn.objects
        assert set(cycle.victims) <= set(range(scenario.workload.count))
    assert schedule == churn_schedule(scenario, Random(seed))


@given(scenarios(), st.integers())
def test_no_two_replacements_have_the_same_slot_and_generation(
    scenario: Scenario, seed: int
) -> None:
    slots = replacement_slots(scenario, churn_schedule(scenario, Random(seed)))

    assert len({(slot.index, slot.generation) for slot in slots}) == len(slots)
    assert all(slot.generation >= 1 for slot in slots)
