"""Counts in windows and the cells of table 3, from reads whose truth is known."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.reads import burst_record, measured_burst, read, with_idle_pods
from virtslo.model.kubernetes.calls import ComponentCall, RestCall
from virtslo.model.plan.scenario import CountsFrom
from virtslo.model.run.rest_calls import COMPONENTS, CounterRead, Moment
from virtslo.slo.record.call_windows import difference, folded, window_of
from virtslo.slo.record.measured import measure
from virtslo.slo.record.rest_calls import cell, refused

VMI = "virtualmachineinstances"
CREATE_POD = ("CREATE", "pods", "201")
PATCH_VMI = ("PATCH", VMI, "200")


def run_of(*after: CounterRead, before: tuple[CounterRead, ...] = ()) -> list[CounterRead]:
    """Reads around a ramp-up, with an idle second before it."""
    idle = [
        replace(item, stage="idle", moment=Moment.BEFORE, started_ns=0, ended_ns=0)
        for item in before
    ]
    edge = [replace(item, stage="idle", moment=Moment.AFTER) for item in before]
    return [*idle, *edge, *after]


BEFORE = (
    read(
        "idle", "before", "virt-controller-a", {CREATE_POD: 5, PATCH_VMI: 7}, at=2.0, leading=True
    ),
    read("idle", "before", "virt-controller-b", {}, at=2.0, leading=False),
    read("idle", "before", "virt-handler-x", {}, at=2.0),
)


def after(pod: str, counts: dict[tuple[str, str, str], int], **more: object) -> CounterRead:
    return read("ramp_up", "after", pod, counts, at=9.0, **more)  # type: ignore[arg-type]


WHOLE = (
    after("virt-controller-a", {CREATE_POD: 15, PATCH_VMI: 27, ("PATCH", VMI, "409"): 2,
                                ("PATCH", "pods", "200"): 3, ("PATCH", "nodes", "200"): 4}),
    after("virt-controller-b", {}),
    after("virt-handler-x", {("UPDATE", VMI, "200"): 20}),
)  # fmt: skip


def test_a_count_is_the_difference_of_two_reads() -> None:
    figure = cell(measured_burst(run_of(*WHOLE, before=BEFORE)), "CREATE")

    assert figure.value == 10
    assert isinstance(figure.value, int)
    assert figure.source == "component counters"
    assert figure.detail is not None
    assert figure.detail["per_object"] == 1.0
    assert figure.detail["window_seconds"] == 7.0


def test_a_cell_tells_resources_components_errors_and_background_apart() -> None:
    figure = cell(measured_burst(run_of(*WHOLE, before=BEFORE)), "PATCH")

    assert figure.value == 23
    assert figure.detail is not None
    assert figure.detail["by_resource"] == {"pods": 3, VMI: 20}
    assert figure.detail["by_component"] == {"virt-controller": 23}
    assert figure.detail["errors"] == {"409": 2}
    assert figure.detail["background"] == 4
    assert figure.detail["idle_per_second"] == 0


def test_refused_calls_of_every_verb_and_resource_are_a_figure_of_their_own() -> None:
    run = measured_burst(run_of(*WHOLE, before=BEFORE))

    found = refused(run)

    assert found.value == 2
    assert found.detail == {"by_code": {"409": 2}}


def test_refused_calls_that_were_not_counted_are_no_data() -> None:
    assert refused(measured_burst([])).value is None


def test_a_series_absent_before_counts_from_zero() -> None:
    assert cell(measured_burst(run_of(*WHOLE, before=BEFORE)), "UPDATE").value == 20


def test_a_verb_that_nobody_used_is_a_measured_zero() -> None:
    figure = cell(measured_burst(run_of(*WHOLE, before=BEFORE)), "LIST")

    assert figure.value == 0
    assert figure.reason is None


def test_a_failed_read_is_no_data_and_never_zero() -> None:
    failed = after("virt-handler-x", {}, error="no permission for pods/proxy")

    figure = cell(measured_burst(run_of(*WHOLE[:2], failed, before=BEFORE)), "CREATE")

    assert figure.value is None
    assert (
        figure.reason
        == "a read failed: virt-handler virt-handler-x: no permission for pods/proxy; "
        "virt-api and virt-controller alone made 10"
    )


def test_a_failed_read_of_what_is_not_counted_does_not_matter() -> None:
    failed = after("virt-operator-x", {}, error="no answer in time")

    assert cell(measured_burst(run_of(*WHOLE, failed, before=BEFORE)), "CREATE").value == 10


def test_calls_lost_with_a_restarted_process_are_no_data() -> None:
    restarted = after("virt-controller-a", {CREATE_POD: 3}, start=8.0)

    figure = cell(measured_burst(run_of(restarted, *WHOLE[1:], before=BEFORE)), "CREATE")

    assert figure.value is None
    assert "virt-controller virt-controller-a" in str(figure.reason)


def test_a_process_that_does_not_say_when_it_began_is_known_by_a_counter_that_fell() -> None:
    earlier = (replace(BEFORE[0], process_start=None), *BEFORE[1:])
    fallen = after("virt-controller-a", {CREATE_POD: 3, PATCH_VMI: 9}, start=None)

    window = window_of(run_of(fallen, *WHOLE[1:], before=earlier), "ramp_up")

    assert window is not None
    assert window.restarted == ("virt-controller virt-controller-a",)


def test_a_pod_that_went_loses_what_it_had_sent() -> None:
    figure = cell(measured_burst(run_of(*WHOLE[1:], before=BEFORE)), "CREATE")

    assert figure.value is None
    assert "virt-controller virt-controller-a" in str(figure.reason)


def test_a_pod_that_came_counts_whole() -> None:
    came = after("virt-handler-new", {("UPDATE", VMI, "200"): 6})

    reads = with_idle_pods(run_of(*WHOLE, came, before=BEFORE))

    assert cell(measured_burst(reads), "UPDATE").value == 26
    window = window_of(reads, "ramp_up")
    assert window is not None
    assert window.came == ("virt-handler virt-handler-new",)
    assert window.is_whole


def test_without_reads_the_cell_says_so() -> None:
    assert cell(measured_burst([]), "CREATE").reason == "REST calls were not counted in this run"


def test_no_pods_found_is_no_data() -> None:
    nothing = CounterRead(
        stage="ramp_up",
        moment=Moment.AFTER,
        component="kubevirt",
        pod="*",
        started_ns=0,
        ended_ns=0,
        error="no running pods",
    )
    before = replace(nothing, stage="idle")

    assert "no running pods" in str(cell(measured_burst([before, nothing]), "CREATE").reason)


def test_a_component_without_pods_is_no_data_and_what_the_others_made_is_the_least() -> None:
    reads = run_of(*WHOLE[:2], before=BEFORE[:2])

    figure = cell(measured_burst(reads, is_whole=False), "CREATE")

    assert figure.value is None
    assert figure.lower_bound == 10
    assert figure.reason == (
        "no pods of virt-api and virt-handler were found: their calls are not known; "
        "virt-controller alone made 10"
    )
    assert figure.detail == {
        "covers": ["virt-controller"],
        "no_data_of": {
            "virt-api": "virt-api: no pods were found",
            "virt-handler": "virt-handler: no pods were found",
        },
        "by_component": {"virt-controller": 10},
    }


def test_a_whole_cell_says_what_it_covers() -> None:
    figure = cell(measured_burst(run_of(*WHOLE, before=BEFORE)), "CREATE")

    assert (figure.detail or {})["covers"] == ["virt-api", "virt-controller", "virt-handler"]


def test_a_ramp_down_has_a_window_of_its_own() -> None:
    whole = {(item.verb, item.target, item.code): item.requests for item in WHOLE[0].counters}
    deleted = {("DELETE", "pods", "200"): 10}
    down = read("ramp_down", "after", "virt-controller-a", {**whole, **deleted})
    reads = [*run_of(WHOLE[0], before=BEFORE[:1]), down]

    assert cell(measured_burst(reads), "DELETE").value == 0
    assert cell(measured_burst(reads), "DELETE", "ramp_down").value == 10


def test_usage_is_told_by_component() -> None:
    before = (
        replace(BEFORE[0], cpu_seconds=1.0, resident_bytes=100.0),
        replace(BEFORE[1], cpu_seconds=0.5, resident_bytes=50.0),
    )
    later = (
        after("virt-controller-a", {}, cpu=3.0, memory=90.0),
        after("virt-controller-b", {}, cpu=0.5, memory=70.0),
    )

    window = window_of(run_of(*later, before=before), "ramp_up")

    assert window is not None
    usage = window.usage["virt-controller"]
    assert usage.cpu_seconds == 2.0
    assert (usage.resident_before, usage.resident_peak, usage.resident_after) == (150, 160, 160)


def test_sums_of_histograms_are_differences_too() -> None:
    key = "kubevirt_workqueue_queue_duration_seconds{virt-controller-vmi}"
    before = (replace(BEFORE[0], sums={key: (1.0, 10)}),)

    window = window_of(
        run_of(after("virt-controller-a", {}, sums={key: (4.0, 30)}), before=before), "ramp_up"
    )

    assert window is not None
    assert window.sums["virt-controller", key] == (3.0, 20)


@pytest.mark.parametrize("choice", ["audit-log", "prometheus", "api-server"])
def test_a_source_that_was_asked_for_and_not_read_is_no_data(choice: CountsFrom) -> None:
    record = burst_record(run_of(*WHOLE, before=BEFORE))
    scenario = record.header.scenario
    chosen = replace(scenario, observe=replace(scenario.observe, rest_calls=choice))

    run = measure(replace(record, header=replace(record.header, scenario=chosen)))

    assert cell(run, "CREATE").value is None


def test_subresources_are_folded_into_their_resource() -> None:
    rows = {
        ComponentCall("virt-controller", RestCall("PATCH", "pods", "", "200")): 1,
        ComponentCall("virt-controller", RestCall("PATCH", "pods", "status", "200")): 2,
    }

    assert folded(rows) == {
        ComponentCall("virt-controller", RestCall("PATCH", "pods", "", "200")): 3
    }


_COUNTS = st.dictionaries(
    st.tuples(st.sampled_from(["CREATE", "PATCH"]), st.sampled_from(["pods", "events"]),
              st.sampled_from(["200", "409"])),
    st.integers(0, 1000),
)  # fmt: skip


@given(_COUNTS, _COUNTS, _COUNTS)
def test_windows_that_follow_each_other_add_up(
    first: dict[tuple[str, str, str], int],
    more: dict[tuple[str, str, str], int],
    last: dict[tuple[str, str, str], int],
) -> None:
    def plus(
        one: dict[tuple[str, str, str], int], two: dict[tuple[str, str, str], int]
    ) -> dict[tuple[str, str, str], int]:
        return {key: one.get(key, 0) + two.get(key, 0) for key in (*one, *two)}

    a = [read("idle", "after", "virt-api-0", first)]
    b = [read("ramp_up", "after", "virt-api-0", plus(first, more))]
    c = [read("ramp_down", "after", "virt-api-0", plus(plus(first, more), last))]

    one = difference(a, b, source=COMPONENTS, stage="ramp_up").requests
    two = difference(b, c, source=COMPONENTS, stage="ramp_down").requests
    whole = difference(a, c, source=COMPONENTS, stage="ramp_down").requests

    assert whole == {row: one.get(row, 0) + two.get(row, 0) for row in sorted({**one, **two})}
