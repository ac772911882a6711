"""Files of a source tree: read within limits, and nothing but files."""

import sys
import tarfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import pytest

from virtslo.base.errors import ClusterError, ScenarioError
from virtslo.base.limits import Limit
from virtslo.plane.sources import builds, files
from virtslo.plane.sources.files import digests_of, package_texts, source_text, unpack


@pytest.fixture
def full() -> Iterator[BinaryIO]:
    """A file on a disk that is full, which cannot be closed without an error either."""
    with suppress(OSError), Path("/dev/full").open("wb") as file:
        yield file


def test_a_package_has_the_texts_of_its_files_but_no_tests(tmp_path: Path) -> None:
    for name, text in {"b.go": "b", "a.go": "a", "a_test.go": "no", "c.txt": "no"}.items():
        (tmp_path / name).write_text(text)

    assert package_texts(tmp_path) == ["a", "b"]
    assert package_texts(tmp_path / "none") == []
    assert source_text(tmp_path / "none.go") == ""


@pytest.mark.parametrize("read", [source_text, lambda path: digests_of(path.parent, [path.name])])
def test_what_is_no_file_is_refused_by_its_path(
    tmp_path: Path, read: Callable[[Path], object]
) -> None:
    (tmp_path / "zero.go").symlink_to("/dev/zero")
    (tmp_path / "folder.go").mkdir()

    for name, kind in (("zero", "a device"), ("folder", "a folder")):
        with pytest.raises(ScenarioError) as refused:
            read(tmp_path / f"{name}.go")
        assert f"{name}.go" in refused.value.message
        assert f"found {kind}" in refused.value.message


def test_a_link_that_leads_nowhere_counts_by_where_it_leads(tmp_path: Path) -> None:
    lock = tmp_path / ".#vmi.go"
    lock.symlink_to("user@host.123:1")
    first = digests_of(tmp_path, [lock.name])
    lock.unlink()
    lock.symlink_to("user@host.456:1")
    second = digests_of(tmp_path, [lock.name])

    assert first[0].startswith(".#vmi.go ")
    assert first != second
    with pytest.raises(ScenarioError, match=r"none\.go"):
        digests_of(tmp_path, ["none.go"])


def test_limits_are_held_and_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "SOURCE_FILE", Limit("a file", 3))
    monkeypatch.setattr(files, "SOURCE_FILES", Limit("files", 2, "files"))
    (tmp_path / "a.go").write_text("long")

    with pytest.raises(ScenarioError, match="more than 3 bytes"):
        package_texts(tmp_path)
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.go").write_text("x")
    with pytest.raises(ScenarioError, match="found 3 files"):
        package_texts(tmp_path)
    with pytest.raises(ScenarioError, match="found 3 files"):
        digests_of(tmp_path, ["a.go", "b.go", "c.go"])


@pytest.mark.parametrize(
    ("name", "most", "unit"),
    [("SOURCE_TREE", 5, "bytes"), ("TREE_FILES", 1, "files"), ("SOURCE_DEPTH", 2, "levels")],
)
def test_a_commit_is_unpacked_within_limits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, most: int, unit: str
) -> None:
    text = tmp_path / "text"
    text.write_text("text")
    archive = tmp_path / "a.tar"
    with tarfile.open(archive, "w") as packed:
        for member in ("a/b/one", "a/b/two"):
            packed.add(text, member)

    unpack(archive, tmp_path / "out")
    monkeypatch.setattr(files, name, Limit("a commit", most, unit))

    assert (tmp_path / "out/a/b/two").read_text() == "text"
    with pytest.raises(ScenarioError, match=f"more than {most} {unit}"):
        unpack(archive, tmp_path / "limited")


@pytest.mark.sockets
async def test_a_program_that_says_too_much_is_ended(tmp_path: Path) -> None:
    endless = [sys.executable, "-c", "while True: print('x' * 1000)"]

    with pytest.raises(ClusterError, match="git diff says more than 5000 bytes"):
        await builds.said_by(endless, tmp_path, "git diff", limit=Limit("it", 5000))


@pytest.mark.sockets
@pytest.mark.parametrize("size", [1, 1_000_000])
async def test_a_file_that_cannot_be_written_is_named(
    tmp_path: Path, full: BinaryIO, size: int
) -> None:
    command = [sys.executable, "-c", f"print('x' * {size})"]
    expected = "git archive: what it says cannot be written to '/dev/full': No space left on device"

    with pytest.raises(ClusterError) as failed:
        await builds.said_by(command, tmp_path, "git archive", into=full)

    assert str(failed.value) == expected
