"""A sample of what `make attack` gives to virtslo: what is wrong, wherever it reads."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.attack.special import named_in_commands, options_with_paths
from support.attack.sweeps import SWEEPS


def _marked() -> Iterator[object]:
    for name, sweep in SWEEPS.items():
        marks = [] if sweep.is_quick else [pytest.mark.slow]
        if sweep.has_sockets:
            marks.append(pytest.mark.sockets)
        yield pytest.param(name, marks=marks)


@pytest.mark.parametrize("name", list(_marked()))
def test_every_trial_of_a_sweep_holds(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    sweep = SWEEPS[name]

    found = list(sweep.trials(tmp_path, random.Random(1), sweep.most))

    assert [f"{each.given}: {each.broken}" for each in found if each.broken] == []
    assert len(found) >= sweep.least


def test_what_is_no_file_is_tried_wherever_a_path_can_be_named() -> None:
    assert options_with_paths() - named_in_commands() == set()
