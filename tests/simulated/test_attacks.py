"""A sample of what `make attack` gives to virtslo: what is wrong, wherever it reads."""

import random
from collections.abc import Iterable
from pathlib import Path

import pytest

from support.attack import (
    arguments,
    calls,
    checkups,
    commands,
    files,
    folders,
    records,
    requests,
    traces,
)
from support.attack.judging import Attempt


def held(attempts: Iterable[Attempt], least: int) -> None:
    found = list(attempts)

    assert [f"{each.given}: {each.broken}" for each in found if each.broken] == []
    assert len(found) >= least


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def record(folder: Path) -> Path:
    return records.recorded(folder / "whole").resolve()


def test_outputs_onto_what_is_no_file_are_refused(folder: Path, record: Path) -> None:
    held(commands.odd_outputs(folder, record), 25)


def test_a_record_that_was_changed_is_never_valid(folder: Path, record: Path) -> None:
    held(records.changed_bytes(record, folder, random.Random(1), flips=4), 50)


def test_audits_of_odd_answers_are_never_met(folder: Path) -> None:
    held(commands.odd_prometheus(folder), 100)


@pytest.mark.slow
def test_files_of_every_kind_are_refused_or_read(folder: Path, record: Path) -> None:
    held(files.sampled(folder, record, 4, random.Random(2)), 150)


@pytest.mark.slow
def test_histories_that_were_changed_are_damaged(folder: Path) -> None:
    held(records.histories(folder, random.Random(3), 25), 150)


@pytest.mark.slow
def test_odd_values_in_records_are_said(folder: Path, record: Path) -> None:
    held(records.odd_records(record, folder, 20, random.Random(4)), 100)


@pytest.mark.slow
@pytest.mark.sockets
def test_every_call_takes_every_answer() -> None:
    held(calls.every_call(), 1000)


@pytest.mark.slow
def test_commands_fail_well_on_every_answer(folder: Path) -> None:
    held(commands.odd_servers(folder), 400)


@pytest.mark.slow
@pytest.mark.sockets
def test_requests_of_every_kind_leave_the_simulated_server_well(folder: Path) -> None:
    held(requests.odd_requests(folder, 25, random.Random(5)), 120)


@pytest.mark.slow
@pytest.mark.sockets
def test_odd_arguments_and_variables_are_refused_well(folder: Path, record: Path) -> None:
    held(arguments.odd_arguments(folder, 3, random.Random(6)), 300)


@pytest.mark.slow
def test_odd_traces_are_refused_or_played(folder: Path) -> None:
    held(traces.odd_traces(folder, 40, random.Random(7)), 250)


@pytest.mark.slow
def test_folders_that_were_changed_are_damaged(folder: Path) -> None:
    held(folders.odd_folders(folder, 4, random.Random(8)), 200)


@pytest.mark.slow
@pytest.mark.sockets
def test_odd_checkups_fail_well(folder: Path) -> None:
    held(checkups.odd_checkups(folder, 3, random.Random(9)), 60)
