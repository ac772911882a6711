"""Reading another history's file, run by run, damaged ones too.

Invariant: the file is only read; what cannot be read is named with its reason, and everything else
is read all the same.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, create_engine, func, select, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from virtslo.base.errors import StoreError
from virtslo.base.paths import is_file
from virtslo.model.history.runs import HistoryFigure, HistoryRun, OddInput
from virtslo.store.history.column_types import DamagedValue
from virtslo.store.history.migrations import NEWEST, refuse_programs, version_of
from virtslo.store.history.rows import figure_of, run_of
from virtslo.store.history.tables import FIGURE, RUN, SERIES

MAGIC: Final = b"SQLite format 3\0"
UNREADABLE: Final = (SQLAlchemyError, UnicodeError)
"""What a query of a damaged file raises; the second where the driver's own words are no UTF-8."""
_MISSES: Final = 10_000
"""Ids in a row under which nothing can be read, after which no more are tried."""
_WHOLE: Final = text("SELECT * FROM history_figure WHERE series = :series AND run = :run")


def is_history(path: Path) -> bool:
    """Whether a file is a SQLite database, by its first bytes."""
    if not is_file(path):  # opening a pipe would wait for its writer
        return False
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


def read_history(path: Path) -> Iterator[HistoryRun | OddInput]:
    """Every run of a history's file that can be read. Raises StoreError for a newer one."""
    query = {"mode": "ro", "uri": "true"}
    engine = create_engine(URL.create("sqlite", database=f"file:{path.resolve()}", query=query))
    try:
        with engine.connect() as connection:
            _refuse_newer(connection, path)
            yield from _runs(connection, str(path))
    except UNREADABLE as error:
        yield OddInput(str(path), _reason(error))
    finally:
        engine.dispose()


def _refuse_newer(connection: Connection, path: Path) -> None:
    try:
        refuse_programs(connection)
        found = version_of(connection)
    except UNREADABLE:
        return
    if found > NEWEST:
        raise StoreError(
            f"{str(path)!r} was written by a newer virtslo (schema version {found}; this one reads "
            f"up to {NEWEST})"
        )


def _runs(connection: Connection, place: str) -> Iterator[HistoryRun | OddInput]:
    series: dict[str, list[Any]] = {}
    for number in connection.execute(select(SERIES.c.id)).scalars().all():
        try:
            key = connection.execute(select(SERIES).where(SERIES.c.id == number)).one()
        except UNREADABLE as error:
            yield OddInput(f"{place}: series number {number}", _reason(error), is_lost=False)
            continue
        series.setdefault(key.lineage, []).append(key)
    for number in _numbers(connection):
        if number is None:
            yield OddInput(place, f"more than {_MISSES:,} run numbers have no run", is_lost=False)
            continue
        try:
            row = connection.execute(select(RUN).where(RUN.c.id == number)).first()
        except UNREADABLE as error:
            yield OddInput(f"{place}: run number {number}", _reason(error))
            continue
        if row is None:
            yield OddInput(f"{place}: run number {number}", "no run can be read under it")
            continue
        figures, lost = _figures(connection, number, series.get(row.lineage, []))
        if lost:
            reason = f"{lost} figures cannot be read"
            yield OddInput(f"{place}: {row.job} {row.run_id}", reason, is_lost=False)
        try:
            run = run_of(row, figures)
        except DamagedValue as error:
            yield OddInput(f"{place}: run number {number}", _reason(error))
            continue
        yield run


def _numbers(connection: Connection) -> Iterator[int | None]:
    """The numbers that runs may have: they are given in order, and no run is ever removed.

    None: more are missing than are tried one by one; those that are there follow.
    """
    try:
        runs = connection.execute(select(func.max(RUN.c.id))).scalar()
        figures = connection.execute(select(func.max(FIGURE.c.run))).scalar()
        held = connection.execute(select(func.count()).select_from(RUN)).scalar()
    except UNREADABLE:
        yield from _probed(connection)
        return
    most = max(runs or 0, figures or 0)
    if most - (held or 0) <= _MISSES:
        yield from range(1, most + 1)
        return
    yield None
    yield from connection.execute(select(RUN.c.id).order_by(RUN.c.id)).scalars().all()


def _probed(connection: Connection) -> Iterator[int]:
    """Numbers as long as any of the last that were tried can be read."""
    number = misses = 0
    while misses < _MISSES:
        number += 1
        try:
            found = connection.execute(select(RUN.c.id).where(RUN.c.id == number)).first()
        except UNREADABLE:
            found = None
        misses = misses + 1 if found is None else 0
        if found is not None:
            yield number


def _figures(
    connection: Connection, run: int, series: list[Any]
) -> tuple[tuple[HistoryFigure, ...], int]:
    """The figures of a run that can be read, in order, and how many cannot."""
    found: list[HistoryFigure] = []
    lost = 0
    for key in sorted(series, key=lambda item: (item.kind, item.indicator, item.statistic)):
        try:
            row = connection.execute(_WHOLE, {"series": key.id, "run": run}).first()
            if row is not None:
                found.append(figure_of(key, row))
        except UNREADABLE:
            lost += 1
    return tuple(found), lost


def _reason(error: Exception) -> str:
    return " ".join(str(getattr(error, "orig", None) or error).split())[:256]
