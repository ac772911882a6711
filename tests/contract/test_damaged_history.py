"""What a damaged history, or one of another virtslo, still gives."""

import os
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import text

from support.sample_history import copied
from support.stored_runs import JOB, stored_run
from virtslo.base.errors import StoreError
from virtslo.model.history.checkpoints import Checkpoint, CheckpointKey, KeptCheckpoint
from virtslo.model.history.runs import HistoryRun, OddInput
from virtslo.store.history.database import open_history
from virtslo.store.history.engine import open_engine, transaction
from virtslo.store.history.migrations import NEWEST
from virtslo.store.history.salvage import is_history, read_history

RUNS = 400
PAGE = 4096


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A history, to be copied and never opened."""
    made = tmp_path_factory.mktemp("whole") / "history.db"
    history = open_history(str(made))
    history.put(stored_run(number, value=float(number)) for number in range(RUNS))
    history.close()
    return made


@pytest.fixture
def path(whole: Path, tmp_path: Path) -> Path:
    return copied(whole, tmp_path)


def runs_of(path: Path) -> tuple[list[HistoryRun], list[OddInput]]:
    found = list(read_history(path))
    return (
        [item for item in found if isinstance(item, HistoryRun)],
        [item for item in found if isinstance(item, OddInput)],
    )


def test_a_whole_history_is_read_as_it_was_stored(path: Path) -> None:
    runs, odd = runs_of(path)

    assert odd == []
    assert runs == [stored_run(number, value=float(number)) for number in range(RUNS)]
    assert is_history(path)


def test_every_run_outside_of_a_damaged_page_is_kept(path: Path) -> None:
    content = bytearray(path.read_bytes())
    at = content.index(b"9007199254741193") // PAGE * PAGE
    content[at : at + PAGE] = b"\xff" * PAGE
    path.write_bytes(content)

    runs, odd = runs_of(path)

    assert RUNS / 2 < len(runs) <= RUNS
    assert all(run == stored_run(int(run.run_id) - 9_007_199_254_740_993,
                                 value=float(int(run.run_id) - 9_007_199_254_740_993))
               for run in runs if run.figures)  # fmt: skip
    assert len(runs) + sum(item.is_lost for item in odd) == RUNS
    assert len(runs) < RUNS


def test_reading_a_damaged_history_says_how_to_keep_the_rest(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[PAGE * 2 :] = b"\xff" * len(content[PAGE * 2 :])
    path.write_bytes(content)

    with pytest.raises(StoreError, match="malformed") as caught:
        open_history(str(path)).load(JOB)

    assert "history import DAMAGED" in caught.value.hint


def test_a_history_without_intervals_is_read_too(path: Path) -> None:
    engine = open_engine(str(path))
    with transaction(engine, writes=True) as connection:
        for name in ("low", "high"):
            connection.execute(text(f"ALTER TABLE history_figure DROP COLUMN {name}"))
    engine.dispose()

    runs, odd = runs_of(path)

    assert (len(runs), odd) == (RUNS, [])
    assert runs[7].figures[0].value == 7.0


def test_a_newer_history_is_refused(path: Path) -> None:
    engine = open_engine(str(path))
    with transaction(engine, writes=True) as connection:
        connection.execute(text(f"UPDATE history_version SET version = {NEWEST + 1}"))
    engine.dispose()

    with pytest.raises(StoreError, match="newer virtslo"):
        list(read_history(path))


def test_another_database_is_named_with_its_reason(tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    engine = open_engine(str(other))
    with transaction(engine, writes=True) as connection:
        connection.execute(text("CREATE TABLE other (id INTEGER)"))
    engine.dispose()

    runs, (odd,) = runs_of(other)

    assert runs == []
    assert "no such table" in odd.reason


ODD_VALUES = (
    ("history_run", "ended_ms", "'x'", "whole number"),
    ("history_run", "started_ms", "9223372036854775807", "before the year 10000"),
    ("history_run", "lineage", "x'ff00'", "a text"),
    ("history_run", "is_valid", "'x'", "true or false"),
    ("history_run", "flags", "'[]'", "quality flags"),
    ("history_run", "findings", "'{'", "pairs"),
    ("history_run", "facts", "''", "facts"),
    ("history_run", "seed", "'x'", "whole number"),
    ("history_figure", "value", "'x'", "a number"),
    ("history_figure", "flag", "x'ff00'", "a text"),
    ("history_figure", "low", "'x'", "a number"),
    ("history_version", "version", "'x'", "whole number"),
    ("history_version", "version", "-1", "a schema version"),
)


@pytest.mark.parametrize(("table", "column", "value", "expected"), ODD_VALUES)
def test_a_value_of_another_type_is_damage_and_the_rest_is_kept(
    tmp_path: Path, table: str, column: str, value: str, expected: str
) -> None:
    """SQLite stores any type in any column."""
    path = tmp_path / "history.db"
    history = open_history(str(path))
    history.put(stored_run(number, value=1.0) for number in range(3))
    lineage = history.lineages()[0].name
    history.close()
    with sqlite3.connect(path) as connection:
        connection.execute("update history_figure set low = 1, high = 2")
        where = {"history_run": "id = 2", "history_figure": "run = 2"}.get(table, "id = 1")
        connection.execute(f"update {table} set {column} = {value} where {where}")
    connection.close()

    def read() -> None:
        opened = open_history(str(path))
        opened.lineages()
        opened.load(lineage)

    with pytest.raises(StoreError, match=expected) as refused:
        read()
    assert "history import" in refused.value.hint
    if table == "history_run":
        runs, odd = runs_of(path)
        assert len(runs) == 2
        assert len(odd) == 1


@pytest.mark.parametrize(
    "notes",
    [
        '{"flags":{"999":"x"},"intervals":{}}',
        '{"flags":{"-1":"x"},"intervals":{}}',
        '{"flags":{"0":7},"intervals":{}}',
        '{"flags":[1],"intervals":{}}',
        '{"flags":{},"intervals":{"0":["x",2]}}',
        "[" * 100_000,
    ],
)
def test_columns_that_are_damaged_are_read_from_the_rows(path: Path, notes: str) -> None:
    history = open_history(str(path))
    whole = history.load(JOB)
    with sqlite3.connect(path) as database:
        database.execute("UPDATE history_column SET notes = ?", (notes,))

    found = history.load(JOB)

    assert (found.series, found.flagged, found.intervals) == (
        whole.series,
        whole.flagged,
        whole.intervals,
    )
    history.close()


@pytest.mark.parametrize("document", ["[Infinity,1,0,[],[]]", "[" * 100_000, "{}"])
def test_a_checkpoint_that_is_damaged_is_none(path: Path, document: str) -> None:
    history = open_history(str(path))
    key = CheckpointKey(next(iter(history.load(JOB).series)), "level")
    history.keep_checkpoints(JOB, {key: KeptCheckpoint(Checkpoint(), "", "")})
    with sqlite3.connect(path) as database:
        database.execute("UPDATE history_checkpoint SET document = ?", (document,))

    assert history.checkpoints(JOB) == {}
    history.close()


@pytest.mark.parametrize(
    "statement",
    [
        f"UPDATE history_run SET id = {2**63 - 1} WHERE id = {RUNS}",
        f"UPDATE history_figure SET run = {2**63 - 1} WHERE run = {RUNS}",
    ],
)
def test_a_number_that_no_run_can_have_costs_one_look(path: Path, statement: str) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute(statement)
    connection.close()
    runs, odd = runs_of(path)

    assert len(runs) == RUNS
    assert "more than 10,000 run numbers have no run" in [item.reason for item in odd]


@pytest.mark.parametrize("name", ["history_run", "history_series", "history_figure"])
def test_a_view_in_the_place_of_a_table_is_refused_unread(path: Path, name: str) -> None:
    with sqlite3.connect(path) as connection:
        columns = [row[1] for row in connection.execute(f"PRAGMA table_info({name})")]
        connection.execute(f"ALTER TABLE {name} RENAME TO other")
        endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n)"
        values = ", ".join(f"x AS {column}" for column in columns)
        connection.execute(f"CREATE VIEW {name} AS {endless} SELECT {values} FROM n")
    connection.close()

    with pytest.raises(StoreError, match=f"the view '{name}', expected tables alone"):
        open_history(str(path))
    with pytest.raises(StoreError, match="expected tables alone"):
        runs_of(path)


def test_a_pipe_is_no_history(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    assert not is_history(tmp_path / "pipe")


@pytest.mark.parametrize(
    "place",
    [
        "postgresql://u:sekrit@h:x:y/n",
        f"postgresql://u:sekrit@{'a' * 300}/n",
        "postgresql://u:sekrit@../n",
    ],
)
def test_an_address_that_no_server_has_is_said_without_its_password(place: str) -> None:
    with pytest.raises(StoreError) as caught:
        open_history(place)

    assert "sekrit" not in caught.value.message + caught.value.hint


def test_a_name_that_has_no_utf_8_is_not_in_a_history(path: Path) -> None:
    with pytest.raises(StoreError, match="surrogates not allowed"):
        open_history(str(path)).load("\udcff")


def test_words_of_the_driver_that_are_no_utf_8_are_damage(path: Path) -> None:
    """Words of the schema that are no UTF-8 come back in the driver's error, undecoded."""
    content = path.read_bytes()
    path.write_bytes(content.replace(b"CREATE TABLE history_", b"CREATE\x91TABLE history_"))

    runs, odd = runs_of(path)

    assert runs == []
    assert odd
