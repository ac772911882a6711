"""Late watches: found by answers and by stamps, and not mistaken for clocks or limiters."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from support.records import operation, record, seen
from virtslo.base.clock import timestamp, to_nanoseconds
from virtslo.model.run.observations import PHASE, RELIST, Observation
from virtslo.model.run.operations import CREATE, DELETE, OperationRecord, Verb
from virtslo.slo.record.watch_lag import (
    WatchLag,
    is_anything_late,
    lags_of,
    unsure_of_lists,
    watch_lag,
)

EPOCH = 1_800_000_000.0


def stamped(
    name: str, phase: str, true_at: float, received: float, *, skew: float = 0.0, node: str = "n"
) -> Observation:
    """A phase that began at `true_at`, by a writer whose clock is `skew` seconds ahead."""
    moment = datetime.fromtimestamp(EPOCH + true_at + skew, tz=UTC)
    (fact,) = seen(name, added=received)
    return msgspec.structs.replace(
        fact, fact=PHASE, phase=phase, server_timestamp=timestamp(moment), node=node
    )


def judged(
    facts: Iterable[Observation],
    operations: Iterable[OperationRecord] = (),
    *,
    start: float = 0.0,
    end: float | None = None,
) -> WatchLag:
    given = record(operations=operations, observations=[list(facts)])
    lags = lags_of(given)
    assert is_anything_late(given) == bool(watch_lag(lags, 0, None).late)
    return watch_lag(lags, to_nanoseconds(start), None if end is None else to_nanoseconds(end))


def steady(count: int = 20) -> list[Observation]:
    """VMIs that run one after another, each seen 50 ms later."""
    return [stamped(f"v{i}", "Running", 1 + i / 2, 1.05 + i / 2) for i in range(count)]


def test_facts_that_come_at_once_are_not_late() -> None:
    assert judged(steady()) == WatchLag(late=0, events=20, worst_seconds=0.0)


def test_facts_of_a_silent_time_are_late_by_their_stamps() -> None:
    stalled = [stamped(f"s{i}", "Running", 12 + i, 20.0) for i in range(8)]

    found = judged([*steady(), *stalled])

    assert found.late == 6, "those of the last two seconds cannot be told from whole seconds"
    assert 6.9 <= found.worst_seconds <= 8.0


def test_a_lag_is_never_more_than_the_truth() -> None:
    for part in range(10):
        stalled = [stamped("s", "Running", 12 + part / 10, 20.0)]
        assert judged([*steady(), *stalled]).worst_seconds <= 8.0 - part / 10


def test_a_node_whose_clock_is_behind_is_no_late_watch() -> None:
    behind = [stamped(f"b{i}", "Running", 30 + 20 * i, 30.05 + 20 * i, skew=-9.0, node="slow")
              for i in range(4)]  # fmt: skip

    assert judged([*steady(), *behind]).late == 0


def test_a_writer_that_waits_for_its_limiter_is_no_late_watch() -> None:
    """Stamped when its update was composed, sent when the limiter let it go."""
    limited = [stamped(f"l{i}", "Scheduling", 12.0, 12.2 + i / 5) for i in range(60)]

    assert judged([*steady(), *limited]).late == 0


def test_an_added_that_comes_long_after_the_answer_is_late() -> None:
    created = operation(CREATE, "a", 1.0, answered=1.1, uid="uid-a")
    (fact,) = seen("a", added=5.6)

    assert judged([fact], [created]) == WatchLag(late=1, events=1, worst_seconds=4.5)


def test_a_deletion_that_comes_long_after_the_answer_is_late() -> None:
    deleted = operation(DELETE, "a", 1.0, answered=1.1, uid="uid-a")
    (fact,) = seen("a", deleting=3.1)

    assert judged([fact], [deleted]).worst_seconds == pytest.approx(2.0)


def test_only_the_window_counts() -> None:
    created = operation(CREATE, "a", 1.0, answered=1.1, uid="uid-a")
    (fact,) = seen("a", added=5.6)

    assert judged([fact], [created], start=6.0).late == 0
    assert judged([fact], [created], end=5.0).late == 0


def test_what_a_relist_tells_late_is_late() -> None:
    """The list after a long time without a watch is as late as its facts are old."""
    created = operation(CREATE, "a", 1.0, answered=1.1, uid="uid-a")
    (fact,) = seen("a", added=5.6)
    phases = [stamped(f"s{i}", "Running", 12 + i, 20.0) for i in range(8)]
    listed = [msgspec.structs.replace(each, source="relist") for each in (fact, *phases)]

    assert judged([listed[0]], [created]).worst_seconds == pytest.approx(4.5)
    assert judged([*steady(), *listed[1:]]).late == 6


@pytest.mark.parametrize("stamp", ["", "yesterday", "2026-13-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_odd_stamps_end_nothing(stamp: str) -> None:
    (fact,) = seen("odd", running=3.0)
    odd = msgspec.structs.replace(fact, server_timestamp=stamp, node="odd")

    assert judged([*steady(), odd]).worst_seconds >= 0.0


def test_slow_answers_widen_what_a_stamp_leaves_open() -> None:
    """Where our own calls took five seconds, so may have those of the components."""
    stalled = [stamped("s", "Running", 12.0, 17.0)]
    slow = operation(CREATE, "other", 0.0, answered=5.0, uid="uid-other")

    assert judged([*steady(), *stalled]).late == 1
    assert judged([*steady(), *stalled], [slow]).late == 0


def test_one_very_slow_call_hides_no_stall() -> None:
    stalled = [stamped(f"s{i}", "Running", 12.0 + i, 20.0) for i in range(6)]
    calls = [operation(CREATE, f"c{i}", 1.0, answered=1.1, uid=f"uid-c{i}") for i in range(5)]
    slow = operation(DELETE, "slow", 2.0, answered=32.0, uid="uid-slow")

    without, beside = judged([*steady(), *stalled], calls), judged([*steady(), *stalled],
                                                                  [*calls, slow])  # fmt: skip

    assert without.late == 6
    assert beside == without


def test_a_server_that_is_slow_for_a_while_is_no_late_watch() -> None:
    """Two hundred quick answers in all do not say how long a writer waited just then."""
    stalled = [stamped("s", "Running", 12.0, 17.0)]
    quick = [operation(CREATE, f"q{i}", 1.0, answered=1.1, uid=f"uid-q{i}") for i in range(200)]
    slow = [operation(CREATE, f"s{i}", 12.0, answered=16.8, uid=f"uid-s{i}") for i in range(4)]

    assert judged([*steady(), *stalled], quick).late == 1
    assert judged([*steady(), *stalled], [*quick, *slow]).late == 0


def test_facts_are_counted_once() -> None:
    """A fact with an answer and a stamp."""
    created = operation(CREATE, "a", 1.0, answered=1.1, uid="uid-a")
    (fact,) = seen("a", added=9.1)
    both = msgspec.structs.replace(
        fact, server_timestamp=timestamp(datetime.fromtimestamp(EPOCH + 1.1, tz=UTC))
    )

    found = judged([*steady(), both], [created])

    assert (found.late, found.events) == (1, 21)
    assert found.worst_seconds == pytest.approx(8.0)


def relisted(fact: str, at: float) -> list[Observation]:
    """A fact about the VMI `v` that a list showed."""
    moments: Any = {fact: at}
    return [msgspec.structs.replace(one, source=RELIST) for one in seen("v", **moments)]


@pytest.mark.parametrize("fact", ["gone", "paused", "unpaused", "migrated"])
def test_what_has_no_stamp_may_be_true_since_the_last_delivery(fact: str) -> None:
    listed = relisted(fact, 40.0)
    given = record(observations=[[*seen("v", added=1.0), *listed]])

    assert unsure_of_lists(given, listed, 0, None) == pytest.approx(39.0)


@pytest.mark.parametrize(
    ("verb", "fact", "expected"),
    [
        (DELETE, "gone", 0.6),
        ("restart", "gone", 0.6),
        ("pause", "paused", 0.6),
        ("unpause", "unpaused", 0.6),
        ("migrate", "migrated", 0.6),
        ("pause", "gone", 59.6),
        (CREATE, "gone", 59.6),
    ],
)
def test_what_the_run_asked_for_was_not_true_before(verb: Verb, fact: str, expected: float) -> None:
    listed = relisted(fact, 60.6)
    given = record(
        operations=[operation(verb, "v", 60.0)], observations=[[*seen("v", added=1.0), *listed]]
    )

    assert unsure_of_lists(given, listed, 0, None) == pytest.approx(expected)


@pytest.mark.parametrize("facts", [{"error": "Conflict", "code": 409}, {"code": 404}])
def test_a_request_that_did_nothing_says_nothing_of_when(facts: dict[str, Any]) -> None:
    listed = relisted("gone", 60.6)
    given = record(
        operations=[operation(DELETE, "v", 60.0, **facts)],
        observations=[[*seen("v", added=1.0), *listed]],
    )

    assert unsure_of_lists(given, listed, 0, None) == pytest.approx(59.6)
