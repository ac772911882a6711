"""`virtslo history import`: store records and published results."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click

from virtslo.app.history.importing import ImportAccount
from virtslo.cli.history.options import history_option, opened
from virtslo.cli.printing import say
from virtslo.model.history.runs import HistoryRun, OddInput

SHOWN: Final = 50
"""How many odd inputs are printed unless all are asked for."""


@click.command("import")
@click.argument("sources", nargs=-1, required=True, type=click.Path(path_type=Path))
@history_option
@click.option("--all-odd", is_flag=True, help="Print every odd input, not only the first 50.")
def command(sources: tuple[Path, ...], location: str | None, all_odd: bool) -> int:
    """Store runs in the history: what is there already is left as it is.

    SOURCES are records and suites of virtslo, folders and git clones (bare too) with results of
    KubeVirt CI (results/JOB/RUN/results.json), JSON lines of them, and result files of
    perfscale-audit, kube-burner and VEP-411, and the files of other histories: of a damaged one,
    everything that can be read. A clone is read with its history: runs that were
    deleted are kept. Whatever is odd is printed by file and reason; the rest is stored.
    """
    from virtslo.app.history.importing import import_runs

    with opened(location) as store:
        account = import_runs(_everything(sources), store)
        _print(account, store.location, all_odd=all_odd)
    return 0


def _everything(sources: tuple[Path, ...]) -> Iterator[HistoryRun | OddInput]:
    from virtslo.cli.wiring import history_sources

    for source in sources:
        records, published = history_sources(source)
        is_empty = True
        for item in itertools.chain(
            itertools.chain.from_iterable(map(_record, records)), published
        ):
            is_empty = False
            yield item
        if is_empty:
            yield OddInput(str(source), "no record, no published result and no history is there")


def _record(folder: Path) -> Iterator[HistoryRun | OddInput]:
    from virtslo.app.history.store_runs import runs_of
    from virtslo.base.errors import StoreError
    from virtslo.cli.wiring import read_record

    try:
        record = read_record(folder)
    except StoreError as error:
        yield OddInput(str(folder), error.message)
        return
    yield from (OddInput(str(folder), words, is_lost=False) for words in record.damage)
    yield from runs_of(record)


def _print(account: ImportAccount, location: str, *, all_odd: bool) -> None:
    stored = account.stored
    odd = account.odd if all_odd else account.odd[:SHOWN]
    for item in odd:
        words = f"{item.place}: {'left out' if item.is_lost else 'in part'}: {item.reason}"
        say(words)
    if len(odd) < len(account.odd):
        say(f"… and {len(account.odd) - len(odd)} more odd inputs: --all-odd prints them")
    say(
        f"history {location}: {stored.added} runs added, {stored.updated} rewritten, "
        f"{stored.unchanged} there already; {account.figures:,} figures read"
    )
    if account.deleted or account.rewritten:
        say(
            f"in the clone's history: {account.deleted} deleted, {account.rewritten} replaced later"
        )
    if account.flags:
        shown = ", ".join(f"{flag} {count}" for flag, count in sorted(account.flags.items()))
        say(f"quality flags: {shown}")
    if account.odd:
        lost = sum(item.is_lost for item in account.odd)
        say(f"odd inputs: {lost} left out, {len(account.odd) - lost} read in part")
