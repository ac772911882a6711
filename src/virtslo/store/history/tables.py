"""The history's tables, as the newest schema version has them.

Invariant: only types that SQLite and PostgreSQL share; moments are whole milliseconds since 1970,
UTC; run ids are text. What a column of runs or series gives has its type (`column_types.py`); of
figures, of which there are millions, the readers look at it themselves.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

from virtslo.store.history.column_types import (
    StoredBigWhole,
    StoredMoment,
    StoredText,
    StoredTruth,
    StoredWhole,
)

METADATA: Final = MetaData()

VERSION = Table(
    "history_version",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("version", StoredWhole, nullable=False),
)
"""One row: the schema version. Its lock orders the writers of a PostgreSQL."""

RUN = Table(
    "history_run",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("job", StoredText, nullable=False),
    Column("run_id", StoredText, nullable=False),
    Column("lineage", StoredText, nullable=False),
    Column("environment", StoredText, nullable=False),
    Column("started_ms", StoredMoment),
    Column("ended_ms", StoredMoment, nullable=False),
    Column("form", StoredText, nullable=False),
    Column("origin", StoredText, nullable=False),
    Column("content_hash", StoredText, nullable=False),
    Column("is_valid", StoredTruth, nullable=False),
    Column("is_simulated", StoredTruth, nullable=False),
    Column("seed", StoredBigWhole),
    Column("facts", StoredText, nullable=False),
    Column("findings", StoredText, nullable=False),
    Column("flags", StoredText, nullable=False),
    UniqueConstraint("job", "run_id", name="history_run_identity"),
    Index("history_run_order", "lineage", "ended_ms"),
)

SERIES = Table(
    "history_series",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("lineage", StoredText, nullable=False),
    Column("kind", StoredText, nullable=False),
    Column("indicator", StoredText, nullable=False),
    Column("statistic", StoredText, nullable=False),
    Column("unit", StoredText, nullable=False),
    UniqueConstraint("lineage", "kind", "indicator", "statistic", name="history_series_identity"),
)

FIGURE = Table(
    "history_figure",
    METADATA,
    Column("series", Integer, ForeignKey("history_series.id"), primary_key=True),
    Column("run", Integer, ForeignKey("history_run.id"), primary_key=True),
    Column("value", Double),
    Column("samples", BigInteger),
    Column("source", Text),
    Column("reason", Text),
    Column("flag", Text),
    Column("low", Double),
    Column("high", Double),
    sqlite_with_rowid=False,
)

COLUMNS = Table(
    "history_columns",
    METADATA,
    Column("lineage", Text, primary_key=True),
    Column("runs", StoredWhole, nullable=False),
    Column("digest", StoredText, nullable=False),
)
"""Of which runs a lineage's columns hold the values: a copy of the figures that is read fast."""

COLUMN = Table(
    "history_column",
    METADATA,
    Column("series", Integer, ForeignKey("history_series.id"), primary_key=True),
    Column("packed", LargeBinary, nullable=False),
    Column("notes", Text, nullable=False),
)
"""A series' values, 8 bytes each, and the flags and intervals of single ones."""

CHECKPOINT = Table(
    "history_checkpoint",
    METADATA,
    Column("lineage", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("indicator", Text, primary_key=True),
    Column("statistic", Text, primary_key=True),
    Column("aspect", Text, primary_key=True),
    Column("parameters", Text, nullable=False),
    Column("digest", StoredText, nullable=False),
    Column("document", Text, nullable=False),
)
"""How far the detector of changes has looked at a series, and what it found."""
