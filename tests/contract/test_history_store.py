"""What every history database owes its users: the same suite over SQLite and PostgreSQL."""

import math
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from support.postgresql import missing, running
from support.stored_runs import JOB, stored_run
from virtslo.base.errors import StoreError
from virtslo.model.history.checkpoints import (
    Candidate,
    Checkpoint,
    CheckpointKey,
    KeptCheckpoint,
)
from virtslo.model.history.runs import Lineage, SeriesKey
from virtslo.ports.history_store import HistoryStore
from virtslo.store.history.database import WORTH_PACKING, open_history
from virtslo.store.history.engine import open_engine, transaction
from virtslo.store.history.migrations import MIGRATIONS, NEWEST, migrate, version_of

KEY = SeriesKey("vmi", "CREATE-pods-count", "p95")
POSTGRESQL = pytest.param(
    "postgresql",
    marks=[pytest.mark.slow, pytest.mark.skipif(bool(missing()), reason=missing() or "none")],
)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with running() as url:
        yield url


@pytest.fixture(params=["sqlite", POSTGRESQL])
def location(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return str(tmp_path / "deep" / "history.db")
    url: str = request.getfixturevalue("server")
    engine = open_engine(url)
    with transaction(engine, writes=True) as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()
    return url


@pytest.fixture
def store(location: str) -> Iterator[HistoryStore]:
    history = open_history(location)
    yield history
    history.close()


def test_a_run_comes_back_as_it_was_stored(store: HistoryStore) -> None:
    run = stored_run(1)
    store.put([run])

    assert store.find(run.run_id) == [run]


def test_a_figure_without_a_value_keeps_its_reason_and_is_not_0(store: HistoryStore) -> None:
    store.put([stored_run(1, value=None), stored_run(2, value=0.0)])

    (kept,) = store.find(stored_run(1).run_id)
    values = store.load(JOB).series[KEY]

    assert kept.figures[0].reason == "the source has no data"
    assert math.isnan(values[0])
    assert values[1] == 0.0


def test_an_interval_is_read_with_its_series(store: HistoryStore) -> None:
    store.put([stored_run(1, value=None), stored_run(2, value=5.0)])

    assert store.load(JOB).intervals == {KEY: {1: (4.0, 6.0)}}


def test_a_history_without_intervals_gets_the_columns_and_keeps_its_figures(location: str) -> None:
    history = open_history(location)
    history.put([stored_run(1, value=5.0)])
    history.close()
    engine = open_engine(location)
    with transaction(engine, writes=True) as connection:
        for name in ("column", "columns", "checkpoint"):
            connection.execute(text(f"DROP TABLE history_{name}"))
        for name in ("low", "high"):
            connection.execute(text(f"ALTER TABLE history_figure DROP COLUMN {name}"))
        connection.execute(text("UPDATE history_version SET version = 1"))
    engine.dispose()

    history = open_history(location)
    history.put([stored_run(2, value=6.0)])

    found = history.load(JOB)
    history.close()
    assert list(found.series[KEY]) == [5.0, 6.0]
    assert found.intervals == {KEY: {1: (5.0, 7.0)}}


def test_a_history_that_is_read_from_columns_is_the_same_as_from_rows(store: HistoryStore) -> None:
    runs = [stored_run(number, value=None if number % 7 == 3 else float(number))
            for number in range(WORTH_PACKING + 9)]  # fmt: skip
    store.put(runs[: WORTH_PACKING + 4])
    rows = store.load(JOB)
    columns = store.load(JOB)
    store.put(runs)
    grown = store.load(JOB)

    assert same(rows, columns)
    assert len(grown.runs) == len(runs)
    assert list(grown.series[KEY])[-2:] == [runs[-2].figures[0].value, runs[-1].figures[0].value]
    assert grown.intervals[KEY] == {
        number: run.figures[0].interval
        for number, run in enumerate(runs)
        if run.figures[0].interval is not None and run.figures[0].value is not None
    }


@pytest.mark.parametrize("number", [0, WORTH_PACKING // 2, WORTH_PACKING - 1])
def test_an_earlier_run_that_is_rewritten_is_not_read_from_columns(
    store: HistoryStore, number: int
) -> None:
    store.put([stored_run(each, value=5.0) for each in range(WORTH_PACKING)])
    store.load(JOB)

    store.put([stored_run(number, value=99.0)])

    expected = [5.0] * WORTH_PACKING
    expected[number] = 99.0
    assert list(store.load(JOB).series[KEY]) == expected


def test_a_run_that_comes_late_takes_its_place_among_those_in_columns(store: HistoryStore) -> None:
    numbers = [number for number in range(WORTH_PACKING + 1) if number != 7]
    store.put([stored_run(number, value=float(number)) for number in numbers])
    store.load(JOB)

    store.put([stored_run(7, value=7.0)])

    assert list(store.load(JOB).series[KEY]) == [float(each) for each in range(WORTH_PACKING + 1)]


def test_checkpoints_come_back_as_they_were_kept(store: HistoryStore) -> None:
    candidate = Candidate(12, 100, 106, 4.25)
    kept = KeptCheckpoint(Checkpoint(100, 130, 40, (7, 40), (candidate,)), "1/100", "ab12")
    key = CheckpointKey(KEY, "level")
    store.keep_checkpoints(JOB, {key: replace(kept, digest="old"), key._replace(aspect="x"): kept})

    store.keep_checkpoints(JOB, {key: kept})

    assert store.checkpoints(JOB) == {key: kept, key._replace(aspect="x"): kept}
    assert store.checkpoints("other") == {}


def test_a_history_that_another_process_writes_is_read_without_waiting(tmp_path: Path) -> None:
    where = str(tmp_path / "history.db")
    history = open_history(where)
    history.put([stored_run(each) for each in range(WORTH_PACKING)])
    engine = open_engine(where)
    kept = KeptCheckpoint(Checkpoint(), "", "")

    with transaction(engine, writes=True):
        found = history.load(JOB)
        history.keep_checkpoints(JOB, {CheckpointKey(KEY, "level"): kept})

    assert len(found.runs) == WORTH_PACKING
    assert history.checkpoints(JOB) == {}
    engine.dispose()
    history.close()


def same(one: Lineage, other: Lineage) -> bool:
    """Whether two lineages hold the same, not-a-number included."""
    raw = [{key: bytes(values) for key, values in item.series.items()} for item in (one, other)]
    rest = [replace(item, series={}) for item in (one, other)]
    return raw[0] == raw[1] and rest[0] == rest[1]


def test_storing_again_changes_nothing(store: HistoryStore) -> None:
    runs = [stored_run(number) for number in range(3)]

    first, second = store.put(runs), store.put(runs)

    assert (first.added, first.unchanged) == (3, 0)
    assert (second.added, second.updated, second.unchanged) == (0, 0, 3)
    assert len(store.load(JOB).runs) == 3


def test_a_rewritten_run_is_updated_with_its_figures(store: HistoryStore) -> None:
    store.put([stored_run(1, indicator="OLD"), stored_run(2)])

    outcome = store.put([stored_run(1, value=99.0)])

    (kept,) = store.find(stored_run(1).run_id)
    assert (outcome.added, outcome.updated) == (0, 1)
    assert [figure.indicator for figure in kept.figures] == ["CREATE-pods-count"]
    assert list(store.load(JOB).series[KEY]) == [99.0, 10.0]


def test_runs_are_in_the_order_in_which_they_ended(store: HistoryStore) -> None:
    store.put([stored_run(number, value=float(number)) for number in (3, 1, 2)])

    assert list(store.load(JOB).series[KEY]) == [1.0, 2.0, 3.0]


def test_runs_of_one_id_in_two_jobs_are_two_runs(store: HistoryStore) -> None:
    store.put([stored_run(1), stored_run(1, job="other")])

    assert [run.job for run in store.find(stored_run(1).run_id)] == ["other", JOB]


def test_a_list_counts_runs_and_series(store: HistoryStore) -> None:
    store.put([stored_run(1), stored_run(2, is_valid=False), stored_run(3, environment="1.34")])

    (summary,) = store.lineages()

    assert (summary.name, summary.runs, summary.valid, summary.series) == (JOB, 3, 2, 1)
    assert summary.environments == 2


def test_an_unknown_job_is_an_error_with_a_hint(store: HistoryStore) -> None:
    with pytest.raises(StoreError, match="no runs of 'nothing'") as caught:
        store.load("nothing")

    assert "history list" in caught.value.hint


def test_a_failing_import_leaves_nothing_of_its_transaction(store: HistoryStore) -> None:
    broken = replace(stored_run(2), job=None)  # type: ignore[arg-type]

    with pytest.raises(StoreError):
        store.put([stored_run(1), broken])

    assert store.lineages() == []


def test_writers_at_once_lose_nothing(location: str) -> None:
    open_history(location).close()
    failures: list[BaseException] = []

    def write(first: int) -> None:
        try:
            history = open_history(location)
            for number in range(first, first + 10):
                history.put([stored_run(number), stored_run(number, job=f"job {number % 3}")])
            history.close()
        except StoreError as error:
            failures.append(error)

    writers = [threading.Thread(target=write, args=(number,)) for number in (0, 5, 10)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    history = open_history(location)
    counts = {item.name: item.runs for item in history.lineages()}
    history.close()
    assert failures == []
    assert counts == {JOB: 20, "job 0": 7, "job 1": 7, "job 2": 6}


def test_a_newer_history_is_refused_and_left_alone(location: str) -> None:
    open_history(location).close()
    engine = open_engine(location)
    with transaction(engine, writes=True) as connection:
        connection.execute(text(f"UPDATE history_version SET version = {NEWEST + 1}"))

    with pytest.raises(StoreError, match="written by a newer virtslo"):
        open_history(location)
    with transaction(engine, writes=False) as connection:
        assert version_of(connection) == NEWEST + 1
    engine.dispose()


def test_an_older_history_is_migrated_with_what_it_holds(location: str) -> None:
    history = open_history(location)
    history.put([stored_run(1)])
    history.close()
    engine = open_engine(location)
    made: list[int] = []

    with transaction(engine, writes=True) as connection:
        found = migrate(connection, {**MIGRATIONS, NEWEST + 1: lambda _: made.append(NEWEST + 1)})
        assert found == NEWEST
        assert version_of(connection) == NEWEST + 1
        connection.execute(text(f"UPDATE history_version SET version = {NEWEST}"))
    engine.dispose()

    history = open_history(location)
    assert made == [NEWEST + 1]
    assert len(history.find(stored_run(1).run_id)) == 1
    history.close()


def test_no_message_holds_the_password(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as caught:
        open_history(f"postgresql://user:hidden@/x?host={tmp_path}")

    assert "hidden" not in str(caught.value) + caught.value.hint
