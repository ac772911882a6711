"""Series packed in columns, so that a lineage is read without a row for each figure.

Invariant: columns are a copy and never the truth: they count only while a digest of the runs that
they hold, ids and contents, is that of the runs in the database; without them the rows are read.
"""

import hashlib
import json
from array import array
from collections.abc import Sequence
from math import nan
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, insert, select

from virtslo.model.history.runs import Lineage, SeriesKey
from virtslo.store.history.rows import interval_of, number_of, text_of
from virtslo.store.history.tables import COLUMN, COLUMNS, FIGURE, SERIES

MOST_ROWS: Final = 400
"""Newer runs than the columns hold, above which all are read from rows and packed again."""
_AT_ONCE: Final = 400
"""Ids in one statement."""


class Loaded:
    """Series of a lineage while they are being read."""

    def __init__(self, rows: Sequence[Any], found: Sequence[Any]) -> None:
        self._position = {row.id: index for index, row in enumerate(rows)}
        self._keys = {row.id: SeriesKey(row.kind, row.indicator, row.statistic) for row in found}
        self.units = {self._keys[row.id]: row.unit for row in found}
        self.values = {key: array("d", [nan]) * len(rows) for key in self._keys.values()}
        self.flagged: dict[SeriesKey, dict[int, str]] = {}
        self.intervals: dict[SeriesKey, dict[int, tuple[float, float]]] = {}

    def add_column(self, series: int, packed: bytes, notes: str, count: int) -> None:
        """The first values of a series. Raises ValueError for another number of values."""
        key = self._keys.get(series)
        values = array("d", packed)
        if key is None or len(values) != count:
            raise ValueError(f"series {series}: {len(values)} values, expected {count}")
        self.values[key][:count] = values
        found = json.loads(notes)
        if found["flags"]:
            flags = found["flags"].items()
            self.flagged[key] = {_index(index, count): _text(flag) for index, flag in flags}
        if found["intervals"]:
            self.intervals[key] = {
                _index(index, count): (float(low), float(high))
                for index, (low, high) in found["intervals"].items()
            }

    def add_figures(self, rows: Any) -> None:
        """Single figures: series, run, value, flag, low, high. Raises DamagedValue."""
        for series, run, value, flag, low, high in rows:
            key, index = self._keys.get(series), self._position.get(run)
            if key is None or index is None:
                continue
            if value is not None:
                self.values[key][index] = number_of(value)
            if flag is not None:
                self.flagged.setdefault(key, {})[index] = text_of(flag)
            interval = interval_of(low, high)
            if interval is not None:
                self.intervals.setdefault(key, {})[index] = interval


def _index(text: str, count: int) -> int:
    index = int(text)
    if not 0 <= index < count:
        raise ValueError(f"value {index} of {count}")
    return index


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"expected a text, found {type(value).__name__}")
    return value


def series_of(connection: Connection, lineage: str, rows: Sequence[Any]) -> tuple[Loaded, int]:
    """The series of a lineage's runs, and how many of the runs came from columns."""
    found = connection.execute(select(SERIES).where(SERIES.c.lineage == lineage)).all()
    packed = _packed(connection, lineage, rows, found)
    if packed is not None:
        loaded, count = packed
        newer = [row.id for row in rows[count:]]
        for start in range(0, len(newer), _AT_ONCE):
            loaded.add_figures(connection.execute(_of_runs(lineage, newer[start:][:_AT_ONCE])))
        return loaded, count
    loaded = Loaded(rows, found)
    loaded.add_figures(connection.execute(_figures().where(SERIES.c.lineage == lineage)))
    return loaded, 0


def _figures() -> Any:
    columns = [FIGURE.c[name] for name in ("series", "run", "value", "flag", "low", "high")]
    return select(*columns).join_from(FIGURE, SERIES)


def _of_runs(lineage: str, runs: Sequence[int]) -> Any:
    """By the key, which begins with the series."""
    series = select(SERIES.c.id).where(SERIES.c.lineage == lineage)
    return _figures().where(FIGURE.c.series.in_(series), FIGURE.c.run.in_(runs))


def _packed(
    connection: Connection, lineage: str, rows: Sequence[Any], found: Sequence[Any]
) -> tuple[Loaded, int] | None:
    head = connection.execute(select(COLUMNS).where(COLUMNS.c.lineage == lineage)).first()
    if head is None or not len(rows) - MOST_ROWS <= head.runs <= len(rows):
        return None
    if head.digest != digest_of(rows[: head.runs]):
        return None
    loaded = Loaded(rows, found)
    columns = connection.execute(
        select(COLUMN).join_from(COLUMN, SERIES).where(SERIES.c.lineage == lineage)
    )
    try:
        for column in columns:
            loaded.add_column(column.series, column.packed, column.notes, head.runs)
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError):
        return None
    return loaded, int(head.runs)


def digest_of(rows: Sequence[Any]) -> str:
    """A hash of runs in their order: which they are, and what is in them."""
    text = "\n".join(f"{row.id} {row.content_hash} {row.ended_ms}" for row in rows)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def pack(connection: Connection, lineage: Lineage, rows: Sequence[Any]) -> None:
    """Keep the series of a lineage, as these rows of runs have them, in columns."""
    drop(connection, lineage.name)
    found = connection.execute(select(SERIES).where(SERIES.c.lineage == lineage.name)).all()
    columns = [
        {
            "series": row.id,
            "packed": lineage.series[key].tobytes(),
            "notes": json.dumps(
                {
                    "flags": lineage.flagged.get(key, {}),
                    "intervals": lineage.intervals.get(key, {}),
                }
            ),
        }
        for row in found
        if (key := SeriesKey(row.kind, row.indicator, row.statistic)) in lineage.series
    ]
    if columns:
        connection.execute(insert(COLUMN), columns)
    connection.execute(
        insert(COLUMNS).values(lineage=lineage.name, runs=len(rows), digest=digest_of(rows))
    )


def drop(connection: Connection, lineage: str) -> None:
    """Remove the columns of a lineage."""
    series = select(SERIES.c.id).where(SERIES.c.lineage == bindparam("name"))
    connection.execute(delete(COLUMN).where(COLUMN.c.series.in_(series)), {"name": lineage})
    connection.execute(delete(COLUMNS).where(COLUMNS.c.lineage == lineage))
