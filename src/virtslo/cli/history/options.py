"""Options that the history's commands share."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from virtslo.ports.history_store import HistoryStore

if TYPE_CHECKING:
    from virtslo.regress.checkpoints import Checkpoints

history_option: Callable[[Any], Any] = click.option(
    "--history",
    "location",
    metavar="PATH|URL",
    envvar="VIRTSLO_HISTORY",
    help="History: a path (SQLite) or postgresql://user@host/name; by default "
    "history.db in the user's data folder.",
)


def default_location() -> str:
    """The history in the user's data folder."""
    from platformdirs import user_data_path

    return str(user_data_path("virtslo") / "history.db")


@contextmanager
def opened(location: str | None) -> Iterator[HistoryStore]:
    """The history that an option names, closed at the end. Raises StoreError."""
    from virtslo.cli.wiring import open_history

    store = open_history(location or default_location())
    try:
        yield store
    finally:
        store.close()


@contextmanager
def remembered(store: HistoryStore, lineage: str) -> "Iterator[Checkpoints]":
    """What the detector knows of a lineage; what it learns is kept in the history."""
    from virtslo.regress.checkpoints import Checkpoints

    found = Checkpoints(store.checkpoints(lineage))
    yield found
    store.keep_checkpoints(lineage, found.fresh)


def choose_lineage(store: HistoryStore, wanted: str | None) -> str:
    """The lineage that is meant: by its name, a part of it, or because it is the only one."""
    names = [item.name for item in store.lineages()]
    if wanted in names:
        assert wanted is not None
        return wanted
    near = [name for name in names if wanted is None or wanted in name]
    if len(near) == 1:
        return near[0]
    what = "no job" if not near else f"{len(near)} jobs"
    among = ", ".join(near[:5] or names[:5]) or "none: virtslo history import PATH"
    raise click.UsageError(f"{what} in the history match {wanted or 'no --job'!r}; it has: {among}")
