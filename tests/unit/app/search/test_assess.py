"""A trial is judged by losses and growing latency; findings that are not of the load void it."""

import random

import pytest

from virtslo.app.search.assess import (
    Waiting,
    growth_of,
    is_growing,
    is_piling_up,
    void_reasons,
    waiting_of,
)
from virtslo.model.run.findings import Finding
from virtslo.slo.findings.quality_findings import PHASE_FIGURES
from virtslo.slo.findings.ramp_down_findings import RAMP_DOWN_FIGURES


def latencies(slope: float, *, noise: float = 0.0, count: int = 400) -> list[tuple[float, float]]:
    chance = random.Random(1)
    return [(at * 0.5, 5.0 + slope * at * 0.5 + chance.gauss(0, noise)) for at in range(count)]


def test_the_slope_of_the_second_half_comes_back() -> None:
    growth = growth_of(latencies(0.1))

    assert growth is not None
    assert growth[0] == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("slope", "grows"), [(0.0, False), (0.005, False), (0.05, True), (-1, False)]
)
def test_latency_that_grows_by_more_than_the_tolerance_is_a_backlog(
    slope: float, *, grows: bool
) -> None:
    assert is_growing(growth_of(latencies(slope, noise=0.3))) is grows


def test_noise_is_no_growth() -> None:
    assert not is_growing(growth_of(latencies(0.0, noise=20.0)))


def test_few_objects_tell_nothing() -> None:
    assert growth_of(latencies(1.0, count=30)) is None
    assert not is_growing(None)


def test_a_finding_that_the_load_explains_does_not_void_a_bad_trial() -> None:
    late = Finding(code="lateness", detail="the generator was late", inconclusive=True)
    unfinished = Finding(code="unfinished", detail="3 of 10", inconclusive=True)
    note = Finding(code="leader_change", detail="once", inconclusive=False)

    assert void_reasons([unfinished, note], is_bad=True) == []
    assert void_reasons([unfinished], is_bad=False) == ["unfinished"]
    assert void_reasons([late, unfinished], is_bad=True) == ["lateness"]


def test_late_watches_put_only_a_trial_that_looks_bad_in_doubt() -> None:
    """What was seen Running in time was Running in time, however late it was seen."""
    start = Finding(code="watch_lag", detail="late", touches=PHASE_FIGURES, inconclusive=True)
    end = Finding(code="watch_lag", detail="late", touches=RAMP_DOWN_FIGURES, inconclusive=True)

    assert void_reasons([start, end], is_bad=False) == []
    assert void_reasons([start, end], is_bad=True) == ["watch_lag"]
    assert void_reasons([end], is_bad=True) == []


def test_a_backlog_that_is_not_served_in_order_is_seen_by_how_many_wait() -> None:
    """Those that wait are served last in, first out: latency of most is short and does not grow."""
    served = [(at * 0.5, None if at % 4 == 0 else 1.0) for at in range(400)]
    waiting = waiting_of(served)

    assert waiting == Waiting(middle=51, end=101, arrived=199)
    assert is_piling_up(waiting)
    assert not is_growing(growth_of([(at, late) for at, late in served if late is not None]))


def test_as_many_that_wait_at_the_end_as_before_are_no_backlog() -> None:
    steady = waiting_of([(at * 0.5, 10.0) for at in range(400)])

    assert steady == Waiting(middle=19, end=19, arrived=199)
    assert not is_piling_up(steady)
    assert not is_piling_up(Waiting(20, 27, 199))
    assert is_piling_up(Waiting(20, 40, 199))
    assert waiting_of([(0.0, 1.0), (0.0, 2.0)]) is None
    assert not is_piling_up(None)


def test_a_count_that_grows_until_the_first_are_served_is_no_backlog() -> None:
    """Each takes 80 s of arrivals that last 120 s: 240 wait in the middle, 319 at the end."""
    assert waiting_of([(at * 0.25, 80.0) for at in range(480)]) is None


def test_members_of_a_pool_wait_together() -> None:
    """Ten at a moment: one pool more at the end is no more than one object more."""
    served = [(at // 10 * 5.0, 4.0 if at < 390 else 6.0) for at in range(400)]
    waiting = waiting_of(served)

    assert waiting is not None
    assert waiting.together == 10
    assert not is_piling_up(Waiting(20, 60, 199, together=10))
    assert is_piling_up(Waiting(20, 60, 199))
