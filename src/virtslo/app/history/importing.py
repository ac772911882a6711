"""Storing what was read, and the account of it.

Invariant: what could not be read is in the account, by place and reason; one odd file never keeps
the others out.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from virtslo.model.history.runs import HistoryRun, OddInput, StoreOutcome
from virtslo.ports.history_store import HistoryStore

AT_ONCE: Final = 500
"""Runs in one transaction: a writer that waits is let in between."""


@dataclass(slots=True)
class ImportAccount:
    """What an import came to."""

    stored: StoreOutcome = field(default_factory=StoreOutcome)
    figures: int = 0
    odd: list[OddInput] = field(default_factory=list)
    flags: Counter[str] = field(default_factory=Counter)
    """Quality flags, each counted once a run and kind."""
    rewritten: int = 0
    """Runs whose file was replaced in the source's history."""
    deleted: int = 0
    """Runs that the source no longer has."""


def import_runs(found: Iterable[HistoryRun | OddInput], store: HistoryStore) -> ImportAccount:
    """Store the runs; returns the account. Raises StoreError if the store fails."""
    account = ImportAccount()
    pending: list[HistoryRun] = []
    for run in _runs(found, account):
        pending.append(run)
        if len(pending) == AT_ONCE:
            account.stored += store.put(pending)
            pending = []
    if pending:
        account.stored += store.put(pending)
    return account


def _runs(found: Iterable[HistoryRun | OddInput], account: ImportAccount) -> Iterator[HistoryRun]:
    for item in found:
        if isinstance(item, OddInput):
            account.odd.append(item)
            continue
        account.figures += len(item.figures)
        account.flags.update(flag for flags in item.flags.values() for flag in flags)
        account.flags.update(
            {(figure.kind, figure.flag): figure.flag for figure in item.figures
             if figure.flag is not None}.values()
        )  # fmt: skip
        account.rewritten += "rewritten" in item.facts
        account.deleted += "deleted" in item.facts
        yield item
