"""What is written is what prometheus-client's parser and our own reader read."""

import math

import pytest
from prometheus_client.parser import text_string_to_metric_families

from virtslo.client.exposition import (
    SHORT,
    Exposition,
    labels_of,
    number,
    parse_series,
    read_buckets,
    read_identities,
    read_samples,
)
from virtslo.client.histogram import Histogram

AWKWARD = 'a "quoted" \\ path,\nin {two} lines'


def _text() -> str:
    text = Exposition()
    text.family("calls_total", "counter", "Calls by verb.")
    text.sample("calls_total", {"verb": "GET", "path": AWKWARD}, 3)
    histogram = Histogram((0.005, 1.0))
    for seconds in (0.001, 0.5, 7.25):
        histogram.observe(seconds)
    text.family("took_seconds", "histogram", "Seconds.")
    text.histogram("took_seconds", {"verb": "GET"}, histogram)
    text.single("started_seconds", "gauge", "Start.", 1767225600.125)
    return text.encode().decode()


def test_the_clients_own_parser_reads_families_types_and_values() -> None:
    families = {family.name: family for family in text_string_to_metric_families(_text())}

    assert {name: family.type for name, family in families.items()} == {
        "calls": "counter",
        "took_seconds": "histogram",
        "started_seconds": "gauge",
    }
    (call,) = families["calls"].samples
    assert (call.labels, call.value) == ({"verb": "GET", "path": AWKWARD}, 3)
    assert [(s.name, s.labels.get("le"), s.value) for s in families["took_seconds"].samples] == [
        ("took_seconds_bucket", "0.005", 1),
        ("took_seconds_bucket", "1", 2),
        ("took_seconds_bucket", "+Inf", 3),
        ("took_seconds_sum", None, 7.751),
        ("took_seconds_count", None, 3),
    ]
    assert families["started_seconds"].samples[0].value == 1767225600.125


def test_our_reader_reads_the_same_and_only_what_is_wanted() -> None:
    ((series, value),) = read_samples(_text().encode(), ("calls_total",))

    assert series.labels == {"verb": "GET", "path": AWKWARD}
    assert value == 3


@pytest.mark.parametrize(
    "series",
    [
        "up",
        "up{}",
        'calls{verb="GET"}',
        'calls{verb="GET",path="a,b=\'c\'{d} e"}',
        'calls{verb="GET",}',
        'calls{ verb = "GET" , code="200" }',
        r'calls{path="a \"quoted\" \\ path",verb="GET"}',
        'calls{verb=""}',
    ],
)
def test_a_series_is_read_as_the_clients_own_parser_reads_it(series: str) -> None:
    ((sample,),) = [family.samples for family in text_string_to_metric_families(f"{series} 0")]

    assert tuple(parse_series(series)) == (sample.name, sample.labels)


@pytest.mark.parametrize("series", ["", "{", 'a{b="c"', "a{b=c}", 'a{b="c" d="e"}', "1a", "a b"])
def test_what_is_no_series_is_refused(series: str) -> None:
    with pytest.raises(ValueError):
        parse_series(series)


def test_an_identity_is_of_name_and_labels_in_whatever_order() -> None:
    read = [
        next(read_identities(f"calls{{{labels}}} {value}\n".encode(), ("calls",)))
        for labels, value in (('b="2",a="1"', 3), ('a="1",b="2"', 4))
    ]
    identity = ("calls", "a", "1", "b", "2")
    assert read == [(identity, 3), (identity, 4)]
    with pytest.raises(ValueError, match="twice"):
        list(read_identities(b'calls{a="1",b="2"} 1\ncalls{b="2",a="1"} 1\n', ("calls",)))


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0, "0"), (2.0, "2"), (1e-7, "1e-07"), (0.1, "0.1"), (1e300, "1e+300"), (math.inf, "+Inf")],
)
def test_numbers_are_written_as_gos_client_writes_them(value: float, expected: str) -> None:
    assert number(value) == expected


@pytest.mark.parametrize(
    "text",
    [
        'a_total 1\nb 2\na_total{x="1"} 3\nlast 4',
        "b 2\na_total 1\n",
        "a_total 1",
        'x_a_total 1\n\na_total 5\n\na_total{x="2"} 6\n',
        "",
        "\n",
    ],
)
@pytest.mark.parametrize("wanted", [("a_total",), ("b", "a"), ("last", "a_total", "a"), ("none",)])
@pytest.mark.parametrize("more", [0, 40_000], ids=["short", "long"])
def test_the_lines_that_are_wanted_are_read_once_each(
    text: str, wanted: tuple[str, ...], more: int
) -> None:
    text = "other 1\n" * more + text
    assert (len(text) > SHORT) == (more > 0)
    expected = [line for line in text.split("\n") if line.startswith(wanted)]

    found = [series.name for series, _ in read_samples(text.encode(), wanted)]

    assert sorted(found) == sorted(line.split("{")[0].split(" ")[0] for line in expected)


@pytest.mark.parametrize(
    "labels",
    [
        'verb="GET",le="0.5"',
        'le="0.5",verb="GET"',
        'verb="GET",le="+Inf"',
        'verb="a,le=",x="b"',
        'x="a,le=\\"b",verb="c,le=\\"1",le="2"',
        'verb="GET",le="1",le="2"',
        'verb="GET", le="1"',
        'le="1"',
    ],
)
def test_a_buckets_labels_are_those_of_prometheus_own_parser(labels: str) -> None:
    line = f"took_seconds_bucket{{{labels}}} 3"
    ((identity, _),) = read_identities(line.encode(), ("took_seconds_bucket",))
    (((apart, edge), value),) = read_buckets(line.encode(), "took_seconds_bucket")
    try:
        (family,) = text_string_to_metric_families(f"{line}\n")
        expected = dict(family.samples[0].labels)
    except ValueError:
        expected = {"verb": "GET", "le": "2"}

    assert labels_of(identity) == expected
    assert ({**labels_of(apart), "le": edge}, value) == ({"le": "", **expected}, 3)


def test_buckets_of_one_histogram_are_known_by_one_identity_and_none_is_there_twice() -> None:
    lines = [f'took_bucket{{b="2",a="1",le="{edge}"}} 1\n'.encode() for edge in ("1", "2", "+Inf")]

    found = [bucket for bucket, _ in read_buckets(b"".join(lines), "took_bucket")]

    assert found == [(("took_bucket", "a", "1", "b", "2"), edge) for edge in ("1", "2", "+Inf")]
    with pytest.raises(ValueError, match="twice"):
        list(read_buckets(lines[0] + b'took_bucket{a="1",le="1",b="2"} 1\n', "took_bucket"))


@pytest.mark.parametrize("value", ["1", "1 1700000000000", "1e0", "  1"])
def test_a_value_may_be_followed_by_its_time(value: str) -> None:
    ((_, read),) = read_identities(f'calls{{a="1"}} {value}'.encode(), ("calls",))

    assert read == 1


@pytest.mark.parametrize("value", ["", "1 2 3", "x", "x 1", "NaN", "NaN 5", "+Inf"])
def test_what_is_no_finite_number_is_no_value(value: str) -> None:
    with pytest.raises(ValueError, match=r"not a sample: 'calls{|is NaN|is \+Inf"):
        list(read_identities(f'calls{{a="1"}} {value}'.encode(), ("calls",)))
