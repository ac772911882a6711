"""Two years of KubeVirt's public results: what is known to have happened is found, and named."""

from pathlib import Path

import pytest

from support.sample_history import copied
from virtslo.model.history.changes import FindingKind, History, HistoryFinding
from virtslo.model.history.runs import Lineage, SeriesKey
from virtslo.regress.findings import examine
from virtslo.store.history.database import open_history

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def lineage(imported_sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Lineage:
    store = open_history(str(copied(imported_sample, tmp_path_factory.mktemp("history"))))
    (summary,) = store.lineages()
    found = store.load(summary.name)
    store.close()
    return found


@pytest.fixture(scope="module")
def history(lineage: Lineage) -> History:
    return examine(lineage)


def on(lineage: Lineage, history: History, day: str) -> HistoryFinding:
    (found,) = [
        finding
        for finding in history.findings
        if f"{lineage.runs[finding.first_after].started_at:%Y-%m-%d %H}" == day
    ]
    return found


def test_four_names_of_one_job_are_one_lineage(lineage: Lineage, history: History) -> None:
    assert len(lineage.runs) == 2453
    assert [item.detail for item in history.breaks if item.reason == "environment"] == [
        "environment provider 1.27 to provider 1.29",
        "environment provider 1.29 to provider 1.31",
        "environment provider 1.31 to provider 1.34",
    ]


def test_lost_histogram_buckets_are_no_improvement(lineage: Lineage, history: History) -> None:
    lost, back = (on(lineage, history, day) for day in ("2024-02-01 07", "2024-02-22 23"))

    assert lost.kind is FindingKind.TELEMETRY_LOST
    assert back.kind is FindingKind.TELEMETRY_BACK
    assert {change.key.indicator for change in lost.changes} == {
        f"vmiCreationToRunningSecondsP{rank}" for rank in (50, 95, 99)
    }


@pytest.mark.parametrize("day", ["2024-04-09 07", "2024-05-20 23"])
def test_counts_that_vanish_together_are_lost_telemetry(
    lineage: Lineage, history: History, day: str
) -> None:
    found = on(lineage, history, day)

    assert found.kind is FindingKind.TELEMETRY_LOST
    assert len(found.changes) >= 8


def test_a_kind_without_any_result_is_told(lineage: Lineage, history: History) -> None:
    found = on(lineage, history, "2025-08-01 23")

    assert found.kind is FindingKind.TELEMETRY_LOST
    assert [change.key for change in found.changes] == [SeriesKey("vm", "results", "")]


def test_a_change_of_scale_is_named_as_such(lineage: Lineage, history: History) -> None:
    down, up = (on(lineage, history, day) for day in ("2023-10-02 23", "2023-10-20 07"))

    assert up.kind is FindingKind.SCALE
    assert {item.detail for item in down.breaks} == {"scale 100 to 90", "scale 101 to 91"}
    grown = [change for change in down.changes if change.key.indicator == "GET-nodes-count"]
    assert grown[0].ratio == pytest.approx(0.79, abs=0.05)


def test_virt_controller_needs_twice_the_cpu_from_november_2024_on(
    lineage: Lineage, history: History
) -> None:
    found = on(lineage, history, "2024-11-04 23")

    assert found.kind is FindingKind.WORSE
    assert {change.key for change in found.changes} == {
        SeriesKey(kind, "avgVirtControllerCPUUsage", "") for kind in ("vmi", "vm")
    }


def test_the_single_odd_run_is_out_of_line_or_left_out(lineage: Lineage, history: History) -> None:
    index = next(i for i, run in enumerate(lineage.runs) if run.run_id == "1831960704752553984")

    assert index not in history.used[SeriesKey("vm", "CREATE-events-count", "")]
    assert all(finding.first_after != index for finding in history.findings)


def test_every_change_is_in_one_finding(history: History) -> None:
    grouped = [change for finding in history.findings for change in finding.changes]
    single = [change for changes in history.changes.values() for change in changes]

    assert sorted(map(repr, grouped)) == sorted(map(repr, single))
    assert len(history.findings) < len(single) / 2
