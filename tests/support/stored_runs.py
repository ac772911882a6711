"""Runs for a history, as short as can be."""

from datetime import UTC, datetime, timedelta

from virtslo.model.history.runs import HistoryFigure, HistoryRun

START = datetime(2024, 1, 1, tzinfo=UTC)
JOB = "periodic-density"


def stored_run(
    number: int,
    *,
    value: float | None = 10.0,
    job: str = JOB,
    indicator: str = "CREATE-pods-count",
    content: str = "",
    environment: str = "provider 1.31",
    is_valid: bool = True,
) -> HistoryRun:
    """The run of this number, eight hours after the one before, with one figure."""
    reason = None if value is not None else "the source has no data"
    figure = HistoryFigure("vmi", indicator, "p95", value, "calls", "watch", 100, reason, None,
                           None if value is None else (value - 1, value + 1))  # fmt: skip
    return HistoryRun(
        job=job,
        run_id=f"{9_007_199_254_740_993 + number}",
        lineage=job,
        environment=environment,
        started_at=START + timedelta(hours=8 * number),
        ended_at=START + timedelta(hours=8 * number + 1),
        form="virtslo",
        origin=f"runs/{number}",
        content_hash=content or f"{value}",
        is_valid=is_valid,
        seed=number,
        facts={"count": 100},
        findings=(("relist", "a watch was opened again"),),
        flags={"vmi": ("late_start",)},
        figures=(figure,),
    )
