"""A history in a SQL database: one code path for SQLite and PostgreSQL.

Invariant: a run and its figures are written in one transaction or not at all.
"""

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Engine, Select, case, func, select

from virtslo.base.errors import StoreError
from virtslo.model.history.checkpoints import CheckpointKey, KeptCheckpoint
from virtslo.model.history.runs import (
    HistoryRun,
    Lineage,
    LineageSummary,
    StoreOutcome,
)
from virtslo.store.history.columns import digest_of, pack, series_of
from virtslo.store.history.engine import open_engine, shown, transaction
from virtslo.store.history.kept_checkpoints import read_checkpoints, write_checkpoints
from virtslo.store.history.migrations import migrate
from virtslo.store.history.rows import figures_of, moment_of, point_of, run_of
from virtslo.store.history.tables import RUN, SERIES, VERSION
from virtslo.store.history.writer import Writer

WORTH_PACKING: Final = 50
"""Runs that are not in the columns yet, from which on they are packed again."""


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
            rows = connection.execute(_runs_of(lineage)).all()
            if not rows:
                raise StoreError(
                    f"no runs of {lineage!r} in the history {self.location}",
                    hint="virtslo history list names what is there",
                )
            loaded, packed = series_of(connection, lineage, rows)
            points = [point_of(row) for row in rows]
        found = Lineage(
            name=lineage,
            runs=points,
            series=loaded.values,
            units=loaded.units,
            flagged=loaded.flagged,
            intervals=loaded.intervals,
        )
        if len(rows) - packed >= WORTH_PACKING:
            self._pack(found, rows)
        return found

    def _pack(self, lineage: Lineage, rows: Sequence[Any]) -> None:
        """Keep the series in columns, if the history may be written and is still the same."""
        with (
            contextlib.suppress(StoreError),
            transaction(self._engine, writes=True, waits=False) as connection,
        ):
            if digest_of(connection.execute(_runs_of(lineage.name)).all()) == digest_of(rows):
                pack(connection, lineage, rows)

    def checkpoints(self, lineage: str) -> Mapping[CheckpointKey, KeptCheckpoint]:
        """What the detector of changes has kept of a lineage."""
        with transaction(self._engine, writes=False) as connection:
            return read_checkpoints(connection, lineage)

    def keep_checkpoints(self, lineage: str, fresh: Mapping[CheckpointKey, KeptCheckpoint]) -> None:
        """Keep more of it, if the history may be written now."""
        if not fresh:
            return
        with (
            contextlib.suppress(StoreError),
            transaction(self._engine, writes=True, waits=False) as connection,
        ):
            write_checkpoints(connection, lineage, fresh)

    def find(self, run_id: str) -> Sequence[HistoryRun]:
        """The runs of this id, whole."""
        with transaction(self._engine, writes=False) as connection:
            rows = connection.execute(
                select(RUN).where(RUN.c.run_id == run_id).order_by(RUN.c.job)
            ).all()
            return [run_of(row, figures_of(connection, row.lineage, row.id)) for row in rows]


def _runs_of(lineage: str) -> Select[Any]:
    """The runs of a lineage, in their order."""
    order = (RUN.c.ended_ms, RUN.c.job, RUN.c.run_id)
    return select(RUN).where(RUN.c.lineage == lineage).order_by(*order)
