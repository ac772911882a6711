"""Verdicts: what figures, findings and promises come to."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.reads import burst_record
from virtslo.model.figures import Figure, no_data
from virtslo.model.findings import Finding
from virtslo.model.objectives import Bound, Objective, Promise
from virtslo.model.verdicts import Outcome, Verdict
from virtslo.model.vocabulary import QUANTILES
from virtslo.slo.evaluate import compare, is_about, judge, touches
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
    figures: dict[tuple[str, str], Figure],
    findings: Sequence[Finding] = (),
    *,
    count: int = 10,
) -> Verdict:
    return judge(objective, measure(burst_record([], count=count)), figures, findings)


def running(value: float | None, **more: float) -> dict[tuple[str, str], Figure]:
    reason = None if value is not None else "1 of 20 did not finish"
    return {(RUNNING, "p95"): Figure(value, "s", 20, "watch", reason=reason, **more)}  # type: ignore[arg-type]


@pytest.mark.parametrize(("value", "outcome"), [(59.9, "met"), (60.0, "met"), (60.1, "violated")])
def test_a_bound_is_kept_up_to_itself(value: float, outcome: str) -> None:
    assert verdict(P95, running(value)).verdict == outcome


def test_a_least_bound_must_be_reached() -> None:
    rate = Objective("fast", "phase_rate_running", "mean", Bound(20.0, is_least=True), "VMIs/s")
    figures = {("phase_rate_running", "mean"): Figure(19.9, "VMIs/s", 9, "watch")}

    assert verdict(rate, figures).verdict is Outcome.VIOLATED


def test_an_object_that_hangs_longer_than_the_bound_violates_it() -> None:
    found = verdict(P95, running(None, lower_bound=600.0))

    assert found.verdict is Outcome.VIOLATED
    assert found.reason == "1 of 20 did not finish"
    assert found.value is None


def test_an_object_that_was_not_waited_for_long_enough_proves_nothing() -> None:
    assert verdict(P95, running(None, lower_bound=30.0)).verdict is Outcome.INCONCLUSIVE


def test_no_data_is_never_met() -> None:
    found = verdict(P95, {(RUNNING, "p95"): no_data("s", "no watch")})

    assert found.verdict is Outcome.INCONCLUSIVE
    assert found.reason == "no watch"
    assert verdict(P95, {}).verdict is Outcome.INCONCLUSIVE


def test_too_few_samples_are_judged_by_their_largest() -> None:
    few = {
        (RUNNING, "p95"): no_data("s", "p95 needs 20 objects", samples=10),
        (RUNNING, "max"): Figure(12.0, "s", 10, "watch"),
    }
    hanging = {**few, (RUNNING, "max"): no_data("s", "1 of 10 did not finish", samples=10)}
    slow = {**few, (RUNNING, "max"): Figure(61.0, "s", 10, "watch")}

    assert verdict(P95, few).verdict is Outcome.MET
    assert verdict(P95, hanging).verdict is Outcome.INCONCLUSIVE
    assert verdict(P95, slow).verdict is Outcome.INCONCLUSIVE


def test_a_ratio_is_of_two_counts() -> None:
    figures = {
        (PATCH, "count"): Figure(21, "requests", 21, "component counters"),
        ("rest_calls_create_pods", "count"): Figure(10, "requests", 10, "component counters"),
    }

    found = verdict(RATIO, figures)

    assert (found.verdict, found.value) == (Outcome.VIOLATED, 2.1)
    assert found.indicators == (PATCH, "rest_calls_create_pods")


def test_a_ratio_to_nothing_is_no_data() -> None:
    figures = {
        (PATCH, "count"): Figure(0, "requests", 0, "component counters"),
        ("rest_calls_create_pods", "count"): Figure(0, "requests", 0, "component counters"),
    }

    assert "nothing to divide by" in str(verdict(RATIO, figures).reason)


def test_a_bound_may_grow_with_the_number_of_objects() -> None:
    growing = Objective("updates", PATCH, "count", Bound(5.0, 2.0), "requests")
    figures = {(PATCH, "count"): Figure(25, "requests", 25, "component counters")}

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
