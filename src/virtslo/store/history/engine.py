"""Opening a database: addresses, transactions, and the driver's errors.

Invariant: no exception of a driver leaves this module, and no message holds a password. A writer
holds the database's write lock from the begin of its transaction.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from virtslo.base.errors import StoreError
from virtslo.store.history.column_types import DamagedValue

_PATIENCE_SECONDS: Final = 60
"""How long a writer waits for another."""


def open_engine(location: str) -> Engine:
    """An engine for a path (SQLite) or a URL (`postgresql://…`). Raises StoreError."""
    url = _url(location)
    try:
        if url.drivername == "sqlite" and url.database:
            Path(url.database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(url, **_options(url))
    except (OSError, ImportError) as error:
        hint = "install it: pip install 'virtslo[postgresql]'" if _is_server(url) else ""
        raise StoreError(f"cannot open the history {shown(url)}: {error}", hint=hint) from error
    if not _is_server(url):
        _lock_as_wanted(engine)
    return engine


@contextlib.contextmanager
def transaction(engine: Engine, *, writes: bool, waits: bool = True) -> Iterator[Connection]:
    """A transaction; what the driver raises becomes a StoreError.

    One that writes and does not wait fails where another process writes.
    """
    try:
        with engine.execution_options(writes=writes, waits=waits).begin() as connection:
            yield connection
    except UnicodeError as error:  # the driver's, of a name or a text that has no UTF-8
        raise StoreError(f"the history {shown(engine.url)}: {_reason(error)}") from None
    except SQLAlchemyError as error:
        raise StoreError(
            f"the history {shown(engine.url)}: {_reason(error)}", hint=_hint(error)
        ) from error


def _url(location: str) -> URL:
    if "://" not in location:
        return URL.create("sqlite", database=str(Path(location).expanduser()))
    try:
        url = make_url(location)
    except (ArgumentError, ValueError) as error:
        raise StoreError(
            "the history's URL cannot be read",
            hint="such as postgresql://user@host/name, or a path",
        ) from error
    if url.drivername in {"postgresql", "postgres"}:
        return url.set(drivername="postgresql+psycopg")
    if url.drivername in {"sqlite", "postgresql+psycopg"}:
        return url
    raise StoreError(
        f"a history cannot be kept in {url.drivername!r}",
        hint="use a path (SQLite) or postgresql://user@host/name",
    )


def _is_server(url: URL) -> bool:
    return url.drivername.startswith("postgresql")


def _options(url: URL) -> dict[str, Any]:
    if _is_server(url):
        return {"connect_args": {"connect_timeout": _PATIENCE_SECONDS}, "pool_pre_ping": True}
    return {"connect_args": {"timeout": _PATIENCE_SECONDS}}


def shown(url: URL) -> str:
    """The location without a password."""
    return repr(url.database) if url.drivername == "sqlite" else url.render_as_string()


def _lock_as_wanted(engine: Engine) -> None:
    """SQLite: take the write lock at the begin of what writes; readers wait for no writer."""

    @event.listens_for(engine, "connect")
    def connected(connection: Any, _: Any) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        options = connection.get_execution_options()
        writes = options.get("writes", False)
        wait_ms = _PATIENCE_SECONDS * 1000 if options.get("waits", True) else 0
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {wait_ms}")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _reason(error: Exception) -> str:
    """What the driver says, without the statement and its parameters."""
    cause = getattr(error, "orig", None) or error
    return " ".join(str(cause).split())[:256]


def _hint(error: SQLAlchemyError) -> str:
    words = str(getattr(error, "orig", "")).lower()
    if "malformed" in words or isinstance(error, DamagedValue):
        return "what can be read is kept by: virtslo history import DAMAGED --history NEW"
    if "locked" in words:
        return "another process holds the history: try again when it is done"
    return ""
