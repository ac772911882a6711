"""One process works in a folder; the next is told, and may when the first has ended."""

import os
from pathlib import Path

import pytest

from virtslo.base.errors import StoreError
from virtslo.cli.running.folder_lock import locked_folder


def test_a_folder_is_one_works_at_a_time(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "suite"
    with (
        locked_folder(folder),
        pytest.raises(StoreError, match="another virtslo"),
        locked_folder(folder),
    ):
        pass

    with locked_folder(folder):
        assert list(folder.iterdir()) == []


def test_a_lock_ends_with_the_process_that_held_it(tmp_path: Path) -> None:
    told, tell = os.pipe()
    child = os.fork()
    if child == 0:
        with locked_folder(tmp_path):
            os.write(tell, b"held")
            os.kill(os.getpid(), 9)
    os.read(told, 4)
    os.waitpid(child, 0)

    with locked_folder(tmp_path):
        pass


def test_a_place_that_is_no_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with (
        pytest.raises(StoreError, match="cannot work in") as refused,
        locked_folder(tmp_path / "file"),
    ):
        pass

    assert "--sweeps" in (refused.value.hint or "")
