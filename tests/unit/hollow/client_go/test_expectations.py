"""What is expected holds decisions back until it is seen, or until it is too old."""

import asyncio

from virtslo.base.clock import Clock
from virtslo.hollow.client_go.expectations import PATIENCE_SECONDS, Expectations

KEY = ("w", "a")


async def test_a_creation_is_awaited_until_it_is_seen(clock: Clock) -> None:
    expected = Expectations(clock)
    expected.expect_creations(KEY, 2)
    expected.creation_observed(KEY)
    assert not expected.are_met(KEY)
    assert expected.creations(KEY) == 1
    expected.creation_observed(KEY)
    assert expected.are_met(KEY)


async def test_one_creation_takes_the_place_of_all_that_was_expected(clock: Clock) -> None:
    expected = Expectations(clock)
    expected.expect_creations(KEY, 2)
    expected.expect_deletion(KEY, "1")
    expected.expect_one(KEY)
    assert (expected.creations(KEY), expected.deletions(KEY)) == (1, 0)
    assert not expected.are_met(KEY)
    expected.creation_observed(KEY)
    assert expected.are_met(KEY)


async def test_a_deletion_is_awaited_by_uid(clock: Clock) -> None:
    expected = Expectations(clock)
    expected.expect_deletion(KEY, "1")
    expected.deletion_observed(KEY, "2")
    assert not expected.are_met(KEY)
    expected.deletion_observed(KEY, "1")
    assert expected.are_met(KEY)
    assert expected.deletions(KEY) == 0


async def test_what_is_never_seen_is_given_up_after_five_minutes(clock: Clock) -> None:
    expected = Expectations(clock)
    expected.expect_creations(KEY, 1)
    await asyncio.sleep(PATIENCE_SECONDS - 1)
    assert not expected.are_met(KEY)
    await asyncio.sleep(2)
    assert expected.are_met(KEY)
