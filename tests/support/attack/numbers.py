"""Numbers and times at the ends of what there is, in every place of a record that holds one.

Held: each command that reads the record says what is damaged, or makes figures that are numbers;
the digests are made again, so that nothing but the number is wrong.
"""

import json
import random
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from support.attack import records
from support.attack.judging import Attempt, judged
from support.attack.values import Place, dotted, places, put, shown
from support.cli import Outcome, virtslo
from virtslo.cli.formats import FORMATS
from virtslo.store.digests import DIGESTS

NUMBERS: Final[tuple[Any, ...]] = (
    -1, 0, 1, 1e-9, 1e-300, 10**14, 36 * 10**16, 2**31, 2**53, 2**62, 2**62 + 1, 2**63 - 1, 2**63,
    -(2**62), -(2**63), 10**30, 10**400, 1e308,
)  # fmt: skip
TIMES: Final = (
    "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59Z",
    "9999-12-31T23:59:59.999999-14:00", "2026-02-30T00:00:00Z", "2026-01-31", "1ns",
)  # fmt: skip
RAW: Final = ("9" * 5000, "1e999", "NaN", "-Infinity")
"""As they are written: no value of Python's is dumped so."""
READERS: Final[tuple[tuple[str, ...], ...]] = (
    *(("report", "{}", "--allow-simulated", "--format", form) for form in FORMATS),
    ("tables", "{}"), ("list", "--runs", "{}/.."), ("compare", "{}", "whole"),
    ("compare", "whole", "{}", "--format", "html", "-o", "compared.html"), ("plan", "{}", "whole"),
    ("history", "import", "{}", "--history", "made.db"), ("calibrate", "{}"),
    ("predict", "{}", "--count", "3", "--seeds", "1"), ("record", "{}", "-o", "made.jsonl"),
    ("show", "{}", "--no-browser"),
)  # fmt: skip
"""Commands that read a record; {} is its path."""
_MARK: Final = "RAW-RAW"
_INDEX: Final = re.compile(r"\b\d+\b")


def odd_numbers(whole: Path, folder: Path, most: int, chance: random.Random) -> Iterator[Attempt]:
    """An odd number in one place of a record, read by one command: at most so many of each file.

    Places that differ in an index alone are one place; first and last lines are tried.
    """
    for path in sorted(whole.iterdir()):
        if path.name == "log.txt":
            continue
        documents = records.documents(path)
        trials = [
            (number, place, value)
            for number in sorted({0, len(documents) - 1})
            for place in _numeric(documents[number])
            for value in _values(_at(documents[number], place))
        ]
        for number, place, value in chance.sample(trials, min(most, len(trials))):
            copied = records.fresh_copy(whole, folder)
            changed = [*documents]
            changed[number] = put(documents[number], place, value)
            records.write(copied / path.name, changed, _replaced)
            if path.name != DIGESTS:
                records.digest_again(copied)
            (folder / "made.db").unlink(missing_ok=True)
            command = chance.choice(READERS)
            given = f"{path.name}[{number}].{dotted(place)} = {shown(value)}: {' '.join(command)}"
            yield _judged(given, [part.replace("{}", str(copied)) for part in command])


def _judged(given: str, command: list[str]) -> Attempt:
    done: list[Outcome] = []

    def run() -> Outcome:
        done.append(virtslo(*command))
        return done[0]

    attempt = judged("numbers", given, run)
    if not attempt.broken and "json" in command and done[0].code in {0, 4}:
        try:
            json.loads(done[0].out, parse_constant=_refuse)
        except ValueError as error:
            return Attempt("numbers", given, f"its JSON is none: {error}")
    return attempt


def _refuse(name: str) -> None:
    raise ValueError(name)


def _replaced(text: str) -> str:
    """A text in which the mark of a raw number stands as it is written."""
    return re.sub(rf'"{_MARK}(\d)"', lambda match: RAW[int(match[1])], text)


def _numeric(document: Any) -> Iterator[Place]:
    found: set[str] = set()
    for place in places(document):
        value = _at(document, place)
        pattern = _INDEX.sub("*", dotted(place))
        if pattern not in found and (_is_number(value) or _is_time(value)):
            found.add(pattern)
            yield place


def _values(value: Any) -> tuple[Any, ...]:
    raw = tuple(f"{_MARK}{number}" for number in range(len(RAW)))
    return TIMES if _is_time(value) else (*NUMBERS, *raw)


def _at(document: Any, place: Place) -> Any:
    for key in place:
        document = document[key]
    return document


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_time(value: Any) -> bool:
    if not isinstance(value, str) or len(value) < 10:
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True
