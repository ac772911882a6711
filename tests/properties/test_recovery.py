"""A recovery is never negative and never misses a straggler."""

from dataclasses import dataclass
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from support.records import operation, record, seen, stage
from support.scenarios import scenario
from virtslo.base.clock import to_nanoseconds
from virtslo.model.run.observations import Observation
from virtslo.model.run.operations import CREATE, DELETE, OperationRecord
from virtslo.model.stage_names import CHURN
from virtslo.slo.figures.churn_figures import recovery_of
from virtslo.slo.record.measured import measure
from virtslo.slo.record.running_population import RunningPopulation, running_population_of

EVERY = 10
END = 100.0

# What happens to a victim and to its replacement, in whole seconds after the cycle's start; None:
# never. "refused" and "failed" are answers of the server.
MOMENTS = st.one_of(st.integers(0, 25), st.none())
ANSWERS = st.sampled_from(["fine", "fine", "fine", "fine", "fails"])


@dataclass(frozen=True)
class Swap:
    gone: int | None
    running: int | None
    deletion: str
    creation: str
    has_uid: bool


SWAPS = st.builds(Swap, MOMENTS, MOMENTS, ANSWERS, ANSWERS, st.booleans())
CYCLES = st.lists(st.lists(SWAPS, min_size=1, max_size=4), min_size=1, max_size=4)


def play(cycles: list[list[Swap]]) -> tuple[list[OperationRecord], list[list[Observation]]]:
    operations: list[OperationRecord] = []
    observations: list[list[Observation]] = []
    for number, swaps in enumerate(cycles):
        start = number * EVERY
        for slot, swap in enumerate(swaps):
            old, new = f"old-{number}-{slot}", f"new-{number}-{slot}"
            facts: dict[str, Any] = {"uid": f"uid-{old}"} if swap.has_uid else {}
            failed: dict[str, Any] = {"code": 500, "error": "InternalError"}
            operations += [
                operation(
                    DELETE, old, start, index=slot, cycle=number,
                    **(failed if swap.deletion == "fails" else facts),
                ),
                operation(
                    CREATE, new, start, index=slot, cycle=number,
                    **(failed if swap.creation == "fails" else {}),
                ),
            ]  # fmt: skip
            moments: dict[str, Any] = {} if swap.gone is None or swap.deletion == "fails" else {
                "gone": float(start + swap.gone)
            }  # fmt: skip
            observations.append(seen(old, added=-50.0, running=-40.0, **moments))
            if swap.creation != "fails":
                came: dict[str, Any] = (
                    {} if swap.running is None else {"running": float(start + swap.running)}
                )
                observations.append(seen(new, added=float(start), **came))
    return operations, observations


@given(CYCLES)
@settings(max_examples=100, deadline=None)
def test_a_recovery_is_its_own_last_straggler(cycles: list[list[Swap]]) -> None:
    operations, observations = play(cycles)
    load = {"churn": {"objects": 4, "cycles": len(cycles), "every": f"{EVERY}s"}}
    starts = [number * EVERY for number in range(len(cycles))]
    facts = measure(
        record(
            scenario("vmi", 4, "steady-state", load=load),
            stages=(stage(CHURN, 0, END, deadline=END, starts=starts),),
            operations=operations,
            observations=observations,
        )
    ).churn
    assert facts is not None

    for cycle, swaps in zip(facts.cycles, cycles, strict=True):
        fine = all(
            swap.deletion == swap.creation == "fine"
            and swap.gone is not None
            and swap.running is not None
            for swap in swaps
        )
        figure = recovery_of(cycle)
        if not fine:
            assert figure.value is None
            assert figure.reason
            continue
        expected = max(max(swap.gone or 0, swap.running or 0) for swap in swaps)
        assert figure.value == expected >= 0
        assert cycle.is_overlapped == (cycle.next_start_ns is not None and expected > EVERY)
    assert (facts.end_ns or 0) >= facts.schedule_end_ns


STEPS = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 20)), min_size=1, max_size=20)


@given(STEPS, st.integers(0, 30), st.integers(0, 50), st.integers(0, 50))
def test_missing_capacity_is_the_sum_over_every_second(
    steps: list[tuple[int, int]], wanted: int, since: int, length: int
) -> None:
    by_moment = dict(sorted(steps))
    capacity = RunningPopulation([to_nanoseconds(at) for at in by_moment], list(by_moment.values()))
    until = since + length

    missing = capacity.missing_ns(wanted, to_nanoseconds(since), to_nanoseconds(until))

    def at(second: int) -> int:
        before = [count for moment, count in by_moment.items() if moment <= second]
        return before[-1] if before else 0

    expected = sum(max(0, wanted - at(second)) for second in range(since, until))
    assert missing == to_nanoseconds(expected)


def test_nothing_observed_is_no_capacity() -> None:
    assert running_population_of([]).at(0) == 0
