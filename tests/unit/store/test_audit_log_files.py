"""Audit logs in files that grow, are rotated and are compressed between two reads."""

import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from virtslo.base.errors import StoreError
from virtslo.store.audit_log_files import AuditLogFiles


def read(files: AuditLogFiles) -> list[bytes]:
    lines: list[bytes] = []
    files.read(lines.append)
    return lines


def append(path: Path, text: bytes) -> None:
    with path.open("ab") as file:
        file.write(text)


def test_each_line_is_handed_over_once(tmp_path: Path) -> None:
    log = tmp_path / "audit.log"
    log.write_bytes(b"1\n2\n")
    files = AuditLogFiles(log)

    assert read(files) == [b"1", b"2"]
    append(log, b"3\n")
    assert read(files) == [b"3"]
    assert read(files) == []


def test_a_line_that_is_being_written_waits_for_its_end(tmp_path: Path) -> None:
    log = tmp_path / "audit.log"
    log.write_bytes(b"1\n2")
    files = AuditLogFiles(log)

    assert read(files) == [b"1"]
    append(log, b"2\n3\n")
    assert read(files) == [b"22", b"3"]


def test_rotated_files_are_read_on_where_they_were_left(tmp_path: Path) -> None:
    log = tmp_path / "audit.log"
    log.write_bytes(b"1\n2\n")
    files = AuditLogFiles(log)
    assert read(files) == [b"1", b"2"]

    append(log, b"3\n")
    rotated = log.rename(tmp_path / "audit-2026-01-01T00-00-00.000.log")
    log.write_bytes(b"4\n")
    assert read(files) == [b"3", b"4"]

    (tmp_path / f"{rotated.name}.gz").write_bytes(gzip.compress(rotated.read_bytes()))
    rotated.unlink()
    append(log, b"5\n")
    assert read(files) == [b"5"]


def test_a_file_rotated_and_compressed_at_once_is_not_read_twice(tmp_path: Path) -> None:
    log = tmp_path / "audit.log"
    log.write_bytes(b"1\n2\n")
    files = AuditLogFiles(log)
    assert read(files) == [b"1", b"2"]

    packed = tmp_path / "audit-2026-01-01T00-00-00.000.log.gz"
    packed.write_bytes(gzip.compress(b"1\n2\n3\n"))
    log.write_bytes(b"4\n")

    assert read(files) == [b"3", b"4"]
    assert read(files) == []


@pytest.mark.parametrize("tail", [b"", b"half a li"])
def test_what_was_there_before_is_skipped(tmp_path: Path, tail: bytes) -> None:
    import asyncio

    log = tmp_path / "audit.log"
    (tmp_path / "audit-2025-01-01.log.gz").write_bytes(gzip.compress(b"0\n"))
    log.write_bytes(b"1\n2\n" + tail)
    files = AuditLogFiles(log)
    asyncio.run(files.skip())

    append(log, b"ne\n3\n")
    assert read(files) == [tail + b"ne", b"3"]


def test_a_log_that_is_not_there_is_named_with_a_hint(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"no audit log at '.*audit\.log'") as error:
        read(AuditLogFiles(tmp_path / "audit.log"))
    assert "audit-log-path" in error.value.hint


def test_a_broken_archive_is_an_error_and_not_less_data(tmp_path: Path) -> None:
    (tmp_path / "audit-1.log.gz").write_bytes(gzip.compress(b"1\n" * 5000)[:-20])
    (tmp_path / "audit.log").write_bytes(b"2\n")

    with pytest.raises(StoreError, match="cannot read the audit log"):
        read(AuditLogFiles(tmp_path / "audit.log"))


@given(
    parts=st.lists(
        st.lists(st.binary(min_size=1, max_size=40).map(lambda b: b.replace(b"\n", b"x"))),
        min_size=1, max_size=6,
    )
)  # fmt: skip
def test_reading_in_parts_gives_what_reading_at_once_gives(
    parts: list[list[bytes]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    log = tmp_path_factory.mktemp("log") / "audit.log"
    log.touch()
    files = AuditLogFiles(log)

    got: list[bytes] = []
    for part in parts:
        append(log, b"".join(line + b"\n" for line in part))
        got += read(files)

    assert got == [line for part in parts for line in part]
