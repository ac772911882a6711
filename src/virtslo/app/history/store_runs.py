"""What a history stores of one record.

Invariant: a record gives the same run however it comes to the history, when it ends or by an
import, so that it is stored once.
"""

from collections.abc import Iterator

from virtslo.app.build_report import build_report
from virtslo.app.history.from_report import history_runs
from virtslo.model.history.runs import HistoryRun
from virtslo.model.run.record import RunRecord


def runs_of(record: RunRecord) -> Iterator[HistoryRun]:
    """The run of a record, as a history keeps it."""
    yield from history_runs([record], build_report([record]))
