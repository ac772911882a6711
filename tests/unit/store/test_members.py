"""Gzip members unfold within limits, and give what they hold."""

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from virtslo.base import bounded_streams
from virtslo.base.limits import RECORD_LEAST, RECORD_MEMBER
from virtslo.store.members import Unfolding


def bomb(size: int) -> bytes:
    squeeze = zlib.compressobj(9, wbits=31)
    block = b"\n" * (1 << 20)
    return b"".join(squeeze.compress(block) for _ in range(size >> 20)) + squeeze.flush()


def unfold(data: bytes) -> tuple[bytes, str | None]:
    unfolding = Unfolding(data)
    text = b"".join(unfolding)
    return text, unfolding.problem


def test_members_one_after_another_are_one_text() -> None:
    assert unfold(gzip.compress(b"a\n") + gzip.compress(b"b\n")) == (b"a\nb\n", None)


def test_a_cut_member_gives_its_whole_lines() -> None:
    text = b"".join(b'{"line": %d}\n' % number for number in range(50_000))
    data = gzip.compress(text)
    found, problem = unfold(data[: len(data) // 2])

    assert problem == "the last gzip member is cut off"
    assert found.endswith(b"\n")
    assert text.startswith(found)
    assert found


def test_a_member_that_unfolds_without_end_is_damage() -> None:
    whole = gzip.compress(b"a\n")
    found, problem = unfold(whole + bomb(RECORD_MEMBER.most + (1 << 20)))

    assert found == b"a\n"
    assert problem is not None
    assert "unfolds to more than" in problem


def test_many_members_together_unfold_to_a_bounded_text() -> None:
    found, problem = unfold(bomb(16 << 20) * 8)

    assert len(found) <= RECORD_LEAST.most
    assert problem is not None


def test_what_is_no_gzip_is_damage() -> None:
    found, problem = unfold(b"text")

    assert found == b""
    assert problem is not None


@given(
    texts=st.lists(st.binary(max_size=60), max_size=6),
    piece=st.integers(1, 40),
    cut=st.integers(0, 8),
    tail=st.sampled_from([b"", b"x", b"\x1f\x8b"]),
)
def test_members_unfold_alike_however_they_are_given_to_zlib(
    texts: list[bytes], piece: int, cut: int, tail: bytes
) -> None:
    whole = b"".join(gzip.compress(text + b"\n") for text in texts)
    data = whole[: len(whole) - cut] + tail
    at_once = unfold(data)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(bounded_streams, "PIECE", piece)

        assert unfold(data) == at_once


def test_a_file_of_many_small_members_is_read_to_its_end() -> None:
    data = gzip.compress(b"", mtime=0) * 100_000 + gzip.compress(b"a\n")

    assert unfold(data) == (b"a\n", None)
