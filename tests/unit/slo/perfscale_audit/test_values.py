"""perfscale-audit's results from raw samples: exact for whole scrapes, no data apart from 0."""

import math

from virtslo.model.report.perfscale_audit import PerfscaleAuditValue
from virtslo.ports.metric_source import ScrapedSeries
from virtslo.slo.perfscale_audit.values import (
    latencies,
    memory,
    phase_counts,
    processor,
    request_counts,
)

START, END = 100.0, 200.0


def series(*samples: tuple[float, float], **labels: str) -> ScrapedSeries:
    return ScrapedSeries({"pod": "virt-controller-0", **labels}, samples)


def requests(verb: str, code: str, *samples: tuple[float, float]) -> ScrapedSeries:
    return series(*samples, verb=verb, resource="pods", code=code)


def others() -> list[ScrapedSeries]:
    """The components that every count needs, at rest."""
    labels = {"verb": "UPDATE", "resource": "leases", "code": "200"}
    return [
        ScrapedSeries({"pod": f"{component}-0", **labels}, ((90.0, 5.0), (210.0, 5.0)))
        for component in ("virt-api", "virt-controller", "virt-handler")
    ]


def by_key(values: list[PerfscaleAuditValue]) -> dict[str, PerfscaleAuditValue]:
    return {value.key: value for value in values}


def test_a_series_born_in_the_window_counts_from_zero() -> None:
    old = requests("GET", "200", (90.0, 5.0), (120.0, 5.0), (210.0, 5.0))
    born = requests("CREATE", "201", (120.0, 40.0), (210.0, 100.0))

    found = by_key(request_counts([old, born, *others()], start=START, end=END))

    assert found["CREATE-pods-count"].value == 100.0
    assert found["CREATE-pods-count"].high == 100.0
    assert found["GET-pods-count"].value == 0.0


def test_answers_other_than_2xx_are_told_apart() -> None:
    good = requests("CREATE", "201", (90.0, 0.0), (210.0, 10.0))
    bad = requests("CREATE", "409", (90.0, 0.0), (210.0, 3.0))

    (found,) = request_counts([good, bad], start=START, end=END)

    assert found.value == 10.0
    assert "3 more were not answered 2xx" in found.detail


def test_without_a_scrape_after_the_end_there_may_be_more() -> None:
    (found,) = request_counts(
        [requests("CREATE", "201", (90.0, 0.0), (190.0, 10.0))], start=START, end=END
    )

    assert (found.value, found.low, found.high) == (10.0, 10.0, math.inf)


def test_what_was_never_called_is_0_and_what_was_not_scraped_is_no_data() -> None:
    other = requests("GET", "200", (90.0, 5.0), (210.0, 5.0))

    known = by_key(request_counts([other], start=START, end=END, wanted=["CREATE-pods-count"]))
    unknown = by_key(request_counts([], start=START, end=END, wanted=["CREATE-pods-count"]))

    assert known["CREATE-pods-count"].value == 0
    assert unknown["CREATE-pods-count"].value is None
    assert "not scraped" in str(unknown["CREATE-pods-count"].reason)


def test_a_misspelt_count_is_no_0() -> None:
    called = requests("CREATE", "201", (90.0, 5.0), (210.0, 5.0))
    wanted = ["CREATE-pod-count", "MAKE-pods-count", "LIST-pods-count", "GET-virtualmachines-count"]

    found = by_key(request_counts([called], start=START, end=END, wanted=wanted))

    assert found["CREATE-pod-count"].value is None
    assert "did you mean CREATE-pods-count?" in (found["CREATE-pod-count"].reason or "")
    assert found["MAKE-pods-count"].value is None
    assert found["LIST-pods-count"].value == 0
    assert found["GET-virtualmachines-count"].value == 0


def test_a_latency_is_known_to_its_bucket() -> None:
    alive = requests("GET", "200", (90.0, 5.0), (210.0, 5.0))
    buckets = [
        series((120.0, count / 2), (210.0, count), le=le)
        for le, count in (("10", 0.0), ("20", 90.0), ("30", 100.0), ("+Inf", 100.0))
    ]

    found = by_key(
        list(latencies({("creation", "Running"): buckets}, [alive], start=START, end=END))
    )

    p50, p95 = (found[f"vmiCreationToRunningSecondsP{rank}"] for rank in (50, 95))
    assert (p50.low, p50.high) == (10.0, 20.0)
    assert (p95.low, p95.high) == (20.0, 30.0)
    assert p50.value is not None
    assert 10.0 < p50.value < 20.0
    assert "n = 100" in p50.detail


def test_no_vmi_in_the_window_is_no_latency() -> None:
    found = by_key(list(latencies({}, [], start=START, end=END)))

    assert found["vmiCreationToRunningSecondsP99"].value is None


def test_phases_are_the_last_sample_of_series_that_go_on() -> None:
    running = series((150.0, 3.0), (199.0, 7.0), (210.0, 9.0), phase="Running")
    ended = series((70.0, 5.0), (100.0, 5.0), phase="Scheduling")

    found = by_key(phase_counts([running, ended], end=END, interval=30.0))

    assert found["running-phase-count"].value == 7.0
    assert found["scheduling-phase-count"].value == 0.0
    assert "ended 100 s before the end" in found["scheduling-phase-count"].detail


def test_phases_that_nothing_scraped_to_the_end_are_no_data() -> None:
    (found,) = phase_counts([series((100.0, 5.0), phase="Failed")], end=END, interval=30.0)

    assert found.value is None


def test_a_leader_that_changed_is_counted_once() -> None:
    before = series((160.0, 100.0), (190.0, 100.0), phase="Running", instance="a", node="n")
    after = series((195.0, 100.0), phase="Running", instance="b", node="n")

    (found,) = phase_counts([before, after], end=END, interval=30.0)

    assert found.value == 100.0


def test_a_process_born_in_the_window_leaves_a_count_open() -> None:
    born = requests("CREATE", "201", (150.0, 40.0), (190.0, 100.0), (210.0, 100.0))

    found = by_key(request_counts([born], start=START, end=END))["CREATE-pods-count"]

    assert (found.value, found.low, found.high) == (60.0, 60.0, float("inf"))


def test_memory_is_of_the_largest_controller_and_of_all_api_pods() -> None:
    mib = 1024.0 * 1024.0
    pods = [series((110.0, 10 * mib), (190.0, 30 * mib)), series((110.0, 2 * mib))]

    leader = by_key(list(memory("VirtController", pods, start=START, end=END)))
    api = by_key(list(memory("VirtAPI", pods, start=START, end=END)))

    assert leader["maxVirtControllerMemoryUsageInMB"].value == 30.0
    assert api["avgVirtAPIMemoryUsageInMB"].value == 11.0


def test_processor_time_needs_two_samples() -> None:
    one = processor("VirtAPI", [series((110.0, 1.0))], start=START, end=END)
    two = processor("VirtAPI", [series((110.0, 1.0), (160.0, 26.0))], start=START, end=END)

    assert one.value is None
    assert two.value == 0.5


def counted(*parts: ScrapedSeries, key: str = "CREATE-pods-count") -> PerfscaleAuditValue:
    return by_key(request_counts([*parts, *others()], start=START, end=END, wanted=[key]))[key]


def test_a_0_is_known_only_where_every_component_was_scraped_to_the_end() -> None:
    whole = counted()
    _, *rest = others()
    gone = {"pod": "virt-handler-gone", "verb": "GET", "resource": "nodes", "code": "200"}
    ended = ScrapedSeries(gone, ((90.0, 5.0), (150.0, 5.0)))
    wanted = ["CREATE-pods-count"]
    without = by_key(request_counts(rest, start=START, end=END, wanted=wanted))[wanted[0]]

    assert (whole.value, whole.high) == (0.0, 0.0)
    assert (without.value, without.high) == (0.0, math.inf)
    assert "virt-api was not scraped" in without.detail
    assert counted(ended).high == math.inf


def test_a_counter_below_0_is_no_data() -> None:
    found = counted(requests("CREATE", "201", (90.0, -60.0), (210.0, -50.0)))

    assert (found.value, found.reason) == (None, "a counter is below 0")


def test_a_counter_that_fell_may_have_lost_requests() -> None:
    found = counted(requests("CREATE", "201", (90.0, 500.0), (150.0, 2.0), (210.0, 6.0)))

    assert (found.value, found.high) == (6.0, math.inf)
    assert "a counter was reset" in found.detail


def test_the_method_of_older_versions_tells_all_verbs_but_those_that_read() -> None:
    samples = ((90.0, 0.0), (210.0, 9.0))
    made = series(*samples, method="POST", host="h:6443", resource="pods", code="201")
    read = series(*samples, method="GET", host="h:6443", resource="pods", code="200")

    assert counted(made, read).high == 9.0
    for verb in ("GET", "LIST", "WATCH"):
        found = counted(made, read, key=f"{verb}-pods-count")
        assert found.value is None
        assert "method" in (found.reason or "")


def test_requests_without_a_resource_leave_every_count_open() -> None:
    quiet = series((90.0, 7.0), (210.0, 7.0), method="POST", host="h:6443", code="201")
    grown = series((90.0, 7.0), (210.0, 8.0), method="POST", host="h:6443", code="201")

    assert counted(quiet).high == 0.0
    assert counted(grown).high == math.inf
    assert "without the label resource" in counted(grown).detail


def test_buckets_of_no_histogram_are_no_latency() -> None:
    rising = {"10": 5.0, "+Inf": 9.0}
    for odd, reason in (
        ({"ten": 5.0, "+Inf": 9.0}, "no number"),
        ({"NaN": 5.0, "+Inf": 9.0}, "no number"),
        ({"10": 9.0, "+Inf": 5.0}, "grew by more"),
        ({"10": -5.0, "+Inf": 9.0}, "below 0"),
        (rising, None),
    ):
        buckets = [series((90.0, 0.0), (210.0, count), le=le) for le, count in odd.items()]
        found = by_key(
            list(latencies({("creation", "Running"): buckets}, others(), start=START, end=END))
        )["vmiCreationToRunningSecondsP50"]
        assert (reason is None) == (found.value is not None)
        assert (reason or "") in (found.reason or "")


def test_what_is_below_0_is_neither_memory_nor_processor_time_nor_a_phase() -> None:
    odd = series((110.0, -2.0), (190.0, -1.0), phase="Running")

    (phase,) = phase_counts([odd], end=END, interval=30.0)
    for found in (
        *memory("VirtAPI", [odd], start=START, end=END),
        processor("VirtAPI", [odd], start=START, end=END),
        phase,
    ):
        assert (found.value, found.reason) == (None, "a sample is below 0")
