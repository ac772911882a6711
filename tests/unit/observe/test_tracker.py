"""From watch events to observations: each fact once, relists marked, the foreign left out."""

from typing import Any

from virtslo.model.identifiers import RUN_LABEL
from virtslo.model.kubernetes.resources import VMIS
from virtslo.model.run.observations import Observation
from virtslo.observe.tracker import Tracker
from virtslo.ports.kube_api import WatchEvent

ORIGIN = 1_000


def vmi(name: str, phase: str = "", *, uid: str = "", run: str = "r", **metadata: Any) -> Any:
    labels = {RUN_LABEL: run}
    return {
        "metadata": {"name": name, "namespace": "ns", "uid": uid or name, "labels": labels}
        | metadata,
        "status": {"phase": phase},
    }


class Recorded:
    """A tracker and its observations."""

    def __init__(self) -> None:
        self.facts: list[Observation] = []
        self.tracker = Tracker(
            VMIS, origin_ns=ORIGIN, on_observation=self.facts.append, run_label="r"
        )

    def event(self, type_: str, target: Any, at: int) -> None:
        self.tracker.changed(WatchEvent(type_, target, ORIGIN + at))

    def short(self) -> list[tuple[int, str, str, str | None]]:
        return [(seen.received_ns, seen.fact, seen.uid, seen.phase) for seen in self.facts]


def test_a_life_is_observed_fact_by_fact_since_the_runs_start() -> None:
    recorded = Recorded()
    recorded.event("ADDED", vmi("a"), 1)
    recorded.event("MODIFIED", vmi("a", "Pending"), 2)
    recorded.event("MODIFIED", vmi("a", "Running"), 3)
    recorded.event("MODIFIED", vmi("a", "Running", deletionTimestamp="now"), 4)
    recorded.event("DELETED", vmi("a", "Succeeded", deletionTimestamp="now"), 5)

    assert recorded.short() == [
        (1, "added", "a", None),
        (2, "phase", "a", "Pending"),
        (3, "phase", "a", "Running"),
        (4, "deleting", "a", None),
        (5, "phase", "a", "Succeeded"),
        (5, "deleted", "a", None),
    ]
    assert recorded.tracker.last_event_ns == 5


def test_an_event_that_says_nothing_new_is_no_observation() -> None:
    recorded = Recorded()
    for at in range(3):
        recorded.event("MODIFIED", vmi("a", "Running"), at)

    assert recorded.short() == [(0, "added", "a", None), (0, "phase", "a", "Running")]


def test_readiness_is_observed_whenever_it_turns() -> None:
    recorded = Recorded()
    ready = vmi("a")
    ready["status"]["conditions"] = [{"type": "Ready", "status": "True"}]
    for at, target in enumerate((vmi("a"), ready, vmi("a"), ready)):
        recorded.event("MODIFIED", target, at)

    assert [fact for _, fact, _, _ in recorded.short()] == ["added", "ready", "not_ready", "ready"]


def test_what_a_relist_brings_is_marked_and_what_it_lacks_is_gone() -> None:
    recorded = Recorded()
    recorded.tracker.listed([vmi("a"), vmi("b")], ORIGIN + 1, relist=False)
    recorded.tracker.listed([vmi("b", "Running"), vmi("c")], ORIGIN + 9, relist=True)

    assert [(seen.fact, seen.uid, seen.source) for seen in recorded.facts] == [
        ("added", "a", "watch"),
        ("added", "b", "watch"),
        ("phase", "b", "relist"),
        ("added", "c", "relist"),
        ("deleted", "a", "relist"),
    ]
    assert recorded.tracker.relisted_at_ns == [9]


def test_an_object_that_comes_back_under_its_name_is_another() -> None:
    recorded = Recorded()
    recorded.event("ADDED", vmi("a", "Running", uid="1"), 1)
    recorded.tracker.listed([vmi("a", "Running", uid="2")], ORIGIN + 2, relist=True)

    assert [(fact, uid) for _, fact, uid, _ in recorded.short()] == [
        ("added", "1"),
        ("phase", "1"),
        ("added", "2"),
        ("phase", "2"),
        ("deleted", "1"),
    ]


def test_objects_of_another_run_are_counted_and_left_out() -> None:
    recorded = Recorded()
    recorded.event("ADDED", vmi("a", run="other"), 1)
    recorded.event("DELETED", vmi("a", run="other"), 2)

    assert recorded.facts == []
    assert recorded.tracker.foreign == 2


def test_the_end_of_what_was_never_seen_is_no_fact() -> None:
    recorded = Recorded()
    recorded.event("DELETED", vmi("a"), 1)

    assert recorded.facts == []


def test_a_broken_watch_is_remembered_with_its_reason() -> None:
    recorded = Recorded()
    recorded.tracker.lost("reset")

    assert recorded.tracker.losses == ["reset"]


def stamped(phase: str, *passed: str) -> Any:
    target = vmi("a", phase)
    target["status"]["phaseTransitionTimestamps"] = [
        {"phase": name, "phaseTransitionTimestamp": f"2026-01-01T00:00:0{second}Z"}
        for second, name in enumerate([*passed, phase])
    ]
    return target


def test_phases_that_a_relist_jumps_over_are_told_by_their_stamps() -> None:
    recorded = Recorded()
    recorded.event("ADDED", stamped("Pending"), 1)
    recorded.tracker.listed(
        [stamped("Running", "Pending", "Scheduling", "Scheduled")], ORIGIN + 9, relist=True
    )

    assert [(seen.phase, seen.server_timestamp, seen.source) for seen in recorded.facts[1:]] == [
        ("Pending", "2026-01-01T00:00:00Z", "watch"),
        ("Scheduling", "2026-01-01T00:00:01Z", "relist"),
        ("Scheduled", "2026-01-01T00:00:02Z", "relist"),
        ("Running", "2026-01-01T00:00:03Z", "relist"),
    ]
    assert {seen.received_ns for seen in recorded.facts[2:]} == {9}


def test_no_phase_is_made_up_where_stamps_do_not_tell() -> None:
    unstamped, other = Recorded(), Recorded()
    unstamped.tracker.listed([vmi("a", "Running")], ORIGIN + 1, relist=True)
    target = stamped("Running", "Pending")
    target["status"]["phase"] = "Scheduled"  # of which there is no stamp
    other.tracker.listed([target], ORIGIN + 1, relist=True)

    target["status"]["phaseTransitionTimestamps"] += [{"phase": ["Running"]}, {"phase": 7}, {}]
    other.tracker.listed([target], ORIGIN + 2, relist=True)

    assert [seen.phase for seen in unstamped.facts] == [None, "Running"]
    assert [seen.phase for seen in other.facts] == [None, "Scheduled"]


def test_a_phase_that_was_stamped_twice_is_told_once() -> None:
    recorded = Recorded()
    recorded.event("ADDED", stamped("Running", "Pending", "Running"), 1)
    again = stamped("Succeeded", "Pending", "Running", "Running")
    recorded.tracker.listed([again], ORIGIN + 2, relist=True)

    assert [seen.phase for seen in recorded.facts] == [None, "Running", "Succeeded"]


def test_a_phase_that_a_watch_lacks_is_not_made_up() -> None:
    recorded = Recorded()
    recorded.event("ADDED", stamped("Pending"), 1)
    recorded.event("MODIFIED", stamped("Running", "Pending", "Scheduling", "Scheduled"), 2)

    assert [seen.phase for seen in recorded.facts] == [None, "Pending", "Running"]
