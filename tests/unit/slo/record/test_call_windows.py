"""What happened between two reads of counters: differences, and what may be missing from them."""

from typing import Any

import pytest

from virtslo.model.kubernetes.calls import ComponentCall, RestCall
from virtslo.model.run.rest_calls import (
    AUDIT_LOG,
    COMPONENTS,
    NO_PODS,
    CallCount,
    CounterRead,
    Moment,
    ReadStage,
)
from virtslo.slo.record.call_windows import Usage, Window, Windows, folded, window_of

SECOND = 1_000_000_000
GETS = RestCall("GET", "pods", "", "200")


def read(moment: str, gets: int, *, pod: str = "p", at: float = 0.0, **facts: Any) -> CounterRead:
    """A read of a component's counters that took a second; `gets` of pods were counted."""
    began = at or (10.0 if moment == "before" else 50.0)
    return CounterRead(
        stage=facts.pop("stage", "ramp_up"),
        moment=Moment(moment),
        component="virt-api",
        pod=pod,
        started_ns=int(began * SECOND),
        ended_ns=int((began + 1) * SECOND),
        counters=(CallCount("GET", "pods", "200", gets),),
        **facts,
    )


def window(*reads: CounterRead) -> Window:
    found = window_of(reads, "ramp_up")
    assert found is not None
    return found


def gets(found: Window) -> int:
    return found.requests.get(ComponentCall("virt-api", GETS), 0)


def test_a_count_is_the_difference_of_two_reads() -> None:
    found = window(read("before", 7), read("after", 12))

    assert dict(found.requests) == {ComponentCall("virt-api", GETS): 5}
    assert found.seconds == 50 - 11
    assert found.edge_seconds == (1.0, 1.0)
    assert found.processes == 1
    assert found.missing == ("virt-controller", "virt-handler")


def test_what_did_not_grow_is_not_listed_and_what_is_new_counts_from_0() -> None:
    both = (CallCount("GET", "pods", "200", 7), CallCount("LIST", "nodes", "200", 2))
    after = CounterRead(
        stage="ramp_up", moment=Moment.AFTER, component="virt-api", pod="p", started_ns=0,
        ended_ns=1,
        counters=both,
    )  # fmt: skip

    found = window(read("before", 7), after)

    assert dict(found.requests) == {
        ComponentCall("virt-api", RestCall("LIST", "nodes", "", "200")): 2
    }


def test_every_stage_has_its_window_and_it_is_made_once() -> None:
    reads = [
        read("before", 1, stage="ramp_up"),
        read("after", 4, stage="ramp_up", at=50),
        read("before", 6, stage="ramp_down", at=60),
        read("after", 13, stage="ramp_down", at=90),
    ]
    windows = Windows(reads)

    expected: tuple[tuple[ReadStage, int], ...] = (("ramp_up", 3), ("ramp_down", 7))
    for stage, made in expected:
        found = windows.of(stage)
        assert found is not None
        assert (found.stage, gets(found)) == (stage, made)
        assert found == window_of(reads, stage)
        assert windows.of(stage) is found
    assert windows.of("churn") is None
    assert windows.of("ramp_up", AUDIT_LOG) is None


def test_processes_of_a_component_are_added_up() -> None:
    found = window(
        read("before", 1, pod="p"),
        read("before", 2, pod="q"),
        read("after", 4, pod="p"),
        read("after", 9, pod="q"),
    )

    assert gets(found) == 3 + 7
    assert found.processes == 2


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (read("before", 7, process_start=1.0), read("after", 9, process_start=2.0)),
        (read("before", 7), read("after", 3)),
    ],
    ids=["it says when it began", "a counter fell"],
)
def test_a_process_that_restarted_counts_from_0_and_is_named(
    before: CounterRead, after: CounterRead
) -> None:
    found = window(before, after)

    assert gets(found) == after.counters[0].requests
    assert found.restarted == ("virt-api p",)
    assert not found.is_whole


def test_who_came_is_counted_and_who_went_is_named_as_lost() -> None:
    found = window(read("before", 7, pod="old"), read("after", 3, pod="new"))

    assert gets(found) == 3
    assert (found.came, found.went) == (("virt-api new",), ("virt-api old",))
    assert not found.is_whole


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_read_that_failed_is_no_data_and_never_0(moment: str) -> None:
    reads = [read("before", 7), read("after", 12)]
    failed = read(moment, 0, error="timeout")
    found = window(*(failed if each.moment == moment else each for each in reads))

    assert dict(found.requests) == {}
    assert found.failed == ("virt-api p: timeout",)
    assert (found.came, found.went, found.is_whole) == ((), (), False)


def test_the_window_of_a_stage_begins_at_the_read_just_before() -> None:
    reads = [
        read("after", 1, stage="warm_up", at=5),
        read("before", 2, stage="ramp_up", at=20),
        read("after", 9, stage="ramp_up", at=30),
        read("after", 50, stage="churn", at=40),
    ]

    churn = window_of(reads, "churn")

    assert gets(window(*reads)) == 7
    assert churn is not None
    assert gets(churn) == 41
    assert window_of(reads, "ramp_down") is None
    assert window_of(reads, "ramp_up", source=AUDIT_LOG) is None


def test_processor_time_memory_and_leaders_are_read_beside() -> None:
    found = window(
        read("before", 1, cpu_seconds=10.0, resident_bytes=300, is_leading=True),
        read("before", 1, pod="q", cpu_seconds=1.0, resident_bytes=100),
        read("after", 1, cpu_seconds=14.0, resident_bytes=200),
        read("after", 1, pod="q", cpu_seconds=1.5, resident_bytes=250, is_leading=True),
    )

    assert found.usage == {"virt-api": Usage(4.5, 400.0, 450.0, 450.0, 2)}
    assert found.leaders == (("p",), ("q",))


def test_sums_of_histograms_grow_as_counts_do() -> None:
    found = window(
        read("before", 1, sums={"f": (2.0, 4)}),
        read("after", 1, sums={"f": (5.0, 10), "g": (1.0, 1)}),
    )

    assert found.sums == {("virt-api", "f"): (3.0, 6), ("virt-api", "g"): (1.0, 1)}


def test_subresources_are_folded_into_their_resource() -> None:
    status = RestCall("UPDATE", "pods", "status", "200")
    plain = RestCall("UPDATE", "pods", "", "200")

    assert folded({ComponentCall("a", status): 2, ComponentCall("a", plain): 3}) == {
        ComponentCall("a", plain): 5
    }


def test_sources_are_apart() -> None:
    reads = [read("before", 0), read("after", 5), read("after", 99, source=AUDIT_LOG)]

    assert window(*reads).source == COMPONENTS
    assert gets(window(*reads)) == 5


def unlisted(moment: str, error: str) -> CounterRead:
    """A read that holds nothing, for the components' pods."""
    return CounterRead(
        stage="ramp_up", moment=Moment(moment), component="kubevirt", pod="*",
        started_ns=0, ended_ns=1, error=error,
    )  # fmt: skip


def test_where_the_pods_could_not_be_listed_no_process_came_or_went() -> None:
    lost = window(read("before", 7), unlisted("after", "Internal error"))
    late = window(unlisted("before", "Internal error"), read("after", 7))

    assert (lost.went, lost.came, lost.failed) == ((), (), ("kubevirt *: Internal error",))
    assert (late.went, late.came, late.failed) == ((), (), ("kubevirt *: Internal error",))
    assert gets(late) == 0, "what grew is not known"
    assert not lost.is_whole


def test_processes_of_which_there_are_none_any_more_went() -> None:
    found = window(read("before", 7), unlisted("after", NO_PODS))

    assert found.went == ("virt-api p",)
