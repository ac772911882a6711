"""Only regular files are replaced, and names never become paths."""

import os
from pathlib import Path

import pytest

from virtslo.base.errors import StoreError
from virtslo.cli.output import write_file, write_folder


def test_a_file_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "new" / "out"
    write_file(path, "one")
    write_file(path, "two \ud800")

    assert path.read_text() == "two \\ud800"


def test_what_is_no_file_is_left_alone(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("mine")
    (tmp_path / "link").symlink_to(target)
    (tmp_path / "gone").symlink_to(tmp_path / "nothing")
    os.mkfifo(tmp_path / "pipe")
    for name, kind in (
        ("link", "a link"),
        ("gone", "a link"),
        ("pipe", "a pipe"),
        (".", "a folder"),
        ("/dev/null", "a device"),
        ("/dev/full", "a device"),
    ):
        with pytest.raises(StoreError, match=kind):
            write_file(tmp_path / name, "text")

    assert target.read_text() == "mine"
    assert not (tmp_path / "nothing").exists()


@pytest.mark.parametrize("path", ["a\0b", "n" * 300, "target/below"])
def test_what_is_no_path_is_said(tmp_path: Path, path: str) -> None:
    (tmp_path / "target").write_text("mine")

    with pytest.raises(StoreError, match="cannot write"):
        write_file(tmp_path / path, "text")


@pytest.mark.parametrize("name", ["../x", "/x", "a/b", "..", "", "a\0"])
def test_a_name_in_a_folder_is_no_path(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "folder"

    with pytest.raises(StoreError, match="no path"):
        write_folder(folder, {"good": "", name: ""})

    assert not folder.exists()
    assert not (tmp_path / "x").exists()
