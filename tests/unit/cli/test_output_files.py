"""Only regular files are replaced, and names never become paths."""

import os
import pkgutil
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from virtslo.base.errors import StoreError
from virtslo.cli.formats import FORMATS, report_format_option
from virtslo.cli.options import output_option
from virtslo.cli.output import check_folder, check_replaceable, write_file, write_folder
from virtslo.ports.renderer import FolderRenderer


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


@pytest.mark.parametrize("form", FORMATS)
def test_a_place_is_refused_before_the_work_exactly_where_it_would_be_after_it(
    tmp_path: Path, form: str
) -> None:
    worked = []

    @click.command
    @report_format_option
    def command(form: str, output: Path | None) -> None:
        worked.append((form, output))

    (tmp_path / "file").write_text("mine")
    (tmp_path / "folder").mkdir()
    good, bad = ("folder", "file") if FORMATS[form].is_folder else ("file", "folder")

    refused = CliRunner().invoke(command, ["-o", str(tmp_path / bad), "--format", form])
    taken = CliRunner().invoke(command, ["-o", str(tmp_path / good), "--format", form])
    new = CliRunner().invoke(command, ["-o", str(tmp_path / "new" / "place"), "--format", form])

    assert isinstance(refused.exception, StoreError)
    assert taken.exit_code == new.exit_code == 0
    assert worked == [(form, tmp_path / good), (form, tmp_path / "new" / "place")]
    assert not (tmp_path / "new").exists()


def test_an_output_file_is_refused_before_the_work(tmp_path: Path) -> None:
    worked = []

    @click.command
    @output_option()
    def command(output: Path | None) -> None:
        worked.append(output)

    os.mkfifo(tmp_path / "pipe")
    refused = CliRunner().invoke(command, ["-o", str(tmp_path / "pipe")])

    assert isinstance(refused.exception, StoreError)
    assert "a pipe" in str(refused.exception)
    assert not worked


def test_a_folder_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")

    with pytest.raises(StoreError, match="file' is no folder"):
        check_folder(tmp_path / "file" / "a" / "b")


def test_a_folder_that_may_not_be_written_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For a file that is there too: it is replaced by one beside it."""
    (tmp_path / "old").write_text("mine")
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != tmp_path)

    for check, path in ((check_replaceable, "new/file"), (check_replaceable, "old"),
                        (check_folder, "new")):  # fmt: skip
        with pytest.raises(StoreError, match="no permission"):
            check(tmp_path / path)


@pytest.mark.parametrize("form", FORMATS)
def test_a_format_says_whether_it_is_a_folder(form: str) -> None:
    renderer = pkgutil.resolve_name(FORMATS[form].renderer)

    assert FORMATS[form].is_folder == isinstance(renderer(), FolderRenderer)
