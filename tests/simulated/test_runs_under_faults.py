"""A run under each fault ends, says what it proves, and neither loses nor invents an object."""

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import pytest

from support.cli import Outcome, contents, only_run, virtslo
from virtslo.cli.wiring import read_record
from virtslo.model.run.stages import Stage
from virtslo.model.simulated.faults import FAULTS as KNOWN

PAGES = Path(__file__).parents[2] / "docs" / "reference" / "faults"
"""A page for each fault, which names every finding that it can cause."""
COMPACTION = "compaction:at=3s,every=11s"
FAULTS = (
    "latency:rate=0.5,delay=300ms",
    "too-many-requests:rate=0.05",
    "server-error:rate=0.05",
    "connection-reset:rate=0.05",
    "slow-webhook:delay=1s",
    "dropped-watches:at=2s,every=7s",
    "stalled-watches:at=1s,for=8s",
    COMPACTION,
    "api-server-restart:at=5s,for=2s",
    "node-loss:at=3s,remedy=40s",
    "virt-controller-restart:at=3s",
    "leader-change:at=3s",
)
OF_WHICH_SPOIL = (
    "too-many-requests", "server-error", "connection-reset", "node-loss",
    "virt-controller-restart", "leader-change",
)  # fmt: skip
"""Faults that lose requests, nodes or a component's counts in the measured stage."""
OF_WHICH_MAY = ("stalled-watches", "compaction")
"""Faults that spoil a run only where facts come late enough."""


Runs = Callable[[str], Outcome]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def run_under(place: Path) -> Runs:
    """What a run under a fault came to: made once, its record in the folder of its fault."""
    return cache(lambda fault: _run(place / fault, fault))


@pytest.mark.parametrize("fault", FAULTS)
def test_a_run_under_a_fault_ends_and_says_what_it_proves(
    run_under: Runs, place: Path, fault: str
) -> None:
    done = run_under(fault)

    assert done.err == ""
    assert done.code == (0 if done.document["valid"] else 4)
    page = (PAGES / f"{fault.partition(':')[0]}.md").read_text(encoding="utf-8")
    assert [item for item in done.document["data_quality"] if f"`{item['code']}`" not in page] == []
    if not fault.startswith((*OF_WHICH_SPOIL, *OF_WHICH_MAY)):
        assert done.document["valid"]
    assert read_record(only_run(place / fault)).header.left_behind == ()


@pytest.mark.parametrize(
    "faults",
    [
        pytest.param(FAULTS, id="all at once"),
        *(pytest.param([fault], id=fault, marks=pytest.mark.slow) for fault in FAULTS),
    ],
)
def test_a_run_under_faults_repeats_to_the_byte(tmp_path: Path, faults: Sequence[str]) -> None:
    _run(tmp_path / "a", *faults)
    _run(tmp_path / "b", *faults)

    assert contents(only_run(tmp_path / "a")) == contents(only_run(tmp_path / "b"))


def _run(runs: Path, *faults: str) -> Outcome:
    return virtslo(
        "run", "burst", "--repeat", "1",
        "--kind", "vmi", "--count", "6", "--simulate", "ci", "--quiet",
        "--runs", str(runs), "--format", "json",
        *(option for fault in faults for option in ("--fault", fault)),
    )  # fmt: skip


def test_watches_that_stall_in_the_measured_stage_are_found(tmp_path: Path) -> None:
    """Running events come up to twelve seconds late, and nothing is listed again."""
    done = virtslo(
        "run", "burst", "--repeat", "1", "--count", "40", "--simulate", "ci", "--quiet",
        "--runs", str(tmp_path), "--format", "json",
        "--fault", "stalled-watches:at=16s,for=12s,stage=ramp_up",
    )  # fmt: skip

    (finding,) = [item for item in done.document["data_quality"] if item["code"] == "watch_lag"]
    assert done.code == 4
    assert finding["inconclusive"]
    assert "vmi_creation_to_running_seconds" in finding["touches"]
    assert "the worst 1" in finding["detail"], "ten seconds and more"


def test_a_list_that_comes_long_after_a_lost_watch_is_late(run_under: Runs) -> None:
    """Compacted again and again, the watch backs off: deletions are listed six seconds late."""
    done = run_under(COMPACTION)

    late = [item for item in done.document["data_quality"] if item["code"] == "watch_lag"]
    assert done.code == 4
    assert [item["inconclusive"] for item in late] == [False, True]
    assert "vmi_deletion_to_gone_seconds" in late[1]["touches"]
    assert "late in ramp_down: 6 of 12 facts" in late[1]["detail"]


@pytest.mark.parametrize("fault", ["server-error:code=503", "too-many-requests"])
@pytest.mark.parametrize("kind", ["vmi", "vm"])
def test_deletes_that_fail_all_through_a_ramp_down_are_told(
    tmp_path: Path, fault: str, kind: str
) -> None:
    separator = "," if ":" in fault else ":"
    done = virtslo(
        "run", "burst", "--repeat", "1",
        "--kind", kind, "--count", "6", "--simulate", "instant", "--quiet",
        "--runs", str(tmp_path), "--format", "json",
        "--fault", f"{fault}{separator}rate=1,stage=ramp_down",
    )  # fmt: skip

    codes = {item["code"]: item for item in done.document["data_quality"]}
    (run,) = done.document["runs"]
    assert done.code == 4
    assert codes["failed_operations"]["inconclusive"]
    assert codes["failed_operations"]["detail"].startswith("6 of 6 objects could not be deleted")
    assert codes["not_gone"]["inconclusive"]
    assert run["duration_seconds"] < 100, "what cannot be deleted is not waited for"
    assert "left_behind" not in codes, "clean-up removed what the ramp-down could not"


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (COMPACTION, "watch_relisted"),
        ("dropped-watches:at=2s", "watch_resumed"),
    ],
)
def test_what_became_of_a_watch_is_told(
    run_under: Runs, place: Path, fault: str, told: str
) -> None:
    run_under(fault)
    header = read_record(only_run(place / fault)).header
    found = {each.code: each.detail for each in header.findings}

    assert set(found) == {told}
    assert ("no event was missed" in found[told]) == (told == "watch_resumed")
    assert ("410" in found[told]) == (told == "watch_relisted")


STEADY = (
    "run", "steady-state", "--count", "6", "--churn", "2", "--cycles", "2", "--every", "20s",
    "--simulate", "ci", "--quiet", "--format", "json",
)  # fmt: skip


@pytest.fixture(scope="module")
def stages_of_a_whole_run(tmp_path_factory: pytest.TempPathFactory) -> Sequence[Stage]:
    runs = tmp_path_factory.mktemp("whole")
    virtslo(*STEADY, "--runs", str(runs))
    return read_record(only_run(runs)).header.stages


@pytest.mark.parametrize("stage", ["warm_up", "ramp_up", "churn", "ramp_down"])
def test_of_a_cluster_that_never_comes_back_the_record_says_what_is_left(
    stages_of_a_whole_run: Sequence[Stage], tmp_path: Path, stage: str
) -> None:
    whole = stages_of_a_whole_run
    (ends,) = [(each.started_ns, each.ended_ns or 0) for each in whole if each.name == stage]
    for shift_ms in (0, 6_000, -6_000, 12_000):
        # A fault is part of what names objects, and names decide durations: the stage moves a bit.
        at_ms = sum(ends) // 2 // 10**6 + shift_ms
        fault = ("--fault", f"api-server-restart:at={at_ms}ms,for=9000s,stage=run")
        lost = tmp_path / f"lost {shift_ms}"
        done = virtslo(*STEADY, "--runs", str(lost), *fault)
        header = read_record(only_run(lost)).header
        struck = [
            each.name
            for each in header.stages
            if each.started_ns < at_ms * 10**6
            and (each.ended_ns is None or each.ended_ns > at_ms * 10**6)
        ]
        if struck == [stage]:
            break

    assert struck == [stage]
    assert done.code == 4
    assert len(header.left_behind) == 1
    assert f"everything labelled {header.run_label}" in header.left_behind[0]
    assert f"virtslo clean --run {header.run_label}" in done.err
    found = {each.code for each in header.findings}
    assert "watch_lost" in found
    assert "watch_resumed" not in found


def test_every_fault_is_run() -> None:
    assert {text.partition(":")[0] for text in FAULTS} == set(KNOWN)


def test_wrong_faults_are_told_all_at_once() -> None:
    done = virtslo(
        "run", "burst", "--repeat", "1", "--fault", "latency:rate=2", "--fault", "compactoin"
    )

    assert done.code == 2
    assert "2 problems" in done.err
    assert "did you mean compaction?" in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize("kind", ["vmi", "vm"])
def test_creates_whose_answers_are_lost_are_found_by_their_names(tmp_path: Path, kind: str) -> None:
    done = virtslo(
        "run", "burst", "--repeat", "1",
        "--kind", kind, "--count", "20", "--simulate", "instant", "--quiet",
        "--runs", str(tmp_path), "--format", "json",
        "--fault", "connection-reset:rate=0.2,served=1,stage=ramp_up",
    )  # fmt: skip

    codes = {item["code"]: item for item in done.document["data_quality"]}
    operations = read_record(only_run(tmp_path)).operations
    lost = [item for item in operations if item.verb == "create" and item.error is not None]
    assert lost
    assert codes["found_by_name"]["detail"].startswith(f"{len(lost)} creates")
    assert "foreign_load" not in codes
    assert "failed_operations" not in codes
    assert done.code == 0
