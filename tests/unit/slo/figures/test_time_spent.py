"""Ceilings, waiting and responsiveness, from reads whose truth is known."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.reads import burst_record, measured_burst, read
from virtslo.model.kubernetes.client_limits import ClientLimit
from virtslo.model.plan.workload import Kind
from virtslo.model.report.figures import Figure
from virtslo.model.run.rest_calls import (
    API_SERVER,
    BucketCount,
    CounterRead,
    OwnLatencies,
    ReadStage,
    RestCallReads,
)
from virtslo.model.stage_names import RAMP_UP
from virtslo.slo.catalog.time_spent import WORK_QUEUE_WAIT
from virtslo.slo.figures.call_figures import usage_rows
from virtslo.slo.figures.responsiveness import bucket_quantile, responsiveness_rows
from virtslo.slo.figures.time_spent import (
    Ceiling,
    ControllerWork,
    ceiling_of,
    controller_work,
    time_rows,
)
from virtslo.slo.figures.time_words import ceiling_sentence
from virtslo.slo.record.measured import measure

VMI = "virtualmachineinstances"
QUEUE = "kubevirt_workqueue_queue_duration_seconds{virt-controller-vmi}"
READS = (
    read("idle", "after", "virt-controller-a", {("UPDATE", VMI, "200"): 5}, sums={QUEUE: (1.0, 5)}),
    read(
        "ramp_up",
        "after",
        "virt-controller-a",
        {("UPDATE", VMI, "200"): 75, ("UPDATE", VMI, "409"): 10, ("UPDATE", "leases", "200"): 99,
         ("WATCH", VMI, "200"): 3},
        sums={QUEUE: (21.0, 95)},
    ),
)  # fmt: skip


def test_the_ceiling_is_of_calls_as_they_were_counted() -> None:
    ceiling = ceiling_of(measured_burst(READS))

    assert isinstance(ceiling, Ceiling)
    assert ceiling.calls_per_object == 8.0, "refused calls count, leases and watches do not"
    assert ceiling.counted_seconds == 0.0
    assert ceiling.least_seconds == 0.0


def test_the_sentence_is_the_one_people_asked_for() -> None:
    limit = ClientLimit(200, 400, "KubeVirt default")
    ceiling = Ceiling(8.0, 1000, limit, Kind.VMI, 1000)

    assert ceiling_sentence(ceiling) == (
        "virt-controller made 8.0 calls per VMI, of which 4 are needed before Running; at 200/s "
        "after a burst of 400, 1000 VMIs cannot be Running before 18 s; at the calls counted, in "
        "the long run 25 VMIs/s"
    )
    assert ceiling.counted_seconds == 38.0


def test_a_limit_that_makes_nothing_wait_is_no_least_time() -> None:
    ceiling = Ceiling(8.0, 100, ClientLimit(200, 400, "KubeVirt default"), Kind.VMI, 100)

    assert "100 VMIs need not wait for it" in ceiling_sentence(ceiling)


def test_a_bucket_that_is_off_has_no_ceiling() -> None:
    ceiling = Ceiling(8.0, 1000, ClientLimit(0, 0, "profile"), Kind.VMI, 1000)

    assert ceiling.least_seconds == 0.0
    assert "no limit" in ceiling_sentence(ceiling)


def test_waiting_is_for_each_vmi_and_by_queue() -> None:
    rows = {row.definition.name: row.figure for row in time_rows(measured_burst(READS))}

    assert rows["work_queue_wait_seconds"].value == 2.0
    assert rows["work_queue_wait_seconds"].detail == {"by_queue": {"virt-controller-vmi": 2.0}}
    assert rows["rate_limiter_wait_seconds"].value is None


def test_what_virt_controller_waited_is_known_without_virt_handler() -> None:
    window = measured_burst(READS)
    failed = read("ramp_up", "after", "virt-handler-a", error="refused")
    without = measured_burst([*READS, failed])
    blind = measured_burst([*READS, read("ramp_up", "after", "virt-controller-b", error="refused")])
    known = ControllerWork(8.0, {WORK_QUEUE_WAIT: 2.0})
    reason = controller_work(blind, RAMP_UP, 10)

    assert controller_work(window, RAMP_UP, 10) == controller_work(without, RAMP_UP, 10) == known
    assert controller_work(window, RAMP_UP, 0) == "there are no objects"
    assert isinstance(reason, str)
    assert "virt-controller-b" in reason


def test_processor_time_per_vmi_is_beyond_what_an_idle_component_uses() -> None:
    pod = "virt-controller-a"
    reads = (
        read("idle", "before", pod, at=0, cpu=1.0),
        read("idle", "after", pod, at=10, cpu=2.0),
        read("ramp_up", "after", pod, at=60, cpu=12.0),
    )

    rows = {
        (row.definition.name, row.statistic): row.figure
        for row in usage_rows(measured_burst(reads))
    }

    assert rows["virt_controller_cpu_seconds", "value"].value == 10.0
    each = rows["virt_controller_cpu_seconds", "per_object"]
    assert each.value == pytest.approx((10.0 - 5.0) / 10)
    assert each.detail == {"idle_seconds_of_it": 5.0}
    no_idle = {
        (row.definition.name, row.statistic): row.figure
        for row in usage_rows(measured_burst(reads[1:]))
    }
    assert no_idle["virt_controller_cpu_seconds", "value"].value == 10.0
    assert no_idle["virt_controller_cpu_seconds", "per_object"].value is None


def test_without_reads_everything_says_why() -> None:
    rows = {row.definition.name: row.figure for row in time_rows(measured_burst([]))}

    assert all(figure.value is None and figure.reason for figure in rows.values())


@pytest.mark.parametrize(
    ("edges", "expected"),
    [
        ({"0.1": 99, "0.5": 100, "+Inf": 100}, (0.0, 0.1)),
        ({"0.1": 98, "0.5": 100, "+Inf": 100}, (0.1, 0.5)),
        ({"0.1": 0, "+Inf": 1}, (0.1, math.inf)),
    ],
)
def test_a_histogram_gives_the_bucket_of_a_quantile(
    edges: dict[str, int], expected: tuple[float, float]
) -> None:
    found = bucket_quantile(edges, 0.99)

    assert found is not None
    assert (found.lower, found.upper) == expected


def test_a_histogram_without_observations_gives_none() -> None:
    assert bucket_quantile({"0.1": 0, "+Inf": 0}, 0.99) is None


@given(st.lists(st.floats(0.001, 2), min_size=1, max_size=200), st.sampled_from([0.5, 0.95, 0.99]))
def test_the_bucket_holds_the_exact_quantile(values: list[float], share: float) -> None:
    bounds = (0.005, 0.05, 0.5, 1.0, math.inf)
    edges = {
        "+Inf" if math.isinf(bound) else str(bound): sum(value <= bound for value in values)
        for bound in bounds
    }
    exact = sorted(values)[max(1, math.ceil(share * len(values) - 1e-9)) - 1]

    found = bucket_quantile(edges, share)

    assert found is not None
    assert found.lower <= exact <= found.upper


def test_our_own_calls_are_judged_by_their_slowest_pair() -> None:
    fast = OwnLatencies("CREATE", VMI, "resource", tuple(range(1_000_000, 101_000_000, 1_000_000)))
    few = OwnLatencies("GET", "nodes", "resource", (3_000_000_000,))
    record = replace(burst_record([]), rest_calls=RestCallReads(own=(fast, few)))

    rows = {
        (row.definition.name, row.statistic): row.figure
        for row in responsiveness_rows(measure(record))
    }

    slowest = rows["own_call_seconds_resource", "p99"]
    assert slowest.value is None
    assert slowest.reason == "p99 needs 100 calls; the slowest pair, GET nodes, has 1"
    most = rows["own_call_seconds_resource", "max"]
    assert most.value == 3.0
    assert (most.detail or {})["slowest"] == "GET nodes"
    assert most.samples == slowest.samples
    assert rows["own_call_seconds_namespace", "p99"].value is None


def test_everybodys_calls_have_no_figure_where_the_server_ended_in_the_window() -> None:
    """Each life of a server is a read of its own: what the first one answered last is lost."""

    def server_read(stage: ReadStage, begun: float, answered: int) -> CounterRead:
        pod = f"kube-apiserver begun {begun:.3f}"
        bucket = BucketCount("CREATE", VMI, "resource", "0.1", answered)
        made = read(stage, "after", pod, start=begun, source=API_SERVER)
        return replace(made, component="*", durations=(bucket,))

    def figure(*reads: CounterRead) -> Figure:
        rows = responsiveness_rows(measured_burst(reads))
        (found,) = [
            row.figure for row in rows if row.definition.name == "api_call_seconds_resource"
        ]
        return found

    assert figure(server_read("idle", 1.0, 5), server_read("ramp_up", 1.0, 8)).samples == 3
    after_restart = figure(server_read("idle", 1.0, 5), server_read("ramp_up", 9.0, 8))
    assert after_restart.value is None
    assert "kube-apiserver begun 1.000" in (after_restart.reason or "")
