"""Requests that were met lately are known, and how many are known is bounded."""

from virtslo.observe.recent_requests import REMEMBERED, RecentRequests


def test_a_request_is_new_once() -> None:
    requests = RecentRequests()

    assert [requests.is_new(name) for name in ("a", "b", "a", "a")] == [True, True, False, False]


def test_a_request_without_an_id_is_always_new() -> None:
    requests = RecentRequests()

    assert requests.is_new("")
    assert requests.is_new("")


def test_the_oldest_are_forgotten() -> None:
    requests = RecentRequests()
    for number in range(REMEMBERED + 1):
        assert requests.is_new(f"r{number}")

    assert not requests.is_new("r1")
    assert requests.is_new("r0")
