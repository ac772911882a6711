"""The word "simulated" in formats that have no place for it, and dates in those that need them.

Invariant: a name or id of a simulated record that leaves in such a format begins with `simulated-`.
"""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from virtslo.model.report.document import Report, RunSummary
from virtslo.model.report.run_detail import RunDetail

PREFIX: Final = "simulated-"


def is_simulated(run: RunSummary) -> bool:
    """Whether a run was on a simulated cluster."""
    return run.environment.simulated is not None


def marked(run: RunSummary, name: str) -> str:
    """A name or id as it may leave: with the prefix, if the run was simulated."""
    if not is_simulated(run) or name.startswith(PREFIX):
        return name
    return f"{PREFIX}{name}"


def stable_uuid(run: RunSummary) -> str:
    """An id of the run's own: the same whenever it is exported."""
    return marked(run, str(uuid.uuid5(uuid.NAMESPACE_URL, f"virtslo/{run.id}")))


def detailed_runs(report: Report) -> Iterator[tuple[RunSummary, RunDetail]]:
    """Every run with its detail."""
    yield from zip(report.runs, report.details, strict=True)


def date_at(detail: RunDetail, seconds: float) -> str:
    """The date of a moment of the run, RFC 3339 with milliseconds: for people and dashboards."""
    since = timedelta(seconds=seconds)
    try:
        moment = datetime.fromisoformat(detail.started_at).astimezone(UTC) + since
    except (ValueError, OverflowError):  # no date, or one beyond the years 1 to 9999
        moment = datetime.fromtimestamp(0, UTC) + since
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
