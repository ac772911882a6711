"""Verdicts: what figures, findings and promises come to."""

import math
import random
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.reads import burst_record
from virtslo.model.plan.objectives import Bound, Objective, Promise
from virtslo.model.report.figures import Figure, no_data
from virtslo.model.report.indicators import FigureKey
from virtslo.model.report.verdicts import Outcome, Verdict
from virtslo.model.run.findings import Finding
from virtslo.model.vocabulary import QUANTILES
from virtslo.slo.evaluate import compare, is_about, judge, judge_runs, touches
from virtslo.slo.record.measured import measure
from virtslo.slo.statistics.quantiles import quantile

RUNNING = "vmi_creation_to_running_seconds"
P95 = Objective("soon", RUNNING, "p95", Bound(60.0), "s")
PATCH = "rest_calls_patch_virtualmachineinstances"
RATIO = Objective(
    "patches", PATCH, "count", Bound(2.0), "", per="rest_calls_create_pods", per_statistic="count"
)


def verdict(
    objective: Objective,
    figures: dict[FigureKey, Figure],
    findings: Sequence[Finding] = (),
    *,
    count: int = 10,
) -> Verdict:
    return judge(objective, measure(burst_record([], count=count)), figures, findings)


def running(value: float | None, **more: float) -> dict[FigureKey, Figure]:
    reason = None if value is not None else "1 of 20 did not finish"
    return {FigureKey(RUNNING, "p95"): Figure(value, "s", 20, "watch", reason=reason, **more)}  # type: ignore[arg-type]


@pytest.mark.parametrize(("value", "outcome"), [(59.9, "met"), (60.0, "met"), (60.1, "violated")])
def test_a_bound_is_kept_up_to_itself(value: float, outcome: str) -> None:
    assert verdict(P95, running(value)).verdict == outcome


def test_a_least_bound_must_be_reached() -> None:
    rate = Objective("fast", "phase_rate_running", "mean", Bound(20.0, is_least=True), "VMIs/s")
    figures = {FigureKey("phase_rate_running", "mean"): Figure(19.9, "VMIs/s", 9, "watch")}

    assert verdict(rate, figures).verdict is Outcome.VIOLATED


def test_an_object_that_hangs_longer_than_the_bound_violates_it() -> None:
    found = verdict(P95, running(None, lower_bound=600.0))

    assert found.verdict is Outcome.VIOLATED
    assert found.reason == "1 of 20 did not finish"
    assert found.value is None


def test_an_object_that_was_not_waited_for_long_enough_proves_nothing() -> None:
    assert verdict(P95, running(None, lower_bound=30.0)).verdict is Outcome.INCONCLUSIVE


def test_no_data_is_never_met() -> None:
    found = verdict(P95, {FigureKey(RUNNING, "p95"): no_data("s", "no watch")})

    assert found.verdict is Outcome.INCONCLUSIVE
    assert found.reason == "no watch"
    assert verdict(P95, {}).verdict is Outcome.INCONCLUSIVE


def test_too_few_samples_are_judged_by_their_largest() -> None:
    few = {
        FigureKey(RUNNING, "p95"): no_data("s", "p95 needs 20 objects", samples=10),
        FigureKey(RUNNING, "max"): Figure(12.0, "s", 10, "watch"),
    }
    hanging = {**few, FigureKey(RUNNING, "max"): no_data("s", "1 of 10 did not finish", samples=10)}
    slow = {**few, FigureKey(RUNNING, "max"): Figure(61.0, "s", 10, "watch")}

    assert verdict(P95, few).verdict is Outcome.MET
    assert verdict(P95, hanging).verdict is Outcome.INCONCLUSIVE
    assert verdict(P95, slow).verdict is Outcome.INCONCLUSIVE


def test_a_ratio_is_of_two_counts() -> None:
    figures = {
        FigureKey(PATCH, "count"): Figure(21, "requests", 21, "component counters"),
        FigureKey("rest_calls_create_pods", "count"): Figure(
            10, "requests", 10, "component counters"
        ),
    }

    found = verdict(RATIO, figures)

    assert (found.verdict, found.value) == (Outcome.VIOLATED, 2.1)
    assert found.indicators == (PATCH, "rest_calls_create_pods")


def test_a_ratio_to_nothing_is_no_data() -> None:
    figures = {
        FigureKey(PATCH, "count"): Figure(0, "requests", 0, "component counters"),
        FigureKey("rest_calls_create_pods", "count"): Figure(
            0, "requests", 0, "component counters"
        ),
    }

    assert "nothing to divide by" in str(verdict(RATIO, figures).reason)


def test_a_bound_may_grow_with_the_number_of_objects() -> None:
    growing = Objective("updates", PATCH, "count", Bound(5.0, 2.0), "requests")
    figures = {FigureKey(PATCH, "count"): Figure(25, "requests", 25, "component counters")}

    assert verdict(growing, figures, count=10).verdict is Outcome.MET
    assert verdict(growing, figures, count=9).verdict is Outcome.VIOLATED
    assert verdict(growing, figures, count=10).bound == 25.0


def test_beyond_the_promised_load_a_violation_proves_nothing_but_meeting_it_does() -> None:
    promised = replace(P95, promise=Promise(most_objects=5))

    beyond = verdict(promised, running(61.0))

    assert beyond.verdict is Outcome.INCONCLUSIVE
    assert "10 objects, promised for at most 5" in str(beyond.reason)
    assert verdict(promised, running(59.0)).verdict is Outcome.MET


def test_what_is_promised_of_another_test_is_not_judged() -> None:
    scenario = burst_record([]).header.scenario

    assert is_about(Promise(("burst",), ("vmi",)), scenario)
    assert not is_about(Promise(("steady-state",)), scenario)
    assert not is_about(Promise(kinds=("vm",)), scenario)


def test_an_inconclusive_finding_takes_back_what_is_met() -> None:
    late = Finding(code="lateness", detail="late by 2 s", touches=("*",), inconclusive=True)

    found = verdict(P95, running(10.0), [late])

    assert found.verdict is Outcome.INCONCLUSIVE
    assert found.reason == "lateness: late by 2 s"


def test_a_finding_about_something_else_takes_back_nothing() -> None:
    other = Finding(
        code="x", detail="", touches=("vmi_creation_to_running", "rest_calls"), inconclusive=True
    )

    assert verdict(P95, running(10.0), [other]).verdict is Outcome.MET


def test_a_violation_that_a_finding_touches_stays_one_and_says_so() -> None:
    found = verdict(
        P95, running(61.0), [Finding(code="relist", detail="seen late", touches=(RUNNING,))]
    )

    assert found.verdict is Outcome.VIOLATED
    assert found.reason == "doubtful: relist"


def test_a_finding_about_a_table_is_about_its_indicators() -> None:
    assert touches(Finding(code="restart", detail="", touches=("rest_calls",)), [PATCH])
    assert touches(
        Finding(code="relist", detail="", touches=("phase_transition_rate",)),
        ["phase_rate_running"],
    )
    assert not touches(Finding(code="restart", detail="", touches=("rest_calls",)), [RUNNING])


@given(
    st.lists(st.floats(0, 100), min_size=1, max_size=130),
    st.integers(0, 3),
    st.floats(0, 50),
    st.floats(1, 99),
    st.sampled_from(QUANTILES),
    st.data(),
)
def test_a_verdict_never_goes_from_violated_to_met_when_a_sample_grows(
    values: list[float],
    unfinished: int,
    growth: float,
    bound: float,
    statistic: str,
    data: st.DataObject,
) -> None:
    index = data.draw(st.integers(0, len(values) - 1))
    grown = [value + growth if i == index else value for i, value in enumerate(values)]

    def outcome(samples: list[float]) -> Outcome:
        figure = quantile(statistic, samples, unfinished=unfinished, deadline=120.0)
        worst = quantile("max", samples, unfinished=unfinished, deadline=120.0)
        return compare(figure, Bound(bound), len(samples), worst)[0]

    assert (outcome(values), outcome(grown)) != (Outcome.VIOLATED, Outcome.MET)


@given(st.lists(st.floats(0, 100), min_size=2, max_size=60), st.floats(1, 99))
def test_an_object_that_hangs_is_never_better_than_one_that_finishes(
    values: list[float], bound: float
) -> None:
    def outcome(samples: list[float], unfinished: int) -> Outcome:
        figure = quantile("p50", samples, unfinished=unfinished, deadline=120.0)
        return compare(figure, Bound(bound), len(values))[0]

    if outcome(values, 0) is Outcome.VIOLATED:
        assert outcome(values[1:], 1) is not Outcome.MET


def over(*values: float) -> list[dict[FigureKey, Figure]]:
    return [{FigureKey(RUNNING, "p95"): Figure(value, "s", 20, "watch")} for value in values]


def judged(bound: float, *values: float) -> Verdict:
    runs = [measure(burst_record([], count=10)) for _ in values]
    return judge_runs(replace(P95, bound=Bound(bound)), runs, over(*values), [])


def test_repetitions_are_judged_by_their_interval() -> None:
    # geometric mean 20; the 95 % interval is about 17.7 to 22.6
    runs = (19.0, 20.0, 21.0)

    assert judged(25.0, *runs).verdict is Outcome.MET
    assert judged(15.0, *runs).verdict is Outcome.VIOLATED
    near = judged(20.5, *runs)
    assert near.verdict is Outcome.INCONCLUSIVE
    assert near.reason is not None
    assert near.reason.startswith("the bound lies in the interval: needs about ")
    assert near.basis == "3 runs"
    assert near.margin == pytest.approx(0.5 / 20.5, abs=2e-3)


def test_a_borderline_case_is_decided_as_runs_are_added() -> None:
    chance = random.Random(1)
    runs = [chance.lognormvariate(math.log(20), 0.05) for _ in range(20)]

    outcomes = [judged(20.8, *runs[:count]).verdict for count in (1, 5, 20)]

    assert outcomes[0] in {Outcome.MET, Outcome.VIOLATED}
    assert outcomes[1] is Outcome.INCONCLUSIVE
    assert outcomes[2] is Outcome.MET


def test_two_runs_decide_where_both_lie_on_one_side() -> None:
    assert judged(25.0, 19.0, 21.0).verdict is Outcome.MET
    assert judged(15.0, 19.0, 21.0).verdict is Outcome.VIOLATED
    assert judged(20.0, 19.0, 21.0).verdict is Outcome.INCONCLUSIVE


def test_a_verdict_of_one_run_is_labelled_so() -> None:
    assert judged(25.0, 19.0).basis == "one run"
    assert judged(25.0, 19.0).runs == ("run-1",)


def test_a_quantile_of_one_run_is_judged_by_its_interval_within_the_run() -> None:
    samples = [float(number) for number in range(1, 101)]  # P95 = 95, interval 91 to 100
    figures = {
        FigureKey(RUNNING, "p95"): quantile("p95", samples),
        FigureKey(RUNNING, "max"): quantile("max", samples),
    }

    def at(bound: float) -> Verdict:
        return verdict(replace(P95, bound=Bound(bound)), figures)

    assert at(100.0).verdict is Outcome.MET
    assert at(90.0).verdict is Outcome.VIOLATED
    assert at(96.0).verdict is Outcome.INCONCLUSIVE
    assert "within this run: needs repetitions" in str(at(96.0).reason)


def test_where_every_object_keeps_to_the_bound_few_of_them_suffice() -> None:
    samples = [float(number) for number in range(1, 31)]  # no upper end below 59 objects
    figures = {
        FigureKey(RUNNING, "p95"): quantile("p95", samples),
        FigureKey(RUNNING, "max"): quantile("max", samples),
    }

    met = verdict(replace(P95, bound=Bound(30.0)), figures)
    open_end = verdict(replace(P95, bound=Bound(29.5)), figures)

    assert (met.verdict, met.reason) == (Outcome.MET, "each of 30 kept to it")
    assert open_end.verdict is Outcome.INCONCLUSIVE


def test_waiting_as_long_as_the_bound_is_a_violation() -> None:
    assert verdict(P95, running(None, lower_bound=60.0)).verdict is Outcome.VIOLATED


def test_a_throughput_that_was_never_reached_violates_what_it_cannot_have_been() -> None:
    fast = Objective("fast", "phase_rate_running", "mean", Bound(2.0, is_least=True), "VMIs/s")
    never = {
        FigureKey("phase_rate_running", "mean"): Figure(
            None, "VMIs/s", 100, "watch", reason="90 % never made it", upper_bound=0.15
        )
    }

    assert verdict(fast, never).verdict is Outcome.VIOLATED
    slow = replace(fast, bound=Bound(0.1, is_least=True))
    assert verdict(slow, never).verdict is Outcome.INCONCLUSIVE


def test_refused_creates_violate_their_own_objective_beyond_doubt() -> None:
    accepted = Objective(
        "accepted", "create_success_ratio", "value", Bound(1.0, is_least=True), "share"
    )
    figures = {FigureKey("create_success_ratio", "value"): Figure(0.9, "share", 10, "operations")}
    refused = Finding(code="failed_operations", detail="1 of 10", touches=("*",), inconclusive=True)

    found = verdict(accepted, figures, [refused])

    assert (found.verdict, found.reason) == (Outcome.VIOLATED, None)
    assert not touches(refused, ["create_success_ratio"])
    assert touches(refused, [RUNNING])
