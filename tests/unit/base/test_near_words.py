"""A misspelt word: the nearest known one is named, and none where none is near."""

from virtslo.base.near_words import did_you_mean, near_word


def test_the_nearest_known_word_is_named_as_it_is_written() -> None:
    assert near_word("rnu", ("report", "run")) == "run"
    assert near_word("DELY", ("delay", "rate")) == "delay"
    assert near_word("vmo", ("VMI", "pool")) == "VMI"


def test_nothing_is_suggested_where_no_word_is_near() -> None:
    assert near_word("xyz", ("report", "run")) == ""
    assert did_you_mean("xyz", ("report", "run")) == ""


def test_a_hint_asks_for_the_word() -> None:
    assert did_you_mean("rnu", ("report", "run")) == "did you mean run?"
