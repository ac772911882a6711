"""Text as wide as the terminal is, without colours where there is none."""

import io
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from virtslo.base.plain_text import report_text
from virtslo.report.content import Sheet
from virtslo.report.text.console import drawn, plain, print_lines, print_sheet

if TYPE_CHECKING:
    from rich.console import Console

SHEET = Sheet(
    "Rates",
    ["Test", "Creation Rate (VMI)", "Creation Rate (VM)"],
    [["Steady State", "4 096/s (1 377–9 957)", "346/s (171–1 450)"]],
    ["[1] a reason that is longer than a narrow terminal is wide, which can happen"],
)


def draw(console: "Console") -> None:
    print_sheet(console, SHEET)
    print_lines(console, "Objectives", ["violated: soon: 61 s, at most 60 s"])
    print_lines(console, "nothing", [])


class Screen(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_no_line_is_wider_than_the_terminal_and_no_number_is_broken(
    monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))

    lines = drawn(draw).splitlines()

    assert max(map(len, lines)) <= width
    assert any("4 096/s" in line for line in lines)
    assert any("9 957" in line for line in lines)
    assert "nothing" not in lines


def test_a_size_that_no_terminal_has_is_not_its_width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "9999999")
    monkeypatch.setattr(sys, "stdout", Screen())

    assert max(map(len, drawn(lambda console: console.rule()).splitlines())) < 10_000


def test_without_a_terminal_a_line_stays_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)

    lines = drawn(draw).splitlines()

    assert f"  {SHEET.notes[0]}" in lines
    assert not any("\x1b" in line for line in lines)


def test_colour_is_for_terminals_that_want_it(monkeypatch: pytest.MonkeyPatch) -> None:
    red = "\x1b[31m"
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setattr(sys, "stdout", Screen())
    monkeypatch.delenv("NO_COLOR", raising=False)
    coloured = drawn(draw)
    monkeypatch.setenv("NO_COLOR", "1")
    plain = drawn(draw)

    assert red in coloured
    assert red not in plain
    assert "violated: soon" in plain


@given(st.lists(st.text(max_size=300), max_size=4))
def test_where_there_is_no_terminal_plain_lines_are_what_is_drawn(lines: list[str]) -> None:
    def draw_all(console: "Console") -> None:
        for line in lines:
            console.print(report_text(line), soft_wrap=True)

    expected = drawn(draw_all) if lines else ""

    assert plain(lines) == expected
