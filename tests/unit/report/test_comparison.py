"""Rows of a comparison: how many runs would do is a promise only where runs are known to differ."""

import pytest

from virtslo.model.history.comparison import ComparedIndicator, ComparisonVerdict
from virtslo.model.history.runs import SeriesKey
from virtslo.report.comparison import cells


@pytest.mark.parametrize(
    ("runs", "p", "needed", "expected"),
    [
        (1, None, 3, "cannot tell: 3 runs a side at the least, 2 more"),
        (10, 0.4, 23, "cannot tell: 23 runs a side would do, 13 more"),
    ],
)
def test_a_number_of_runs_is_the_least_where_their_spread_is_unknown(
    runs: int, p: float | None, needed: int, expected: str
) -> None:
    row = ComparedIndicator(
        key=SeriesKey("vmi", "creation_to_running_seconds", "p50"),
        unit="s",
        verdict=ComparisonVerdict.CANNOT_TELL,
        base=20.0,
        candidate=21.0,
        base_runs=runs,
        candidate_runs=runs,
        ratio=1.05,
        interval=None,
        test="Welch's t of logarithms",
        p=p,
        smallest=None,
        runs_needed=needed,
    )

    assert expected in cells(row)
