"""A sweep's table: a row a run, an empty cell where there is no data."""

import csv
import io

from virtslo.app.sweep.table import columns_of, rows_of, table_text
from virtslo.model.whatif.sweep import Knob, PointResult, PointStatus

KNOBS = (Knob("count", (1, 2)),)
RESULTS = [
    PointResult(1, {"count": 2}, 5, PointStatus.VALID, {"b.p50": 2.5, "a.mean": 0.0}),
    PointResult(0, {"count": "=1"}, 5, PointStatus.FAILED, error="why"),
]


def test_a_row_a_run_in_the_order_of_points() -> None:
    rows = rows_of(KNOBS, RESULTS)

    assert [row["point"] for row in rows] == [0, 1]
    assert rows[0]["a.mean"] is None
    assert rows[1]["a.mean"] == 0.0
    assert columns_of(KNOBS, RESULTS)[:6] == ("point", "seed", "status", "count", "a.mean", "b.p50")


def test_the_csv_has_an_empty_cell_and_no_formula() -> None:
    read = list(csv.DictReader(io.StringIO(table_text(KNOBS, RESULTS))))

    assert read[0]["b.p50"] == ""
    assert read[1]["b.p50"] == "2.5"
    assert not read[0]["count"].startswith("=")
