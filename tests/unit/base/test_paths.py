"""Paths that no file system can have are not there, and are no error."""

from pathlib import Path

import pytest

from virtslo.base.paths import is_file, is_folder, is_there


@pytest.mark.parametrize("name", ["a" * 5000, "a/" * 5000, "a\x00b", "\udcff", "missing"])
def test_what_cannot_be_named_is_not_there(tmp_path: Path, name: str) -> None:
    path = tmp_path / name

    assert (is_file(path), is_folder(path), is_there(path)) == (False, False, False)


def test_what_is_there_is_seen_behind_links_too(tmp_path: Path) -> None:
    file, link, loop = tmp_path / "file", tmp_path / "link", tmp_path / "loop"
    file.write_text("")
    link.symlink_to(tmp_path)
    loop.symlink_to(loop)

    assert (is_file(file), is_folder(file), is_there(file)) == (True, False, True)
    assert (is_file(link), is_folder(link), is_there(link)) == (False, True, True)
    assert not is_there(loop)
