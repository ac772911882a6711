"""Every sweep of the attack, in one list: what it gives, and how much of it the tests take.

Invariant: `tools/attack.py` carries out what stands here and nothing else, and so do the tests.
"""

import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from support.attack import (
    arguments,
    calls,
    checkups,
    commands,
    files,
    folders,
    numbers,
    records,
    requests,
    special,
    traces,
)
from support.attack.judging import Attempt

Trials = Callable[[Path, random.Random, int], Iterable[Attempt]]
"""Trials in a folder, which is the working directory: at most so many of each kind."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """One sweep."""

    words: str
    """What is given."""
    trials: Trials
    most: int
    """Of each kind, in the tests."""
    least: int
    """How many trials the tests make at least."""
    is_quick: bool = False
    """Whether the tests have it at every run."""
    has_sockets: bool = False


def _files(folder: Path, chance: random.Random, most: int) -> Iterator[Attempt]:
    return files.sampled(folder, records.recorded(folder / "whole").resolve(), most, chance)


def _records(folder: Path, chance: random.Random, most: int) -> Iterator[Attempt]:
    return records.changed_bytes(records.recorded(folder / "whole"), folder, chance, min(most, 20))


def _values(folder: Path, chance: random.Random, most: int) -> Iterator[Attempt]:
    return records.odd_records(records.recorded(folder / "whole"), folder, most, chance)


def _numbers(folder: Path, chance: random.Random, most: int) -> Iterator[Attempt]:
    return numbers.odd_numbers(_whole(folder), folder, most, chance)


def _arguments(folder: Path, chance: random.Random, most: int) -> Iterator[Attempt]:
    records.recorded(folder / "whole")
    return arguments.odd_arguments(folder, most, chance)


def _special(folder: Path, chance: random.Random, most: int) -> Iterator[Attempt]:
    _whole(folder)
    return special.special_files(folder, most, chance)


def _whole(folder: Path) -> Path:
    """A record that commands name as `whole`."""
    whole = folder / "whole"
    whole.symlink_to(records.recorded(folder / "recorded"))
    return whole


SWEEPS: Final[Mapping[str, Sweep]] = {
    "files": Sweep("files of every kind that an option or argument names", _files, 4, 150),
    "special": Sweep(
        "pipes, devices, sockets, folders and links wherever a path can be named",
        _special, 4, 250,
    ),
    "options": Sweep(
        "numbers, faults and settings on the command line",
        lambda folder, chance, most: commands.odd_options(), 0, 1000,
    ),
    "arguments": Sweep(
        "options and arguments of the other commands, and variables",
        _arguments, 3, 300, has_sockets=True,
    ),
    "traces": Sweep(
        "traces, and audit logs and SimKube's files that traces are made of",
        lambda folder, chance, most: traces.odd_traces(folder, most, chance), 40, 250,
    ),
    "folders": Sweep(
        "folders of suites, sweeps and searches that were changed",
        lambda folder, chance, most: folders.odd_folders(folder, most, chance), 4, 200,
    ),
    "checkups": Sweep(
        "checkups whose ConfigMap is odd",
        lambda folder, chance, most: checkups.odd_checkups(folder, most, chance), 3, 60,
        has_sockets=True,
    ),
    "outputs": Sweep(
        "outputs onto devices, folders and links, in each format",
        lambda folder, chance, most: commands.odd_outputs(
            folder, records.recorded(folder / "whole").resolve()),
        0, 25, is_quick=True,
    ),
    "records": Sweep(
        "records whose bytes were changed, without their digests", _records, 3, 50, is_quick=True
    ),
    "values": Sweep("odd values in records, with their digests", _values, 20, 100),
    "numbers": Sweep(
        "numbers and times at the ends of what there is in records, by each command that reads one",
        _numbers, 8, 30,
    ),
    "histories": Sweep(
        "databases whose bytes or values were changed", records.histories, 25, 150
    ),
    "calls": Sweep(
        "each call to an API server, with every answer, watch body and exposition",
        lambda folder, chance, most: calls.every_call(), 0, 1000, has_sockets=True,
    ),
    "commands": Sweep(
        "commands that ask a cluster, with every answer",
        lambda folder, chance, most: commands.odd_servers(folder), 0, 400,
    ),
    "prometheus": Sweep(
        "audits of every answer of a Prometheus",
        lambda folder, chance, most: commands.odd_prometheus(folder), 0, 100, is_quick=True,
    ),
    "requests": Sweep(
        "requests to virtslo simulate: bytes, heads, paths, queries, bodies, patches, objects",
        lambda folder, chance, most: requests.odd_requests(folder, most, chance), 25, 120,
        has_sockets=True,
    ),
    "streams": Sweep(
        "standard streams that are full, closed or broken",
        lambda folder, chance, most: commands.odd_streams(folder), 0, 25,
    ),
}  # fmt: skip
"""What is attacked, by the name of the sweep."""
