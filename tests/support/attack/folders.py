"""Folders of suites, sweeps and searches that were changed after they were written.

Invariant: what is tried differs from a right folder in one place of one document.
"""

import json
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from support.attack.judging import DOCUMENTED, NOT_VALID, Attempt, judged
from support.attack.values import ODD, dotted, odd_texts, places, put, shown
from support.cli import Outcome, virtslo

SIMULATED: Final = ("--simulate", "instant", "--quiet")
_SUITE: Final = """apiVersion: virtslo/v1
name: two
suite: {tests: [burst], kinds: [vmi, vm]}
workload: {count: 2, template: cirros}
"""


def odd_folders(folder: Path, most: int, chance: random.Random) -> Iterator[Attempt]:
    """Odd values in the documents of each kind of folder, at most so many of each document."""
    file = folder / "suite.yaml"
    file.write_text(_SUITE)
    sweep = ("sweep", "burst", "--vary", "count=2,3", "--seeds", "1", "--workers", "1")
    suite = _made(folder / "runs", "run", str(file), "--repeat", "1", "--runs")
    yield from _lies(suite)
    yield from _changed(suite, "suite.json", most, chance, ("report", "{}"))
    yield from _changed(suite, "suite.json", most, chance, ("list", "--runs", "{}/.."))
    swept = _made(folder / "sweeps", *sweep, "--sweeps")
    shutil.rmtree(swept / "point-00001")
    for document in ("sweep.json", "point-00000/point.json"):
        command = ("sweep", "--resume", "{}", "--quiet", "--workers", "1")
        yield from _changed(swept, document, most, chance, command)
    search = ("search", "--of", "count", "--start", "20", "--at-most", "20")
    searched = _made(folder / "searches", *search, "--searches")
    yield from _changed(searched, "search.json", most, chance, ("report", "{}"))


def _made(where: Path, *command: str) -> Path:
    done = virtslo(*command, str(where), *SIMULATED)
    assert done.code in {0, 4}, done.err
    return next(path for path in where.iterdir() if path.is_dir())


def _changed(
    whole: Path, document: str, most: int, chance: random.Random, command: tuple[str, ...]
) -> Iterator[Attempt]:
    good = json.loads((whole / document).read_bytes())
    trials = [(place, value) for place in places(good) for value in ODD]
    for place, value in chance.sample(trials, min(most, len(trials))):
        text = json.dumps(put(good, place, value)).encode()
        given = f"{document}: {dotted(place)} = {shown(value)}, {command[0]}"
        yield judged("folders", given, _of(whole, document, text, command))
    for name, text in odd_texts().items():
        given = f"{document}: {name}, {command[0]}"
        codes = DOCUMENTED if command[0] == "list" or document == "search.json" else NOT_VALID
        yield judged("folders", given, _of(whole, document, text, command), codes=codes)


def _of(whole: Path, document: str, text: bytes, command: tuple[str, ...]) -> Callable[[], Outcome]:
    def run() -> Outcome:
        copied = whole.parent.parent / "changed" / whole.name
        shutil.rmtree(copied.parent, ignore_errors=True)
        shutil.copytree(whole, copied)
        (copied / document).write_bytes(text)
        return virtslo(*(part.replace("{}", str(copied)) for part in command))

    return run


def _lies(suite: Path) -> Iterator[Attempt]:
    """What a suite says of its parts that their records do not: never a valid report."""
    good = json.loads((suite / "suite.json").read_bytes())
    parts = good["parts"]
    lies = {
        "no parts": [],
        "one part fewer": parts[:1],
        "a part twice": [parts[0], parts[0]],
        "one record for two parts": [parts[0], {**parts[1], "record": parts[0]["record"]}],
        "records exchanged": [
            {**parts[0], "record": parts[1]["record"]}, {**parts[1], "record": parts[0]["record"]},
        ],
        "a record elsewhere": [{**parts[0], "record": f"../{suite.name}"}, parts[1]],
        "a record of the root": [{**parts[0], "record": "/"}, parts[1]],
        "no record": [{**parts[0], "record": None}, parts[1]],
        "a missing record": [{**parts[0], "record": "gone"}, parts[1]],
    }  # fmt: skip
    for name, told in lies.items():
        text = json.dumps({**good, "parts": told}).encode()
        run = _of(suite, "suite.json", text, ("report", "{}"))
        yield judged("folders", f"a suite's lie: {name}", run, codes=NOT_VALID)
