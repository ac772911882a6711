"""What changed, by the command line: found, acknowledged, and not told twice."""

from pathlib import Path

import pytest

from support.cli import virtslo
from support.sample_history import copied

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def history(imported_sample: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    return "--history", str(copied(imported_sample, tmp_path_factory.mktemp("history")))


CPU = ("--metric", "avgVirtControllerCPU", "--since", "2024-11-01")


def test_changes_name_window_levels_and_size(history: tuple[str, str]) -> None:
    done = virtslo("history", "changes", *history, *CPU)

    assert done.code == 0
    assert "WORSE, confirmed, confidence > 99.99 %, 2 series" in done.out
    assert "between 2024-11-04 16:" in done.out
    assert "+90" in done.out or "+89" in done.out


def test_a_day_and_a_metric_are_asked_of_drifts_and_single_runs_too(
    history: tuple[str, str],
) -> None:
    everything = virtslo("history", "changes", *history, "--format", "json").document
    wanted = ("--metric", "cpuusage", "--since", "2025-02-01")
    late = virtslo("history", "changes", *history, *wanted, "--format", "json").document

    assert 0 < len(late["drifts"]) < len(everything["drifts"])
    assert 0 < len(late["outliers"]) < len(everything["outliers"])
    for drift in late["drifts"]:
        assert "CPUUsage" in drift["series"]["indicator"]
        assert drift["last"]["ended_at"] >= "2025-02-01"
    for item in late["outliers"]:
        assert item["run"]["ended_at"] >= "2025-02-01"


def test_a_known_finding_is_marked_and_not_told_again(
    history: tuple[str, str], tmp_path: Path
) -> None:
    known = tmp_path / "known.yaml"
    before = virtslo("history", "changes", *history, *CPU, "--format", "json").document
    ids = [finding["id"] for finding in before["findings"]]
    first = virtslo("history", "changes", *history, *CPU, "--new", "--acknowledged", str(known))

    for item in ids:
        done = virtslo("history", "acknowledge", item, "--reason", "#13225", "--file", str(known),
                       *history)  # fmt: skip
        assert done.code == 0, done.err

    again = virtslo("history", "changes", *history, *CPU, "--new", "--acknowledged", str(known))
    marked = virtslo("history", "changes", *history, *CPU, "--acknowledged", str(known))
    assert (first.code, again.code, marked.code) == (1, 0, 0)
    assert "no change found" in again.out
    assert marked.out.count("known: #13225") == len(ids)


def test_an_unknown_finding_and_a_bad_file_are_refused(
    history: tuple[str, str], tmp_path: Path
) -> None:
    bad = tmp_path / "known.yaml"
    bad.write_text("[1, 2]")

    unknown = virtslo("history", "acknowledge", "nothing", "--reason", "x", *history)
    wrong = virtslo("history", "changes", *history, "--acknowledged", str(bad))

    assert (unknown.code, wrong.code) == (2, 2)
    assert "no finding 'nothing'" in unknown.err
    assert "expected ids with reasons" in wrong.err


def test_a_check_is_one_line_and_an_exit_code(history: tuple[str, str]) -> None:
    newest = virtslo("history", "check", *history)
    odd = virtslo("history", "check", "1831960704752553984", *history)
    unknown = virtslo("history", "check", "1", "--job", "e2e", *history)

    assert (newest.code, newest.out.count("\n")) == (0, 1)
    assert "in line, 16 series judged" in newest.out
    assert odd.code == 1
    assert "keys missing" in odd.out
    assert unknown.code == 3
