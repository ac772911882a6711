"""A trace is read whole, cut or refused, with every problem at once."""

import contextlib
import gzip
import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from virtslo.base.errors import ScenarioError
from virtslo.base.limits import Limit
from virtslo.config import trace_file
from virtslo.config.trace_file import read_trace

HEADER: dict[str, Any] = {"format": "virtslo/trace", "version": 1, "source": "watch"}
ARRIVAL = {"at_ns": 5, "event": "arrival", "object": 1, "kind": "vmi"}
DELETION = {"at_ns": 9, "event": "deletion", "object": 1}
END = {"at_ns": 10, "event": "end", "cut": False}


def text_of(*lines: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def written(folder: Path, text: bytes) -> Path:
    path = folder / "t.jsonl"
    path.write_bytes(text)
    return path


def problems_of(folder: Path, text: bytes) -> list[str]:
    with pytest.raises(ScenarioError) as caught:
        read_trace(written(folder, text))
    return [f"{item.place}: {item.found}" for item in caught.value.problems]


@pytest.mark.parametrize("fold", [bytes, gzip.compress])
def test_a_whole_trace_is_read(tmp_path: Path, fold: Any) -> None:
    found = read_trace(written(tmp_path, fold(text_of(HEADER, ARRIVAL, DELETION, END))))

    assert [event.event for event in found.events] == ["arrival", "deletion"]
    assert (found.end_ns, found.is_cut) == (10, False)


def test_a_trace_that_was_broken_off_goes_as_far_as_it_goes(tmp_path: Path) -> None:
    whole = text_of(HEADER, ARRIVAL, DELETION)
    found = read_trace(written(tmp_path, whole + b'{"at_ns":12,"ev'))

    assert len(found.events) == 2
    assert (found.end_ns, found.is_cut) == (9, True)


def test_a_gzip_file_of_many_small_members_is_read_to_its_end(tmp_path: Path) -> None:
    lines = gzip.compress(text_of(HEADER)) + gzip.compress(text_of(ARRIVAL, END))
    found = read_trace(written(tmp_path, gzip.compress(b"", mtime=0) * 100_000 + lines))

    assert (len(found.events), found.is_cut) == (1, False)


def test_a_gzip_file_that_was_broken_off_is_cut_too(tmp_path: Path) -> None:
    lines = [{**ARRIVAL, "object": number, "at_ns": number} for number in range(1, 4000)]
    folded = gzip.compress(text_of(HEADER, *lines))
    found = read_trace(written(tmp_path, folded[: len(folded) // 2]))

    assert found.is_cut
    assert 0 < len(found.events) < 3999


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    found = problems_of(
        tmp_path,
        text_of(
            HEADER,
            {**ARRIVAL, "kind": None},
            {**ARRIVAL, "at_ns": 3},
            {**DELETION, "object": 7},
            DELETION,
            {**DELETION, "at_ns": 11},
            {**ARRIVAL, "object": 2, "at_ns": 12, "owner": 9},
            {"at_ns": 13, "event": "arrival", "object": 3, "name": "payroll-db"},
            END,
        ),
    )

    assert len(found) == 8
    assert found[0] == "line 2: object 1 without a kind"
    assert found[1] == "line 3: at_ns 3 after 5"
    assert found[2] == "line 3: object 1 a second time"
    assert found[3] == "line 4: a deletion of object 7 that never was there"
    assert found[4] == "line 6: a deletion of object 1 deleted before"
    assert found[5] == "line 7: owner 9, which is not there"
    assert "name" in found[6]
    assert found[7] == "line 9: at_ns 10 after 12"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", "line 1"),
        (b"apiVersion: virtslo/v1\n", "line 1"),
        (text_of({**HEADER, "version": 2}), "line 1: version 2"),
        (text_of({**HEADER, "label": "my-cluster"}), "line 1: a label"),
        (text_of({**HEADER, "source": "rumour"}), "line 1"),
        (b"[" * 100_000, "line 1"),
        (b"\x1f\x8b\x08" + bytes(6) + b"\x03\xff\xff\xff", "the trace: a damaged gzip file"),
    ],
)
def test_what_is_no_trace_is_refused(tmp_path: Path, text: bytes, words: str) -> None:
    (found,) = problems_of(tmp_path, text)

    assert found.startswith(words)


def test_limits_hold_also_decompressed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trace_file, "TRACE_FILE", Limit("a trace", 1 << 20))
    bomb = gzip.compress(b"\0" * (4 << 20))

    (found,) = problems_of(tmp_path, bomb)

    assert found == "the trace: more than 1 MiB"


def test_a_pipe_or_a_folder_is_no_trace(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(ScenarioError):
        read_trace(tmp_path)
    with pytest.raises(ScenarioError):
        read_trace(tmp_path / "missing")


@given(st.binary(max_size=200))
def test_odd_bytes_after_a_header_never_fail_otherwise(
    tmp_path_factory: pytest.TempPathFactory, tail: bytes
) -> None:
    path = written(tmp_path_factory.getbasetemp(), text_of(HEADER) + tail)
    with contextlib.suppress(ScenarioError):
        read_trace(path)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"at_ns": 10**400}, "at_ns"),
        ({"at_ns": 2**62 + 1}, "at_ns"),
        ({"members": 7}, "members of a vmi"),
        ({"shape": {"cpu_milli": -5}}, "cpu_milli -5"),
        ({"shape": {"memory_bytes": 10**300}}, "memory_bytes"),
        ({"shape": {"vcpus": 2**63}}, "vcpus"),
        ({"shape": {"devices": {"disks": -1}}}, "disks -1"),
    ],
)
def test_numbers_that_no_cluster_has_are_refused(
    tmp_path: Path, change: dict[str, Any], words: str
) -> None:
    (problem,) = problems_of(tmp_path, text_of(HEADER, {**ARRIVAL, **change}))

    assert problem.startswith(f"line 2: {words}")
    assert len(problem) < 80
