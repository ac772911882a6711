"""Bytes for readers of paths: found whole, and nowhere else."""

from pathlib import Path

from virtslo.base.piped import piped


def test_a_reader_finds_the_content_at_the_path() -> None:
    content = b"x" * 1_000_000

    with piped(content) as path:
        assert Path(path).read_bytes() == content


def test_a_reader_that_stops_early_holds_nothing_up() -> None:
    with piped(b"x" * 1_000_000) as path, Path(path).open("rb") as file:
        assert file.read(1) == b"x"
