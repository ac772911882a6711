"""Between rows of the database and values.

Invariant: `point_of` and `run_of` are the inverse of `row_of`.
"""

import json
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, Connection, select

from virtslo.model.history.runs import HistoryFigure, HistoryRun, RunPoint
from virtslo.store.history.column_types import damaged
from virtslo.store.history.tables import FIGURE, SERIES

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FLAGS: Final = dict[str, tuple[str, ...]]
_FINDINGS: Final = tuple[tuple[str, str], ...]
_FACTS: Final = dict[str, Any]


def row_of(run: HistoryRun) -> dict[str, Any]:
    """The columns of a run."""
    return {
        "job": run.job,
        "run_id": run.run_id,
        "lineage": run.lineage,
        "environment": run.environment,
        "started_ms": None if run.started_at is None else _milliseconds(run.started_at),
        "ended_ms": _milliseconds(run.ended_at),
        "form": run.form,
        "origin": run.origin,
        "content_hash": run.content_hash,
        "is_valid": run.is_valid,
        "is_simulated": run.is_simulated,
        "seed": run.seed,
        "facts": json.dumps(dict(run.facts), ensure_ascii=False, sort_keys=True),
        "findings": json.dumps(run.findings, ensure_ascii=False),
        "flags": json.dumps({kind: list(flags) for kind, flags in run.flags.items()}),
    }


def point_of(row: Any) -> RunPoint:
    """What a series needs to know of a run. Raises DamagedValue."""
    return RunPoint(
        job=row.job,
        run_id=row.run_id,
        environment=row.environment,
        ended_at=_at(row.ended_ms),
        started_at=moment_of(row.started_ms),
        is_valid=row.is_valid,
        is_simulated=row.is_simulated,
        seed=row.seed,
        flags=_decoded(row.flags, _FLAGS, "quality flags by kind"),
        findings=_decoded(row.findings, _FINDINGS, "pairs of a code and a detail"),
        facts=_decoded(row.facts, _FACTS, "a mapping of facts"),
    )


def run_of(row: Any, figures: tuple[HistoryFigure, ...]) -> HistoryRun:
    """A run, whole."""
    point = point_of(row)
    return HistoryRun(
        job=point.job,
        run_id=point.run_id,
        lineage=row.lineage,
        environment=point.environment,
        ended_at=point.ended_at,
        started_at=point.started_at,
        form=row.form,
        origin=row.origin,
        content_hash=row.content_hash,
        is_valid=point.is_valid,
        is_simulated=point.is_simulated,
        seed=point.seed,
        facts=point.facts,
        findings=point.findings,
        flags=point.flags,
        figures=figures,
    )


def figures_of_run(lineage: str, run: int) -> tuple[ColumnElement[bool], ...]:
    """Which rows are a run's: by the series of its lineage, since those begin the key."""
    series = select(SERIES.c.id).where(SERIES.c.lineage == lineage)
    return FIGURE.c.series.in_(series), FIGURE.c.run == run


def figures_of(connection: Connection, lineage: str, run: int) -> tuple[HistoryFigure, ...]:
    """The figures of a run, in order."""
    rows = connection.execute(
        select(SERIES, FIGURE)
        .join_from(FIGURE, SERIES)
        .where(*figures_of_run(lineage, run))
        .order_by(SERIES.c.kind, SERIES.c.indicator, SERIES.c.statistic)
    )
    return tuple(figure_of(row, row) for row in rows)


def figure_of(series: Any, row: Any) -> HistoryFigure:
    """A figure of a row of its series and one of its own. Raises DamagedValue."""
    interval = interval_of(getattr(row, "low", None), getattr(row, "high", None))
    if row.value is not None:
        number_of(row.value)
    for text in (row.source, row.reason, row.flag):
        if text is not None:
            text_of(text)
    if row.samples is not None and not isinstance(row.samples, int):
        raise damaged(row.samples, "a whole number")
    return HistoryFigure(
        series.kind, series.indicator, series.statistic, row.value, series.unit, row.source or "",
        row.samples, row.reason, row.flag, interval,
    )  # fmt: skip


def interval_of(low: Any, high: Any) -> tuple[float, float] | None:
    """Both bounds, or none. Raises DamagedValue."""
    return None if low is None or high is None else (number_of(low), number_of(high))


def number_of(value: Any) -> float:
    """A column's number. Raises DamagedValue."""
    if not isinstance(value, float | int):
        raise damaged(value, "a number")
    return value


def text_of(value: Any) -> str:
    """A column's text. Raises DamagedValue."""
    if not isinstance(value, str):
        raise damaged(value, "a text")
    return value


def _decoded(text: str, shape: Any, expected: str) -> Any:
    """A JSON column's value. Raises DamagedValue."""
    try:
        return msgspec.json.decode(text, type=shape)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        raise damaged(text, expected) from None


def _milliseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def _at(milliseconds: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=milliseconds)


def moment_of(milliseconds: int | None) -> datetime | None:
    """Milliseconds since 1970 as a moment."""
    return None if milliseconds is None else _at(milliseconds)
