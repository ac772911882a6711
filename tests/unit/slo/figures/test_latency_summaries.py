"""Nearest ranks over every object: what did not finish is infinite; what was jumped is none."""

from virtslo.model.report.run_detail import LatencySummary, ObjectTrack
from virtslo.slo.figures.latency_summaries import phase_counts, summaries_of


def track(released: float, *, deleted: float | None = None, **phases: float) -> ObjectTrack:
    return ObjectTrack(
        namespace="ns",
        name="vmi",
        uid=f"uid-{released}",
        index=0,
        node=None,
        owner=None,
        stage="ramp_up",
        cycle=None,
        intended=released,
        released=released,
        added=released,
        phases=phases,
        ready=None,
        owner_added=None,
        owner_ready=None,
        deleting=None,
        deleted=deleted,
    )


def by_name(
    *objects: ObjectTrack, missing: int = 0, until: float | None = None
) -> dict[str, LatencySummary]:
    return {item.name: item for item in summaries_of(objects, missing=missing, until=until)}


def test_ranks_are_of_the_samples_themselves() -> None:
    running = by_name(*(track(0.0, Running=float(n)) for n in range(1, 101)))["running"]

    assert (running.p50, running.p90, running.p95, running.p99) == (50.0, 90.0, 95.0, 99.0)
    assert (running.least, running.most, running.average) == (1.0, 100.0, 50.5)


def test_an_unfinished_object_takes_the_ranks_it_falls_on() -> None:
    running = by_name(track(0.0, Running=1.0), track(0.0, Scheduling=1.0))["running"]

    assert (running.finished, running.unfinished) == (1, 1)
    assert running.p50 == 1.0
    assert running.p99 is None
    assert running.average is None


def test_an_object_that_was_never_seen_is_unfinished_too() -> None:
    running = by_name(track(0.0, Running=1.0), missing=3)["running"]

    assert (running.unfinished, running.p50) == (3, None)


def test_a_phase_that_was_jumped_over_is_no_sample() -> None:
    found = by_name(track(0.0, Scheduling=1.0, Running=2.0), track(0.0, Pending=1.0, Running=2.0))

    assert (found["pending"].finished, found["pending"].unfinished) == (1, 0)


def test_what_came_after_the_window_is_not_its_own() -> None:
    running = by_name(track(0.0, Running=1.0), track(0.0, Running=9.0), until=5.0)["running"]

    assert (running.finished, running.unfinished) == (1, 1)


def test_a_latency_that_nobody_has_is_left_out() -> None:
    assert "ready" not in by_name(track(0.0, Running=1.0))


def test_phases_are_counted_as_they_stand_at_a_moment() -> None:
    objects = [track(0.0, Pending=1.0, Running=2.0), track(0.0, Pending=1.0, deleted=3.0)]

    assert phase_counts(objects, 1.5) == {"Pending": 2}
    assert phase_counts(objects, 2.5) == {"Pending": 1, "Running": 1}
    assert phase_counts(objects, None) == {"Running": 1}
