"""Reading a component's exposition, made by hand in the spelling of the real ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from virtslo.client.exposition import read_samples
from virtslo.model.kubernetes.calls import RestCall
from virtslo.observe.scrape import read_metrics
from virtslo.observe.server_scrape import read_server_metrics

TEXT = """\
# HELP kubevirt_rest_client_requests_total requests
# TYPE kubevirt_rest_client_requests_total counter
kubevirt_rest_client_requests_total{code="200",host="127.0.0.1:16443",method="PUT",resource="virtualmachineinstances",verb="UPDATE"} 2287
kubevirt_rest_client_requests_total{code="409",host="127.0.0.1:16443",method="PUT",resource="virtualmachines",verb="UPDATE"} 28
kubevirt_rest_client_requests_total{code="200",host="other:443",method="PUT",resource="virtualmachineinstances",verb="UPDATE"} 3
kubevirt_rest_client_rate_limiter_duration_seconds_bucket{url="https://127.0.0.1/%7Bname%7D",verb="PUT",le="0.001"} 3
kubevirt_rest_client_rate_limiter_duration_seconds_sum{url="https://127.0.0.1/%7Bname%7D",verb="PUT"} 1.5
kubevirt_rest_client_rate_limiter_duration_seconds_count{url="https://127.0.0.1/%7Bname%7D",verb="PUT"} 30
kubevirt_rest_client_rate_limiter_duration_seconds_sum{url="https://127.0.0.1/x",verb="PUT"} 0.5
kubevirt_rest_client_rate_limiter_duration_seconds_count{url="https://127.0.0.1/x",verb="PUT"} 10
kubevirt_workqueue_queue_duration_seconds_sum{name="virt-controller-vmi"} 2.25
kubevirt_workqueue_queue_duration_seconds_count{name="virt-controller-vmi"} 6079
kubevirt_virt_controller_leading_status 1
process_cpu_seconds_total 26.06
process_resident_memory_bytes 1.05644032e+08
process_start_time_seconds 1.79545841398e+09
"""  # noqa: E501


def test_requests_are_summed_over_hosts_and_kept_by_code() -> None:
    assert read_metrics(TEXT.encode()).requests == {
        RestCall("UPDATE", "virtualmachineinstances", "", "200"): 2290,
        RestCall("UPDATE", "virtualmachines", "", "409"): 28,
    }


def test_histograms_are_kept_as_sums_and_counts() -> None:
    sums = read_metrics(TEXT.encode()).sums

    assert sums["kubevirt_rest_client_rate_limiter_duration_seconds{PUT}"] == (2.0, 40)
    assert sums["kubevirt_workqueue_queue_duration_seconds{virt-controller-vmi}"] == (2.25, 6079)


def test_the_process_is_told() -> None:
    scrape = read_metrics(TEXT.encode())

    assert scrape.process_start == 1795458413.98
    assert scrape.cpu_seconds == 26.06
    assert scrape.resident_bytes == 105644032
    assert scrape.is_leading is True


def test_without_a_verb_label_the_method_tells_it() -> None:
    line = 'kubevirt_rest_client_requests_total{code="201",method="POST",resource="pods"} 7\n'

    assert read_metrics(line.encode()).requests == {RestCall("CREATE", "pods", "", "201"): 7}


def test_what_is_absent_is_none_and_not_zero() -> None:
    scrape = read_metrics(b"process_start_time_seconds 1\n")

    assert scrape.cpu_seconds is None
    assert scrape.resident_bytes is None
    assert scrape.is_leading is None
    assert scrape.requests == {}


@pytest.mark.parametrize("text", ["", "<html>no</html>", "process_start_time_seconds\n",
                                  "process_start_time_seconds abc\n"])  # fmt: skip
def test_what_is_no_exposition_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        read_metrics(text.encode())


SERVER = """\
apiserver_request_total{code="201",component="apiserver",dry_run="",group="",resource="pods",scope="resource",subresource="",verb="POST",version="v1"} 100
apiserver_request_total{code="200",component="apiserver",dry_run="",group="",resource="pods",scope="resource",subresource="status",verb="PATCH",version="v1"} 200
apiserver_request_total{code="200",component="apiserver",dry_run="",group="",resource="pods",scope="namespace",subresource="",verb="DELETECOLLECTION",version="v1"} 1
apiserver_request_total{code="200",component="",dry_run="",group="",resource="",scope="",subresource="/healthz",verb="GET",version=""} 9
apiserver_request_total{code="200",component="apiserver",dry_run="",group="",resource="",scope="",subresource="apis",verb="GET",version=""} 2
apiserver_request_total{code="200",component="",dry_run="",group="",resource="",scope="",subresource="openapi/v3",verb="GET",version=""} 3
apiserver_request_duration_seconds_bucket{component="apiserver",group="",resource="pods",scope="resource",subresource="",verb="POST",version="v1",le="0.1"} 99
apiserver_request_sli_duration_seconds_bucket{component="apiserver",group="",resource="pods",scope="resource",subresource="",verb="POST",version="v1",le="0.05"} 90
apiserver_request_sli_duration_seconds_bucket{component="apiserver",group="",resource="pods",scope="resource",subresource="",verb="POST",version="v1",le="+Inf"} 100
process_start_time_seconds 5
"""  # noqa: E501


def test_the_api_servers_verbs_are_spelt_as_the_components_spell_them() -> None:
    assert read_server_metrics(SERVER.encode()).requests == {
        RestCall("CREATE", "pods", "", "201"): 100,
        RestCall("PATCH", "pods", "status", "200"): 200,
        RestCall("DELETE", "pods", "", "200"): 1,
        RestCall("GET", "", "/healthz", "200"): 9,
        RestCall("GET", "", "/apis", "200"): 2,
        RestCall("GET", "", "/openapi/v3", "200"): 3,
    }


def test_the_histogram_of_the_slo_goes_before_the_other() -> None:
    scrape = read_server_metrics(SERVER.encode())

    assert scrape.family == "apiserver_request_sli_duration_seconds"
    assert scrape.durations == {("CREATE", "pods", "resource"): {"0.05": 90, "+Inf": 100}}


_NAME = st.from_regex(r"[a-z]{1,8}", fullmatch=True)
_VALUE = st.text("abz09/:%{}?=&., -_<>é", max_size=12)


@given(st.dictionaries(_NAME, _VALUE, max_size=4), st.floats(0, 1e15))
def test_a_sample_is_read_as_the_library_reads_it(labels: dict[str, str], value: float) -> None:
    inside = ",".join(f'{name}="{text}"' for name, text in labels.items())
    line = f"metric{{{inside}}} {value!r}\n" if inside else f"metric {value!r}\n"
    (family,) = text_string_to_metric_families(line)
    expected = [(sample.labels, sample.value) for sample in family.samples]

    actual = [
        (series.labels, number) for series, number in read_samples(line.encode(), ("metric",))
    ]

    assert actual == expected


def test_the_method_get_does_not_tell_a_list_from_a_watch() -> None:
    line = 'kubevirt_rest_client_requests_total{code="200",method="GET",resource="pods"} 7\n'

    with pytest.raises(ValueError, match="GET, LIST and WATCH are one method"):
        read_metrics(line.encode())


def test_a_bucket_whose_edge_is_no_number_is_no_exposition() -> None:
    name = "apiserver_request_sli_duration_seconds_bucket"
    line = name + '{verb="GET",resource="pods",scope="resource",le="many"} 5'

    with pytest.raises(ValueError, match="le="):
        read_server_metrics(f"process_start_time_seconds 1\n{line}\n".encode())


def test_sums_are_of_whole_requests_for_single_objects() -> None:
    """With webhooks and waiting; lists, watches, dry runs and health checks are left out."""
    rows = (
        ('verb="PUT",resource="pods",subresource="status",scope="resource"', 0.5, 10),
        ('verb="PUT",resource="pods",subresource="status",scope="resource",group="x"', 0.1, 2),
        ('verb="LIST",resource="pods",scope="namespace"', 7, 7),
        ('verb="WATCH",resource="pods",scope="resource"', 900, 1),
        ('verb="POST",resource="pods",scope="resource",dry_run="All"', 7, 7),
        ('verb="GET",subresource="/healthz"', 7, 7),
    )
    family = "apiserver_request_duration_seconds"
    lines = [
        f"{family}_{what}{{{labels}}} {value}"
        for labels, seconds, count in rows
        for what, value in (("sum", seconds), ("count", count))
    ]
    text = "\n".join(["process_start_time_seconds 1", *lines, ""])

    scrape = read_server_metrics(text.encode())

    assert list(scrape.sums) == ["answered{UPDATE pods/status}"]
    assert scrape.sums["answered{UPDATE pods/status}"] == pytest.approx((0.6, 12))
    with pytest.raises(ValueError, match="is -1, which is no time"):
        read_server_metrics(text.replace("} 0.5", "} -1").encode())
