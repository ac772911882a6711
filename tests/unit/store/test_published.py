"""Published results: read by the rules, with everything odd named and the rest kept."""

import gzip
import json
import os
from pathlib import Path
from typing import Any

import pytest

from support.published_results import ENDED, JOB, RUN, read, result, write
from virtslo.base.errors import StoreError
from virtslo.model.history.runs import HistoryRun
from virtslo.store.published.kubevirt_ci import lineage_of, started_at


def read_one(root: Path, document: dict[str, Any]) -> HistoryRun:
    write(root, json.dumps(document))
    (run,), odd = read(root)
    assert odd == []
    return run


def test_a_result_is_read_with_its_times_and_lineage(tmp_path: Path) -> None:
    run = read_one(tmp_path, result({"CREATE-pods-count": 111}, {"CREATE-pods-count": 105.5}))

    assert (run.job, run.run_id) == (JOB, RUN)
    assert (run.lineage, run.environment) == (
        "periodic-kubevirt-e2e-k8s-sig-performance",
        "provider 1.29",
    )
    assert run.ended_at.isoformat() == "2024-09-06T08:10:39.500000+00:00"
    assert [(figure.kind, figure.value, figure.unit) for figure in run.figures] == [
        ("vmi", 111.0, "calls"),
        ("vm", 105.5, "calls"),
    ]


def test_a_run_id_says_when_the_run_was_scheduled() -> None:
    moment = started_at(RUN)

    assert moment is not None
    assert moment.isoformat(timespec="minutes") == "2024-09-06T07:40+00:00"
    assert started_at("nightly") is None


def test_a_job_without_a_version_is_its_own_lineage() -> None:
    assert lineage_of("periodic-density") == ("periodic-density", "")


def test_zero_is_no_data_where_the_tool_writes_it_so(tmp_path: Path) -> None:
    values = {
        "vmiCreationToRunningSecondsP50": 0,
        "minVirtAPIMemoryUsageInMB": 0,
        "GET-nodes-count": 0,
    }
    run = read_one(tmp_path, result(values))

    found = {figure.indicator: figure.value for figure in run.figures}
    assert found == {
        "vmiCreationToRunningSecondsP50": None,
        "minVirtAPIMemoryUsageInMB": None,
        "GET-nodes-count": 0.0,
    }
    assert "no_latency" in run.flags["vmi"]


def test_a_failed_run_is_kept_and_not_valid(tmp_path: Path) -> None:
    run = read_one(tmp_path, result())

    assert not run.is_valid
    assert run.flags == {"vmi": ("no_result",), "vm": ("no_result",)}


@pytest.mark.parametrize(
    ("p50", "p95", "p99", "flag"),
    [
        (15, 19.5, 19.9, "bucket_saturated"),
        (10, 10, 10, "buckets_lost"),
        (12.2, 17.1, 19.2, None),
    ],
)
def test_percentiles_say_when_a_histogram_could_not_tell(
    tmp_path: Path, p50: float, p95: float, p99: float, flag: str | None
) -> None:
    ranks = {"P50": p50, "P95": p95, "P99": p99}
    values = {f"vmiCreationToRunningSeconds{rank}": value for rank, value in ranks.items()}

    run = read_one(tmp_path, result(values))

    assert {figure.flag for figure in run.figures} == {flag}


@pytest.mark.parametrize(("value", "found"), [(300, 1), (200, 0)])
def test_thresholds_are_judged_by_their_value_not_by_their_flag(
    tmp_path: Path, value: float, found: int
) -> None:
    document = result({"PATCH-x-count": value})
    document["VMIResult"]["Values"]["PATCH-x-count"]["thresholdResult"] = {
        "thresholdValue": 222.2,
        "thresholdExceeded": value < 222.2,
    }

    run = read_one(tmp_path, document)

    assert [code for code, _ in run.findings] == ["threshold_exceeded"] * found


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "the file is empty"),
        (b'{"VMIResult": {"Values": {', "truncated"),
        (b"\xff\xfe{}", "not UTF-8"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"VMIResult": 1' + b"0" * 5000 + b"}", "a whole number of more than 4,300 digits"),
        (b"[1, 2]", "not a result of a known format"),
        (b'{"VMIResult": null, "VMResult": null}', ""),
    ],
)
def test_what_cannot_be_read_is_named_and_the_rest_is_read(
    tmp_path: Path, data: bytes, reason: str
) -> None:
    write(tmp_path, data)
    write(tmp_path, json.dumps(result({"GET-nodes-count": 1})), run=str(int(RUN) + 1))

    runs, odd = read(tmp_path)

    assert str(int(RUN) + 1) in [run.run_id for run in runs]
    assert [reason in item.reason and item.is_lost for item in odd] == ([True] if reason else [])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"value": NaN}', "NaN is not a JSON number"),
        ('{"value": -Infinity}', "-Infinity is not a JSON number"),
        ('{"value": "12"}', "expected a number, found '12'"),
        ('{"value": true}', "expected a number, found True"),
        ("null", "expected a number, found None"),
        ('{"value": 1, "value": 2}', "key 'value' is there 2 times"),
        ('{"value": 1e999}', "beyond what a float holds"),
        ('{"value": ' + "9" * 400 + "}", "beyond what a float holds"),
    ],
)
def test_an_odd_value_is_no_data_and_is_named(tmp_path: Path, text: str, reason: str) -> None:
    write(
        tmp_path,
        f'{{"JobDirCreationTime": "{ENDED}", "VMResult": null, "VMIResult": {{"Values": '
        f'{{"ODD-x-count": {text}, "GET-nodes-count": {{"value": 7}}}}}}}}',
    )

    (run,), odd = read(tmp_path)

    kept = {figure.indicator: figure.value for figure in run.figures}
    assert kept["GET-nodes-count"] == 7
    assert kept.get("ODD-x-count") is None
    assert any(reason in item.reason and not item.is_lost for item in odd)


def test_a_key_there_twice_is_not_read(tmp_path: Path) -> None:
    write(
        tmp_path,
        f'{{"JobDirCreationTime": "{ENDED}", "VMResult": null, "VMIResult": {{"Values": '
        '{"A-x-count": {"value": 1}, "A-x-count": {"value": 2}, "B-x-count": {"value": 3}}}}',
    )

    (run,), odd = read(tmp_path)

    assert [figure.indicator for figure in run.figures] == ["B-x-count"]
    assert ["'A-x-count' is there 2 times" in item.reason for item in odd] == [True]


def test_a_run_without_any_time_is_left_out(tmp_path: Path) -> None:
    write(tmp_path, '{"VMIResult": null, "JobDirCreationTime": "soon"}', run="nightly")

    runs, odd = read(tmp_path)

    assert runs == []
    assert odd[0].is_lost
    assert "found 'soon'" in odd[0].reason


def test_json_lines_lose_only_the_line_that_is_odd(tmp_path: Path) -> None:
    good = {"job": JOB, "run_id": RUN, "results": result({"GET-nodes-count": 1})}
    lines = [
        json.dumps(good),
        "{",
        json.dumps({**good, "run_id": 1.5}),
        json.dumps({**good, "results": 3}),
        "[]",
        json.dumps({**good, "run_id": int(RUN) + 1}),
    ]
    path = tmp_path / "runs.jsonl"
    path.write_text("\n".join(lines))

    runs, odd = read(path)

    assert [run.run_id for run in runs] == [RUN, str(int(RUN) + 1)]
    assert [item.place.rsplit(":", 1)[1] for item in odd] == ["2", "3", "4", "5"]


def test_a_gzip_that_is_cut_off_gives_what_is_before_the_cut(tmp_path: Path) -> None:
    line = json.dumps({"job": JOB, "run_id": RUN, "results": result({"GET-nodes-count": 1})})
    whole = gzip.compress((line + "\n").encode())
    rest = gzip.compress(f"{line}\n".encode() * 500)
    path = tmp_path / "runs.jsonl.gz"
    path.write_bytes(whole + rest[: len(rest) // 2])

    runs, odd = read(path)

    assert runs
    assert "cut off or broken" in odd[-1].reason


@pytest.mark.parametrize(
    ("job", "run", "reason"),
    [
        ("a\nb", RUN, "job 'a\\nb': control characters"),
        (
            os.fsdecode(b"x\xe9"),
            RUN,
            "job 'x\\udce9': control characters, or bytes that are not",
        ),
        (JOB, "99999999999999999999", "the run's id is a time"),
        (JOB, "١٨٣١٩٦٠٧٠٤٧٥٢٥٥٣٩٨٤", "the run's id is a time"),
    ],
)
def test_a_run_in_a_folder_that_is_no_name_is_left_out(
    tmp_path: Path, job: str, run: str, reason: str
) -> None:
    document = {**result({"GET-nodes-count": 1}), "JobDirCreationTime": None}
    write(tmp_path, json.dumps(document), job=job, run=run)
    write(tmp_path, json.dumps(document), job="job; with 'odd' name")

    (kept,), (odd,) = read(tmp_path)

    assert kept.job == "job; with 'odd' name"
    assert odd.is_lost
    assert reason in odd.reason
    assert odd.place.isprintable()


def test_a_metric_that_is_no_name_costs_itself(tmp_path: Path) -> None:
    names = ["", "a\0b", "\ud800", "x" * 1000, "GET-nodes-count"]
    write(tmp_path, json.dumps(result(dict.fromkeys(names, 1))))

    (run,), odd = read(tmp_path)

    assert [figure.indicator for figure in run.figures] == ["GET-nodes-count"]
    assert [item.is_lost for item in odd] == [False] * 4
    assert "and 1 more such metrics" in odd[-1].reason


def test_a_negative_count_is_no_data_and_is_named(tmp_path: Path) -> None:
    write(tmp_path, json.dumps(result({"GET-nodes-count": -5, "GET-x-count": 1})))

    (run,), (odd,) = read(tmp_path)

    assert [figure.indicator for figure in run.figures] == ["GET-x-count"]
    assert "expected 0 or more, found -5" in odd.reason


def test_a_threshold_that_no_float_holds_is_not_compared(tmp_path: Path) -> None:
    document = result({"CREATE-pods-count": 100})
    limit = {"thresholdValue": -(10**400)}
    document["VMIResult"]["Values"]["CREATE-pods-count"]["thresholdResult"] = limit

    assert read_one(tmp_path, document).findings == ()


def test_a_place_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="nothing at"):
        read(tmp_path / "nothing")
