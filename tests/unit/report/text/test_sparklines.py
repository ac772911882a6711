"""Rows of small bars: a peak is never lost, nothing is a blank, 0 is the lowest bar."""

from virtslo.report.text.sparklines import sparkline


def test_bars_stand_for_their_share_of_the_highest() -> None:
    assert sparkline([0.0, 1.0, 2.0, 4.0]) == "▁▃▅█"


def test_a_peak_is_kept_when_there_are_more_values_than_bars() -> None:
    values = [0.0] * 600
    values[333] = 9.0

    line = sparkline(values, width=60)

    assert len(line) == 60
    assert line.count("█") == 1


def test_what_is_not_known_is_a_blank_and_nothing_at_all_is_flat() -> None:
    assert sparkline([None, 1.0]) == " █"
    assert sparkline([0.0, 0.0]) == "▁▁"
    assert sparkline([]) == ""
