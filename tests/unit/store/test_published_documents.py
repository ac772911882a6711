"""Documents of other tools: what is no figure, time or text is named, and ends no import."""

import json
from pathlib import Path
from typing import Any

import pytest

from virtslo.model.history.runs import HistoryRun, OddInput
from virtslo.store.published.read import read_published


def vep411(**changed: Any) -> dict[str, Any]:
    return {
        "schema_version": "1",
        "scenario": {"name": "burst"},
        "timestamp": "2024-01-01T00:00:00Z",
        "aggregate": {"total_vms": 10, "p95_seconds": 4.5},
        **changed,
    }


def burner(**changed: Any) -> list[dict[str, Any]]:
    return [
        {
            "metricName": "vmiLatencyQuantilesMeasurement",
            "uuid": "u",
            "jobName": "density",
            "quantileName": "VMIRunning",
            "P99": 5000,
            "timestamp": "2024-01-01T00:00:00Z",
            **changed,
        }
    ]


def read_document(root: Path, document: Any) -> tuple[list[HistoryRun], list[str]]:
    path = root / "results.json"
    path.write_text(json.dumps(document))
    found = list(read_published(path))
    runs = [item for item in found if isinstance(item, HistoryRun)]
    return runs, [item.reason for item in found if isinstance(item, OddInput)]


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (vep411(timestamp="0001-01-01T00:00:00+14:00"), "found 'burst', '0001-01-01T00:00:00+14:"),
        (burner(timestamp="9999-12-31T23:59:59-14:00"), "no timestamp that can be read"),
        (burner(P99="fast"), "'VMIRunning P99': expected a number, found 'fast'"),
        (burner(P99=10**400), "no figure that can be read"),
    ],
)
def test_a_document_of_another_tool_that_gives_no_run_is_named(
    tmp_path: Path, document: Any, reason: str
) -> None:
    runs, odd = read_document(tmp_path, document)

    assert runs == []
    assert any(reason in words for words in odd)


@pytest.mark.parametrize(("total", "samples"), [(10, 10), (1e300, None), (-1, None), (2.5, None)])
def test_a_number_of_samples_is_a_whole_number(
    tmp_path: Path, total: float, samples: int | None
) -> None:
    (run,), _ = read_document(tmp_path, vep411(aggregate={"total_vms": total, "p95_seconds": 1}))

    assert {figure.samples for figure in run.figures} == {samples}


def test_what_a_document_says_of_its_cluster_is_a_line_of_text(tmp_path: Path) -> None:
    odd_cluster = {"kubernetes_version": "\x1b[31mred\n", "kubevirt_version": {"a": 1}}

    (run,), odd = read_document(tmp_path, vep411(cluster={**odd_cluster, "\ud800": "\ud800"}))

    assert odd == []
    assert run.environment == "kubernetes \\x1b[31mred\\n"
    assert run.facts == {"kubernetes_version": "\\x1b[31mred\\n", "\\ud800": "\\ud800"}


def test_many_keys_of_which_one_is_there_twice_are_read_in_no_time(tmp_path: Path) -> None:
    """Each key was once counted among all others: 60 000 of them took a minute."""
    keys = ",".join(f'"k{number}": 1' for number in range(60_000))
    path = tmp_path / "vep411.json"
    path.write_text(f'{{{keys}, "k1": 2, {json.dumps(vep411())[1:]}')

    (run, *odd) = sorted(read_published(path), key=lambda item: isinstance(item, OddInput))

    assert isinstance(run, HistoryRun)
    assert [item.reason for item in odd if isinstance(item, OddInput)] == [
        "key 'k1' is there 2 times: not read"
    ]


@pytest.mark.parametrize(
    ("failed", "is_valid"), [(0, True), (None, True), (3, False), ("3", False), ("no", False)]
)
def test_a_count_of_failures_that_cannot_be_read_is_no_pass(
    tmp_path: Path, failed: Any, is_valid: bool
) -> None:
    document = vep411(aggregate={"total_vms": 10, "p95_seconds": 4.5, "failed_vms": failed})

    (run,), _ = read_document(tmp_path, document)

    assert run.is_valid is is_valid


@pytest.mark.parametrize(
    ("passed", "is_valid"),
    [(True, True), (None, True), (False, False), ("false", False), (0, False)],
)
def test_what_does_not_say_that_it_passed_is_no_pass(
    tmp_path: Path, passed: Any, is_valid: bool
) -> None:
    (run,), _ = read_document(tmp_path, burner(passed=passed))

    assert run.is_valid is is_valid
