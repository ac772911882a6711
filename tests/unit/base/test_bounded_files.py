"""Files that people name are read with limits, and a read ends."""

import os
import socket
import threading
from pathlib import Path

import pytest

from virtslo.base.bounded_files import UnreadableFile, read_bounded
from virtslo.base.clock import SystemClock
from virtslo.base.limits import Limit

SMALL = Limit("a small file", 10)


class Leaping(SystemClock):
    """A clock that is a minute further whenever it is asked."""

    is_virtual = True

    def __init__(self) -> None:
        self.now = 0

    def now_ns(self) -> int:
        self.now += 59_990_000_000
        return self.now


def refusal(path: Path) -> UnreadableFile:
    with pytest.raises(UnreadableFile) as caught:
        read_bounded(path, SMALL, clock=Leaping())
    return caught.value


def test_a_file_of_the_limits_size_is_read_and_one_byte_more_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")
    assert read_bounded(path, SMALL) == b"0123456789"

    path.write_bytes(b"0123456789x")
    assert refusal(path).found == "more than 10 bytes"


def test_devices_folders_and_sockets_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # the path of a socket is short
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")

        assert refusal(tmp_path).found == "a folder"
        assert refusal(Path("/dev/zero")).found == "a device"
        assert refusal(tmp_path / "socket").found
        assert refusal(tmp_path / "none").is_missing
        assert not refusal(Path("a\0b")).is_missing
        assert refusal(tmp_path / ("n" * 5000)).found == "File name too long"


def test_the_empty_device_is_an_empty_file() -> None:
    assert read_bounded(Path(os.devnull), SMALL) == b""


def test_a_pipe_is_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(b"words",))
    writer.start()

    assert read_bounded(path, SMALL) == b"words"
    writer.join()


def test_a_pipe_that_nothing_writes_to_is_left_at_the_deadline(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)

    assert refusal(path).found == "a pipe that does not end"


def test_a_pipe_without_end_is_left_at_the_limit(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.write(writing, b"x" * 100)

    assert refusal(Path(f"/dev/fd/{reading}")).found == "more than 10 bytes"
    os.close(reading)
    os.close(writing)
