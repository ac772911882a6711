"""Gzip members are read one by one, in time by the size of what holds them."""

import gzip
import zlib

import pytest

from virtslo.base.gzip_members import read_member


def test_a_member_says_where_it_ends() -> None:
    one, two = gzip.compress(b"a"), gzip.compress(b"b")
    data = memoryview(one + two)

    assert read_member(data, 0, 10) == (b"a", len(one), True)
    assert read_member(data, len(one), 10) == (b"b", len(one + two), True)


def test_a_member_gives_one_byte_more_than_asked_for() -> None:
    text, _, is_whole = read_member(memoryview(gzip.compress(b"a" * 1000)), 0, 5)

    assert (text, is_whole) == (b"a" * 6, False)


def test_a_member_that_is_broken_off_gives_what_it_has() -> None:
    whole = gzip.compress(bytes(range(256)) * 10)
    text, end, is_whole = read_member(memoryview(whole[:-4]), 0, 10_000)

    assert (text, end, is_whole) == (bytes(range(256)) * 10, len(whole) - 4, False)


def test_what_is_no_member_is_an_error() -> None:
    with pytest.raises(zlib.error):
        read_member(memoryview(b"text"), 0, 10)
