"""A history in a SQL database: one code path for SQLite and PostgreSQL.

Invariant: a run and its figures are written in one transaction or not at all.
"""

from array import array
from collections.abc import Iterable, Sequence
from math import nan

from sqlalchemy import Engine, case, func, select

from virtslo.base.errors import StoreError
from virtslo.model.history.runs import (
    HistoryRun,
    Lineage,
    LineageSummary,
    SeriesKey,
    StoreOutcome,
)
from virtslo.store.history.engine import open_engine, shown, transaction
from virtslo.store.history.migrations import migrate
from virtslo.store.history.rows import figures_of, moment_of, point_of, run_of
from virtslo.store.history.tables import FIGURE, RUN, SERIES, VERSION
from virtslo.store.history.writer import Writer


def open_history(location: str) -> "SqlHistory":
    """The history at a path (SQLite) or a URL (`postgresql://…`), migrated. Raises StoreError."""
    engine = open_engine(location)
    try:
        with transaction(engine, writes=True) as connection:
            migrate(connection)
    except StoreError:
        engine.dispose()
        raise
    return SqlHistory(engine)


class SqlHistory:
    """A history behind a SQLAlchemy engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @property
    def location(self) -> str:
        """Where it is, without a password."""
        return shown(self._engine.url)

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def put(self, runs: Iterable[HistoryRun]) -> StoreOutcome:
        """Add or update runs, all in one transaction."""
        with transaction(self._engine, writes=True) as connection:
            connection.execute(select(VERSION).with_for_update())
            return Writer(connection).put(runs)

    def lineages(self) -> Sequence[LineageSummary]:
        """Every lineage, by name."""
        with transaction(self._engine, writes=False) as connection:
            counts = connection.execute(
                select(SERIES.c.lineage, func.count()).group_by(SERIES.c.lineage)
            )
            series = {lineage: count for lineage, count in counts}  # noqa: C416 - rows, not pairs
            rows = connection.execute(
                select(
                    RUN.c.lineage,
                    func.count(),
                    func.sum(case((RUN.c.is_valid, 1), else_=0)),
                    func.min(RUN.c.ended_ms),
                    func.max(RUN.c.ended_ms),
                    func.count(RUN.c.environment.distinct()),
                )
                .group_by(RUN.c.lineage)
                .order_by(RUN.c.lineage)
            ).all()
        return [
            LineageSummary(
                name,
                count,
                int(valid),
                series.get(name, 0),
                moment_of(first),
                moment_of(last),
                many,
            )
            for name, count, valid, first, last, many in rows
        ]

    def load(self, lineage: str) -> Lineage:
        """The runs and series of a lineage."""
        with transaction(self._engine, writes=False) as connection:
            rows = connection.execute(
                select(RUN)
                .where(RUN.c.lineage == lineage)
                .order_by(RUN.c.ended_ms, RUN.c.job, RUN.c.run_id)
            ).all()
            if not rows:
                raise StoreError(
                    f"no runs of {lineage!r} in the history {self.location}",
                    hint="virtslo history list names what is there",
                )
            found = connection.execute(select(SERIES).where(SERIES.c.lineage == lineage)).all()
            position = {row.id: index for index, row in enumerate(rows)}
            keys = {row.id: SeriesKey(row.kind, row.indicator, row.statistic) for row in found}
            values = {key: array("d", [nan]) * len(rows) for key in keys.values()}
            flagged: dict[SeriesKey, dict[int, str]] = {}
            intervals: dict[SeriesKey, dict[int, tuple[float, float]]] = {}
            columns = [FIGURE.c[name] for name in ("series", "run", "value", "flag", "low", "high")]
            figures = connection.execute(
                select(*columns).join_from(FIGURE, SERIES).where(SERIES.c.lineage == lineage)
            )
            for series, run, value, flag, low, high in figures:
                key, index = keys[series], position.get(run)
                if index is None:
                    continue
                if value is not None:
                    values[key][index] = value
                if flag is not None:
                    flagged.setdefault(key, {})[index] = flag
                if low is not None and high is not None:
                    intervals.setdefault(key, {})[index] = (low, high)
        return Lineage(
            name=lineage,
            runs=[point_of(row) for row in rows],
            series=values,
            units={keys[row.id]: row.unit for row in found},
            flagged=flagged,
            intervals=intervals,
        )

    def find(self, run_id: str) -> Sequence[HistoryRun]:
        """The runs of this id, whole."""
        with transaction(self._engine, writes=False) as connection:
            rows = connection.execute(
                select(RUN).where(RUN.c.run_id == run_id).order_by(RUN.c.job)
            ).all()
            return [run_of(row, figures_of(connection, row.lineage, row.id)) for row in rows]
