"""A sweep's table: a row a run, a column a knob or a figure.

Invariant: a figure without data is an empty cell, never 0.
"""

import csv
import io
from collections.abc import Mapping, Sequence

from virtslo.base.plain_text import csv_text as harmless_cell
from virtslo.model.whatif.sweep import Knob, PointResult, Value

FIXED = ("point", "seed", "status")
COSTS = ("simulation_seconds", "overhead_seconds")


def columns_of(knobs: Sequence[Knob], results: Sequence[PointResult]) -> tuple[str, ...]:
    """The table's columns: the point, its knobs, every figure that a run has, what it cost."""
    figures = sorted({name for item in results for name in item.figures})
    return (*FIXED, *(knob.name for knob in knobs), *figures, *COSTS, "record")


def rows_of(
    knobs: Sequence[Knob], results: Sequence[PointResult]
) -> list[Mapping[str, Value | None]]:
    """A row for each result, in the order of points."""
    columns = columns_of(knobs, results)
    rows: list[Mapping[str, Value | None]] = []
    for item in sorted(results, key=lambda result: result.index):
        known: dict[str, Value | None] = {
            "point": item.index,
            "seed": item.seed,
            "status": item.status.value,
            **item.values,
            **item.figures,
            "simulation_seconds": item.simulation_seconds,
            "overhead_seconds": item.overhead_seconds,
            "record": item.record,
        }
        rows.append({column: known.get(column) for column in columns})
    return rows


def table_text(knobs: Sequence[Knob], results: Sequence[PointResult]) -> str:
    """The table as CSV."""
    out = io.StringIO()
    writer = csv.DictWriter(out, columns_of(knobs, results), lineterminator="\n")
    writer.writeheader()
    for row in rows_of(knobs, results):
        writer.writerow(
            {
                key: harmless_cell(value) if isinstance(value, str) else value
                for key, value in row.items()
            }
        )
    return out.getvalue()
