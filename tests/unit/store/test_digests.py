"""A record that was changed after it was written is damaged, whatever was changed."""

import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from support.bombs import bomb
from support.records import operation, record, seen, stage
from support.scenarios import scenario
from virtslo.base.errors import StoreError
from virtslo.model.plan.suite import PartStatus, SuitePart, SuiteRecord
from virtslo.model.run.record import RunRecord, RunStatus
from virtslo.model.run.rest_calls import RestCallReads
from virtslo.slo.findings.run_findings import findings_of
from virtslo.slo.record.measured import measure
from virtslo.store.jsonl import JsonlRecorder
from virtslo.store.records import read_record
from virtslo.store.suites import read_suite, write_suite

GIVEN = record(
    scenario("vmi", 2),
    stages=[stage("ramp_up", 1.0, 5.0, whole=1.4)],
    operations=[
        operation("create", f"vmi-{n}", 1.0, index=n, uid=f"uid-vmi-{n}", stage="ramp_up")
        for n in range(2)
    ],
    observations=[
        seen(
            f"vmi-{n}", index=n, added=1.1, pending=1.1, scheduling=1.2, scheduled=1.3, running=1.4
        )
        for n in range(2)
    ],
)


def write(folder: Path, given: RunRecord = GIVEN, *, is_ended: bool = True) -> Path:
    recorder = JsonlRecorder(folder)
    recorder.write_header(replace(given.header, status=RunStatus.RUNNING))
    recorder.write_host(given.host)
    for item in given.operations:
        recorder.add_operation(item)
    for seen_fact in given.observations:
        recorder.add_observation(seen_fact)
    recorder.write_rest_calls(RestCallReads())
    if is_ended:
        recorder.write_header(given.header)
    recorder.close()
    return folder


def lines(folder: Path, name: str, change: Callable[[list[bytes]], list[bytes]]) -> None:
    path = folder / name
    kept = change(gzip.decompress(path.read_bytes()).splitlines(keepends=True))
    path.write_bytes(gzip.compress(b"".join(kept)))


def document(folder: Path, name: str, **changes: Any) -> None:
    path = folder / name
    path.write_text(json.dumps({**json.loads(path.read_bytes()), **changes}))


def is_inconclusive(folder: Path) -> bool:
    return any(item.inconclusive for item in findings_of(measure(read_record(folder))))


CHANGES: dict[str, Callable[[Path], object]] = {
    "a line removed": lambda f: lines(f, "operations.jsonl.gz", lambda rows: rows[:-1]),
    "every line removed": lambda f: lines(f, "observations.jsonl.gz", lambda rows: []),
    "a line twice": lambda f: lines(f, "operations.jsonl.gz", lambda rows: [*rows, rows[0]]),
    "a line changed": lambda f: lines(
        f, "observations.jsonl.gz", lambda rows: [rows[0].replace(b"11", b"12"), *rows[1:]]
    ),
    "lines in another order": lambda f: lines(f, "observations.jsonl.gz", lambda rows: rows[::-1]),
    "operations gone": lambda f: (f / "operations.jsonl.gz").unlink(),
    "reads gone": lambda f: (f / "rest_calls.json").unlink(),
    "reads changed": lambda f: document(f, "rest_calls.json", own=[]),
    "the header changed": lambda f: document(f, "run.json", left_behind=["x"]),
    "a finding removed": lambda f: document(f, "run.json", findings=[]),
    "digests gone": lambda f: (f / "digests.json").unlink(),
    "digests no JSON": lambda f: (f / "digests.json").write_text("["),
    "digests empty": lambda f: (f / "digests.json").write_text("{}"),
    "a bomb": lambda f: (f / "operations.jsonl.gz").write_bytes(bomb(b"\n", (64 << 20) + 1)),
}


def test_a_record_that_was_not_changed_is_whole(tmp_path: Path) -> None:
    read = read_record(write(tmp_path / "run"))

    assert read.damage == ()
    assert read.operations == GIVEN.operations
    assert not is_inconclusive(tmp_path / "run")


@pytest.mark.parametrize("change", CHANGES)
def test_what_was_changed_is_damage_and_no_pass(tmp_path: Path, change: str) -> None:
    folder = write(tmp_path / "run")
    CHANGES[change](folder)

    assert read_record(folder).damage
    assert is_inconclusive(folder)


def test_a_compressed_anew_record_is_the_same(tmp_path: Path) -> None:
    folder = write(tmp_path / "run")
    lines(folder, "observations.jsonl.gz", lambda rows: rows)

    assert read_record(folder).damage == ()


def test_a_killed_run_holds_more_than_its_digests_and_is_not_damaged(tmp_path: Path) -> None:
    folder = write(tmp_path / "run", is_ended=False)
    with (folder / "observations.jsonl.gz").open("ab") as file:
        line = gzip.decompress((folder / "observations.jsonl.gz").read_bytes()).splitlines()[0]
        file.write(gzip.compress(line + b"\n"))

    assert read_record(folder).damage == ()
    assert is_inconclusive(folder)


@pytest.mark.parametrize("is_changed", [False, True])
def test_the_lines_that_a_killed_run_had_digests_of_are_compared(
    tmp_path: Path, is_changed: bool
) -> None:
    """Whatever members they are in, and whatever came after them."""
    folder = write(tmp_path / "run", is_ended=False)
    path = folder / "observations.jsonl.gz"
    known = json.loads((folder / "digests.json").read_bytes())["observations.jsonl.gz"]["lines"]
    rows = gzip.decompress(path.read_bytes()).splitlines(keepends=True)
    assert known == len(rows) > 2
    if is_changed:
        rows[1] = rows[1].replace(b"11", b"12")
    path.write_bytes(b"".join(gzip.compress(row) for row in [*rows, rows[0]]))

    damage = read_record(folder).damage

    words = f"observations.jsonl.gz: its first {known} lines were changed after they were written"
    assert damage == ((words,) if is_changed else ())


def test_an_older_record_is_read_and_said_to_have_no_digests(tmp_path: Path) -> None:
    folder = write(tmp_path / "run")
    (folder / "digests.json").unlink()
    header = json.loads((folder / "run.json").read_bytes())
    header.pop("has_digests")
    (folder / "run.json").write_text(json.dumps(header))

    read = read_record(folder)

    assert read.damage == ()
    assert "no_digests" in [item.code for item in findings_of(measure(read))]
    assert not is_inconclusive(folder)


def part(key: str, **facts: Any) -> SuitePart:
    facts = {"status": PartStatus.COMPLETE, "record": key, "run_label": "s1", **facts}
    return SuitePart(key, GIVEN.header.scenario, **facts)


def suite(folder: Path, *parts: SuitePart) -> Path:
    write_suite(folder, SuiteRecord("id", "suite", 1, parts))
    return folder


def test_a_suite_that_agrees_with_its_records_is_read(tmp_path: Path) -> None:
    write(tmp_path / "one")
    pending = part("two", status=PartStatus.PENDING, record=None, run_label=None)

    assert read_suite(suite(tmp_path, part("one"), pending)).parts[0].record == "one"


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ((), "no parts"),
        ((part("one"), part("two", record="one")), "2 parts name the record one"),
        ((part("one"), part("one", record="two")), "2 parts are called one"),
        ((part("two", record=None),), "complete without a record"),
        ((part("two"),), "no record"),
        ((part("one", run_label="another"),), "another run"),
        ((part("growing"),), "its record is running"),
        ((part("out", record="../one"),), "no name of a folder"),
        ((part("out", record=".."),), "no name of a folder"),
    ],
)
def test_a_suite_that_does_not_agree_is_refused(
    tmp_path: Path, parts: tuple[SuitePart, ...], words: str
) -> None:
    write(tmp_path / "one")
    write(tmp_path / "growing", is_ended=False)

    with pytest.raises(StoreError, match=words):
        read_suite(suite(tmp_path, *parts))


def test_a_record_of_a_part_that_was_removed_is_damage(tmp_path: Path) -> None:
    write(tmp_path / "one")
    write(tmp_path / "again")  # a run of which the suite did not hear is run again
    write(tmp_path / "other")
    header = json.loads((tmp_path / "other" / "run.json").read_bytes())
    header["scenario"]["name"] = "another"
    (tmp_path / "other" / "run.json").write_text(json.dumps(header))

    with pytest.raises(StoreError, match="damaged: the record other is of no part"):
        read_suite(suite(tmp_path, part("one")))
