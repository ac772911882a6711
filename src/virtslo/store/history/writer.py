"""Writing runs within one transaction.

Invariant: a run that is known with the same content hash is not touched; a rewritten one loses its
old figures and gets the new ones.
"""

from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from virtslo.model.history.runs import HistoryFigure, HistoryRun, SeriesKey, StoreOutcome
from virtslo.store.history.rows import figures_of_run, row_of
from virtslo.store.history.tables import FIGURE, RUN, SERIES

_ROWS: Final = 50_000
"""How many figures go to the database at once."""
_KNOWN: Final = select(RUN.c.id, RUN.c.lineage, RUN.c.content_hash).where(
    RUN.c.job == bindparam("of_job"), RUN.c.run_id == bindparam("of_run")
)
_NEW: Final = insert(RUN)


class Writer:
    """Writes within one transaction; knows the series it has seen."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._series: dict[str, dict[SeriesKey, int]] = {}
        self._pending: list[tuple[Any, ...]] = []

    def put(self, runs: Iterable[HistoryRun]) -> StoreOutcome:
        """Write runs; returns what changed."""
        outcome = StoreOutcome()
        for run in runs:
            outcome += self._put(run)
            if len(self._pending) >= _ROWS:
                self._flush()
        self._flush()
        return outcome

    def _put(self, run: HistoryRun) -> StoreOutcome:
        known = self._connection.execute(_KNOWN, {"of_job": run.job, "of_run": run.run_id}).first()
        if known is not None and known.content_hash == run.content_hash:
            return StoreOutcome(unchanged=1)
        if known is None:
            made = self._connection.execute(_NEW, row_of(run))
            assert made.inserted_primary_key is not None
            number = int(made.inserted_primary_key[0])
        else:
            number = known.id
            self._flush()
            self._connection.execute(delete(FIGURE).where(*figures_of_run(known.lineage, number)))
            self._connection.execute(update(RUN).where(RUN.c.id == number).values(**row_of(run)))
        seen: set[int] = set()
        for figure in run.figures:
            series = self._series_of(run.lineage, figure)
            if series in seen:
                continue
            seen.add(series)
            self._pending.append(
                (series, number, figure.value, figure.samples, figure.source or None,
                 figure.reason, figure.flag, *(figure.interval or (None, None)))
            )  # fmt: skip
        return StoreOutcome(added=1) if known is None else StoreOutcome(updated=1)

    def _series_of(self, lineage: str, figure: HistoryFigure) -> int:
        known = self._series.get(lineage)
        if known is None:
            rows = self._connection.execute(select(SERIES).where(SERIES.c.lineage == lineage))
            known = self._series[lineage] = {
                SeriesKey(row.kind, row.indicator, row.statistic): row.id for row in rows
            }
        key = SeriesKey(figure.kind, figure.indicator, figure.statistic)
        number = known.get(key)
        if number is None:
            made = self._connection.execute(
                insert(SERIES).values(
                    lineage=lineage,
                    kind=figure.kind,
                    indicator=figure.indicator,
                    statistic=figure.statistic,
                    unit=figure.unit,
                )
            )
            assert made.inserted_primary_key is not None
            number = known[key] = int(made.inserted_primary_key[0])
        return number

    def _flush(self) -> None:
        if not self._pending:
            return
        pending, self._pending = sorted(self._pending, key=lambda row: row[:2]), []
        if self._connection.dialect.name == "sqlite":
            marks = ",".join("?" * len(FIGURE.columns))
            statement = f"INSERT INTO {FIGURE.name} VALUES ({marks})"  # noqa: S608 - our own name
            self._connection.exec_driver_sql(statement, pending)
            return
        names = [column.name for column in FIGURE.columns]
        self._connection.execute(
            insert(FIGURE), [dict(zip(names, row, strict=True)) for row in pending]
        )
