"""Numbered migrations: how a database of a version becomes one of the next.

Invariant: each runs in one transaction with the raise of the version, so that a database is always
whole; a database of a newer version is refused and left as it is. A new database is made as the
newest version has it; a migration names its columns itself, since the tables go on.
"""

from collections.abc import Callable, Mapping
from typing import Final

from sqlalchemy import Connection, insert, inspect, select, text, update

from virtslo.base.errors import StoreError
from virtslo.base.plain_text import shown_text
from virtslo.store.history.column_types import damaged
from virtslo.store.history.tables import METADATA, VERSION

Migration = Callable[[Connection], None]


def _intervals(connection: Connection) -> None:
    for name in ("low", "high"):
        connection.execute(text(f"ALTER TABLE history_figure ADD COLUMN {name} DOUBLE PRECISION"))


def _columns_and_checkpoints(connection: Connection) -> None:
    packed = "BYTEA" if connection.dialect.name == "postgresql" else "BLOB"
    key = ("lineage", "kind", "indicator", "statistic", "aspect")
    texts = ", ".join(
        f"{name} TEXT NOT NULL" for name in (*key, "parameters", "digest", "document")
    )
    tables = {
        "history_columns": "lineage TEXT PRIMARY KEY, runs INTEGER NOT NULL, digest TEXT NOT NULL",
        "history_column": f"series INTEGER PRIMARY KEY REFERENCES history_series (id), "
                          f"packed {packed} NOT NULL, notes TEXT NOT NULL",
        "history_checkpoint": f"{texts}, PRIMARY KEY ({', '.join(key)})",
    }  # fmt: skip
    for name, columns in tables.items():
        connection.execute(text(f"CREATE TABLE {name} ({columns})"))


MIGRATIONS: Final[Mapping[int, Migration]] = {2: _intervals, 3: _columns_and_checkpoints}
"""By the version that a migration leads to."""
NEWEST: Final = max(MIGRATIONS)
_LOCK: Final = 7_120_411
"""The number of the advisory lock that orders those who migrate a PostgreSQL."""


def version_of(connection: Connection) -> int:
    """The database's schema version; 0 if it has no history yet."""
    if not inspect(connection).has_table(VERSION.name):
        return 0
    found = connection.execute(select(VERSION.c.version)).scalar()
    return 0 if found is None else int(found)


def refuse_programs(connection: Connection) -> None:
    """Refuse a file with views or triggers: a query of them may never end. Raises StoreError."""
    if connection.dialect.name != "sqlite":
        return
    found = connection.execute(
        text("SELECT type, name FROM sqlite_master WHERE type IN ('view', 'trigger')")
    ).first()
    if found is not None:
        raise StoreError(
            f"the history has the {found.type} {shown_text(str(found.name))!r}, expected tables "
            "alone",
            hint="it was not written by virtslo: choose another with --history",
        )


def migrate(connection: Connection, migrations: Mapping[int, Migration] = MIGRATIONS) -> int:
    """Bring the database to the newest version, within the caller's transaction.

    Returns the version found. Raises StoreError for a newer database, DamagedValue for none.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    refuse_programs(connection)
    found = version_of(connection)
    newest = max(migrations)
    if found < 0:
        raise damaged(found, "a schema version from 0 on")
    if found > newest:
        raise StoreError(
            f"the history was written by a newer virtslo (schema version {found}; this one reads "
            f"up to {newest})",
            hint="use a newer virtslo, or another history with --history",
        )
    if found == 0:
        METADATA.create_all(connection)
    for number in range(found + 1 if found else newest + 1, newest + 1):
        migrations[number](connection)
    if found == 0:
        connection.execute(insert(VERSION).values(id=1, version=newest))
    elif found < newest:
        connection.execute(update(VERSION).values(version=newest))
    return found
