"""A record on disk: whole gzip members, appended; JSON files replaced whole; bytes that repeat."""

import gzip
import json
import re
import zlib
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.reads import read
from support.records import operation, record, seen
from virtslo.base.clock import SystemClock
from virtslo.base.errors import StoreError
from virtslo.model.run.observations import Observation
from virtslo.model.run.operations import CREATE
from virtslo.model.run.rest_calls import RestCallReads
from virtslo.store.digests import DIGESTS
from virtslo.store.jsonl import (
    HEADER,
    LINES_A_MEMBER,
    OBSERVATIONS,
    OPERATIONS,
    READS,
    JsonlRecorder,
    LineFile,
)
from virtslo.store.records import MORE_DAMAGE, MOST_DAMAGE, read_record


class Stopped(SystemClock):
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.moment_ns = 0

    def now_ns(self) -> int:
        return self.moment_ns


def members(path: Path) -> list[list[int]]:
    """The lines of a file, gzip member by member."""
    found, data = [], path.read_bytes()
    while data:
        decompressor = zlib.decompressobj(31)
        text = decompressor.decompress(data)
        data = decompressor.unused_data
        found.append([json.loads(line) for line in text.splitlines()])
    return found


def test_lines_are_on_disk_when_a_member_is_full(tmp_path: Path) -> None:
    path = tmp_path / "lines.gz"
    file = LineFile(path, Stopped())
    for number in range(LINES_A_MEMBER + 1):
        file.add(number)

    assert members(path) == [list(range(LINES_A_MEMBER))]

    file.close()

    assert members(path)[1:] == [[LINES_A_MEMBER]]


def test_lines_are_on_disk_after_a_second(tmp_path: Path) -> None:
    path, clock = tmp_path / "lines.gz", Stopped()
    file = LineFile(path, clock)
    file.add(1)
    clock.moment_ns = 999_999_999
    file.flush_old()

    assert members(path) == []

    clock.moment_ns = 1_000_000_000
    file.flush_old()
    file.flush_old()

    assert members(path) == [[1]]

    file.close()


def write(folder: Path) -> bytes:
    """A record of two operations and a life; the decompressed observations."""
    given = record(
        operations=[operation(CREATE, "a", 1), operation(CREATE, "b", 2)],
        observations=[seen("a", added=1, pending=2, running=3)],
    )
    recorder = JsonlRecorder(folder)
    recorder.write_header(given.header)
    recorder.write_host(given.host)
    for each in given.operations:
        recorder.add_operation(each)
    for fact in given.observations:
        recorder.add_observation(fact)
    recorder.close()

    found = read_record(folder)

    assert found.operations == given.operations
    assert found.observations == given.observations
    assert found.header == given.header
    return gzip.decompress((folder / OBSERVATIONS).read_bytes())


def test_no_member_holds_the_time_of_writing(tmp_path: Path) -> None:
    path = tmp_path / "lines.gz"
    file = LineFile(path, Stopped())
    file.add(1)
    file.close()

    assert path.read_bytes()[4:8] == bytes(4), "gzip's MTIME"


def test_what_is_written_is_read_again_and_repeats_byte_for_byte(tmp_path: Path) -> None:
    assert write(tmp_path / "one") == write(tmp_path / "two")


def test_a_header_is_replaced_whole(tmp_path: Path) -> None:
    recorder = JsonlRecorder(tmp_path / "run")
    header = record().header
    recorder.write_header(header)
    first = (tmp_path / "run" / HEADER).read_bytes()
    recorder.write_header(header)
    recorder.close()

    assert (tmp_path / "run" / HEADER).read_bytes() == first
    assert not list((tmp_path / "run").glob(".*"))


def test_digests_follow_what_was_written_and_are_left_alone_else(tmp_path: Path) -> None:
    recorder = JsonlRecorder(tmp_path / "r")
    for number in range(LINES_A_MEMBER):  # the last of them fills a member, which is written
        recorder.add_operation(operation(CREATE, f"vmi-{number}", number))
    recorder.flush_old()
    digests = tmp_path / "r" / DIGESTS
    first, file = json.loads(digests.read_bytes()), digests.stat().st_ino

    recorder.flush_old()
    left_alone = digests.stat().st_ino == file
    recorder.close()

    assert first[OPERATIONS]["lines"] == LINES_A_MEMBER
    assert left_alone


def test_a_folder_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot write a record"):
        JsonlRecorder(tmp_path)


@pytest.mark.parametrize(
    ("name", "word"), [(OBSERVATIONS, '"fact":"added"'), (OPERATIONS, '"verb":"create"')]
)
def test_a_word_that_no_record_has_is_damage(tmp_path: Path, name: str, word: str) -> None:
    whole = record(operations=[operation(CREATE, "v", 1.0)], observations=[seen("v", added=1.0)])
    folder = tmp_path / "run"
    recorder = JsonlRecorder(folder)
    recorder.write_header(whole.header)
    recorder.add_operation(whole.operations[0])
    recorder.add_observation(whole.observations[0])
    recorder.close()
    text = gzip.decompress((folder / name).read_bytes()).decode()
    assert word in text
    (folder / name).write_bytes(gzip.compress(text.replace(word[-3:], 'zz"').encode()))

    assert any("Invalid enum value" in words for words in read_record(folder).damage)


def test_a_line_with_an_unknown_word_takes_no_other_with_it(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    write(folder)
    lines = gzip.decompress((folder / OBSERVATIONS).read_bytes()).splitlines()
    odd = lines[1].replace(b'"fact":"phase"', b'"fact":"frozen"')
    assert odd != lines[1]
    (folder / OBSERVATIONS).write_bytes(gzip.compress(b"\n".join([lines[0], odd, *lines[2:]])))

    found = read_record(folder)

    assert len(found.observations) == len(lines) - 1
    assert any("line 2: Invalid enum value 'frozen'" in words for words in found.damage)


def test_an_odd_read_takes_no_other_with_it(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    given = record()
    recorder = JsonlRecorder(folder)
    recorder.write_header(given.header)
    whole = read("ramp_up", "after", "virt-controller-a", {("CREATE", "pods", "201"): 1})
    recorder.write_rest_calls(RestCallReads((whole, replace(whole, pod="virt-controller-b"))))
    recorder.close()
    document = json.loads((folder / READS).read_text())
    document["reads"][0]["source"] = "etcd"
    (folder / READS).write_text(json.dumps(document))

    found = read_record(folder)

    assert [each.pod for each in found.rest_calls.reads] == ["virt-controller-b"]
    assert any("reads[0]: Invalid enum value 'etcd'" in words for words in found.damage)


@pytest.mark.parametrize(
    ("odd", "words"),
    [(b'"\xff"', "UTF-8"), (b"1e400", "out of range"), (b"12345678901234567890", "64 bits")],
)
def test_what_is_odd_in_a_field_that_no_version_has_is_damage(
    tmp_path: Path, odd: bytes, words: str
) -> None:
    folder = tmp_path / "run"
    recorder = JsonlRecorder(folder)
    recorder.write_header(record().header)
    recorder.write_rest_calls(
        RestCallReads((read("ramp_up", "after", "a", {("CREATE", "pods", "201"): 1}),))
    )
    recorder.close()
    text = (folder / READS).read_bytes()
    (folder / READS).write_bytes(text.replace(b'"pod":', b'"later": ' + odd + b', "pod":'))

    found = read_record(folder)

    assert not found.rest_calls.reads
    assert any(said.startswith(READS) and words in said for said in found.damage)


def test_of_very_much_damage_the_first_is_named_and_that_there_is_more(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    write(folder)
    line = gzip.decompress((folder / OBSERVATIONS).read_bytes()).splitlines()[1]
    odd = line.replace(b'"fact":"phase"', b'"fact":"frozen"')
    (folder / OBSERVATIONS).write_bytes(gzip.compress(b"\n".join([odd] * (2 * MOST_DAMAGE))))

    damage = read_record(folder).damage

    assert MOST_DAMAGE <= len(damage) <= MOST_DAMAGE + 2
    assert MORE_DAMAGE in damage


ODD_LINES: list[bytes] = [b"", b'{"fact":1}', b"[", b'"half', b"TWICE", b"IN TWO"]
DECODE = msgspec.json.Decoder(Observation).decode


def read_one_by_one(text: bytes) -> tuple[list[Observation], list[int]]:
    """What the lines of a text hold, and the numbers of those that are damaged."""
    found: list[Observation] = []
    damaged: list[int] = []
    for number, line in enumerate(text.split(b"\n"), start=1):
        try:
            found += [DECODE(line)] if line else []
        except msgspec.ValidationError:
            damaged.append(number)
        except msgspec.DecodeError:
            return found, [*damaged, number]
    return found, damaged


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(
    cuts=st.lists(st.integers(0, 2_000), max_size=5),
    odd=st.lists(st.tuples(st.integers(0, 8), st.sampled_from(ODD_LINES)), max_size=3),
    ends=st.sampled_from([b"\n", b""]),
)
def test_a_record_is_read_alike_wherever_its_members_end(
    tmp_path_factory: pytest.TempPathFactory,
    cuts: list[int],
    odd: list[tuple[int, bytes]],
    ends: bytes,
) -> None:
    folder = tmp_path_factory.mktemp("record") / "run"
    write(folder)
    path = folder / OBSERVATIONS
    lines = gzip.decompress(path.read_bytes()).splitlines()
    good = lines[0]
    written = {b"TWICE": good + good, b"IN TWO": good.replace(b",", b"\n,", 1)}
    for place, line in odd:
        lines.insert(place, written.get(line, line))
    text = b"\n".join(lines) + ends
    edges = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    parts = [text[begin:end] for begin, end in pairwise(edges)]

    path.write_bytes(gzip.compress(text))
    at_once = read_record(folder)
    path.write_bytes(b"".join(map(gzip.compress, parts)))

    found, damaged = read_one_by_one(text)
    said = [re.search(r"observations.*: line (\d+): ", words) for words in at_once.damage]
    assert read_record(folder) == at_once
    assert list(at_once.observations) == found
    assert [int(number[1]) for number in said if number] == damaged


def test_a_last_line_that_was_cut_off_is_damage(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    write(folder)
    path = folder / OBSERVATIONS
    text = gzip.decompress(path.read_bytes())
    path.write_bytes(gzip.compress(text[:-20]))

    last = len(text.splitlines())
    assert any(f": line {last}: " in words for words in read_record(folder).damage)


def test_texts_that_are_alike_are_kept_once(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    write(folder)

    first, *others = read_record(folder).observations

    same = [other for other in others if other.uid == first.uid]
    assert same
    assert all(other.uid is first.uid and other.name is first.name for other in same)
