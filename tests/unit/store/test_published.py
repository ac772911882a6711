"""Published results: read by the rules, with everything odd named and the rest kept."""

import gzip
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from virtslo.base.errors import StoreError
from virtslo.model.history.runs import HistoryRun, OddInput
from virtslo.store.published.kubevirt_ci import lineage_of, started_at
from virtslo.store.published.read import read_published

JOB = "periodic-kubevirt-e2e-k8s-1.29-sig-performance"
RUN = "1831960704752553984"
ENDED = "2024-09-06T08:10:39.5Z"


def result(vmi: dict[str, Any] | None = None, vm: dict[str, Any] | None = None) -> dict[str, Any]:
    def part(values: dict[str, Any] | None) -> Any:
        if values is None:
            return None
        return {"Values": {name: {"value": value} for name, value in values.items()}}

    return {"JobDirCreationTime": ENDED, "VMIResult": part(vmi), "VMResult": part(vm)}


def write(root: Path, text: str | bytes, *, run: str = RUN, job: str = JOB) -> Path:
    folder = root / "results" / job / run
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "results.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def read(path: Path) -> tuple[list[HistoryRun], list[OddInput]]:
    found = list(read_published(path))
    runs = [item for item in found if isinstance(item, HistoryRun)]
    return runs, [item for item in found if isinstance(item, OddInput)]


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


def test_links_and_folders_in_the_place_of_files_are_named(tmp_path: Path) -> None:
    root = tmp_path / "root"
    kept = write(root, json.dumps(result({"GET-nodes-count": 1})))
    outside = write(tmp_path / "outside", json.dumps(result({"GET-nodes-count": 2})))
    runs_of_job = kept.parent.parent
    places = {}
    for number, (target, reason) in enumerate(
        [
            (outside, "a symbolic link out of the folder"),
            (Path("results.json"), "a symbolic link that leads nowhere"),
            (Path("gone"), "a symbolic link that leads nowhere"),
        ]
    ):
        folder = runs_of_job / str(int(RUN) + 1 + number)
        folder.mkdir()
        (folder / "results.json").symlink_to(target)
        places[str(folder / "results.json")] = reason
    (runs_of_job / "linked").symlink_to(kept.parent)
    places[str(runs_of_job / "linked")] = "a symbolic link to a folder: not followed"
    (runs_of_job / "1" / "results.json").mkdir(parents=True)
    places[str(runs_of_job / "1" / "results.json")] = "a folder, expected a file"

    (run,), odd = read(root)

    assert run.figures[0].value == 1
    assert {item.place: item.reason for item in odd} == places


def test_a_clone_names_links_and_submodules_and_reads_a_moved_run_once(tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    moved = write(clone, json.dumps(result({"GET-nodes-count": 1})), job="job-k8s-1.29")
    link = clone / "results" / "job" / str(int(RUN) + 1) / "results.json"
    link.parent.mkdir(parents=True)
    link.symlink_to("/etc/hostname")
    unit = clone / "results" / "job" / str(int(RUN) + 2) / "junit.functest.xml"
    unit.parent.mkdir()
    unit.write_text("<testsuite/>")
    git(clone, "init", "-b", "main")
    git(clone, "add", ".")
    git(clone, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},vendor/other")
    git(clone, "commit", "-m", "first")
    target = clone / "results" / "job-k8s-1.31" / RUN
    target.parent.mkdir()
    git(clone, "mv", str(moved.parent), str(target))
    git(clone, "commit", "-m", "a new name of the job")
    git(clone, "gc", "--quiet")

    (run,), odd = read(clone)

    assert (run.job, run.run_id, dict(run.facts)) == ("job-k8s-1.31", RUN, {})
    assert {item.place: item.reason for item in odd} == {
        "vendor/other": "a submodule: not read; import its own clone",
        f"results/job/{int(RUN) + 1}/results.json": "a symbolic link, expected a file",
        f"results/job/{int(RUN) + 2}": "no results.json and nothing else that is read, only "
                                       "junit.functest.xml",
    }  # fmt: skip


def git(folder: Path, *arguments: str) -> None:
    """Run git as an author of its own."""
    author = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    subprocess.run(["git", *author, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.mark.parametrize("bare", [False, True])
def test_a_clone_is_read_with_what_it_replaced_and_deleted(tmp_path: Path, bare: bool) -> None:
    clone = tmp_path / "clone"
    clone.mkdir()

    def git(*arguments: str) -> None:
        subprocess.run(
            ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", *arguments],
            cwd=clone,
            check=True,
            capture_output=True,
        )

    git("init", "-b", "main")
    kept = write(clone, json.dumps(result({"GET-nodes-count": 1})))
    gone = write(clone, json.dumps(result({"GET-nodes-count": 5})), run=str(int(RUN) + 1))
    git("add", ".")
    git("commit", "-m", "first")
    kept.write_text(json.dumps(result({"GET-nodes-count": 2})))
    gone.unlink()
    git("add", "-A")
    git("commit", "-m", "second")
    source = clone
    if bare:
        source = tmp_path / "bare.git"
        git("clone", "--bare", str(clone), str(source))

    runs, odd = read(source)

    assert odd == []
    found = {run.run_id: (run.figures[0].value, dict(run.facts)) for run in runs}
    assert found == {RUN: (2.0, {"rewritten": 1}), str(int(RUN) + 1): (5.0, {"deleted": True})}


def test_a_threshold_that_no_float_holds_is_not_compared(tmp_path: Path) -> None:
    document = result({"CREATE-pods-count": 100})
    limit = {"thresholdValue": -(10**400)}
    document["VMIResult"]["Values"]["CREATE-pods-count"]["thresholdResult"] = limit

    assert read_one(tmp_path, document).findings == ()


def test_a_place_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="nothing at"):
        read(tmp_path / "nothing")


def test_runs_without_results_are_named_with_what_they_have(tmp_path: Path) -> None:
    write(tmp_path, json.dumps(result({"CREATE-pods-count": 1.0})))
    other = tmp_path / "results" / JOB / "1831960704752553985"
    (other / "artifacts").mkdir(parents=True)
    (other / "finished.json").write_text('{"passed": true}')
    (other / "artifacts" / "junit.functest.xml").write_text("<testsuite/>")
    empty = tmp_path / "results" / JOB / "1831960704752553986"
    empty.mkdir()

    runs, odd = read(tmp_path)

    assert [run.run_id for run in runs] == [RUN]
    assert {item.place: item.reason for item in odd} == {
        str(other): "no results.json and nothing else that is read, only finished.json, "
                    "junit.functest.xml",
        str(empty): "a run's folder without any file",
    }  # fmt: skip


def test_artifacts_of_a_job_are_named_by_its_run_and_never_one_another(tmp_path: Path) -> None:
    for run in (RUN, "1832000000000000000"):
        folder = tmp_path / JOB / run / "artifacts" / "performance"
        folder.mkdir(parents=True)
        for kind in ("VMI", "VM"):
            document = {"Values": {"CREATE-pods-count": {"value": 100.0}}}
            (folder / f"{kind}-perf-audit-results.json").write_text(json.dumps(document))

    runs, odd = read(tmp_path)

    assert odd == []
    assert {(run.job, run.run_id, run.figures[0].kind) for run in runs} == {
        (f"{JOB} {kind}-perf-audit-results", run, kind.lower())
        for run in (RUN, "1832000000000000000")
        for kind in ("VMI", "VM")
    }
    first = next(run for run in runs if run.run_id == RUN)
    assert first.ended_at.isoformat(timespec="minutes") == "2024-09-06T07:40+00:00"
    assert first.environment == "provider 1.29"
