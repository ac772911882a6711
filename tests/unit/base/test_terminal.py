"""A size that no terminal has is not taken from the environment."""

import pytest

from virtslo.base.terminal import terminal_environment


@pytest.mark.parametrize("size", ["1", "80", "9999"])
def test_a_size_is_kept(size: str) -> None:
    assert terminal_environment({"COLUMNS": size, "A": "x"}) == {"COLUMNS": size, "A": "x"}


@pytest.mark.parametrize("size", ["", "0", "-1", "x", "²", "\u0661", "10000", "9" * 5000])
def test_what_is_no_size_is_left_out(size: str) -> None:
    assert terminal_environment({"COLUMNS": size, "LINES": size, "A": size}) == {"A": size}


def test_it_is_the_environment_of_the_process_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "9" * 5000)
    monkeypatch.setenv("LINES", "24")

    assert "COLUMNS" not in terminal_environment()
    assert terminal_environment()["LINES"] == "24"
