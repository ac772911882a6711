"""Records, suites and databases that were changed after they were written.

Held: damage is said, a changed record is never valid, and nothing is written outside.
"""

import gzip
import json
import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from support.attack.judging import NOT_VALID, Attempt, judged
from support.attack.values import ODD, dotted, odd_texts, places, put, shown
from support.cli import only_run, virtslo
from virtslo.store.digests import DIGESTS, digest_of

UNCHECKED: Final = frozenset({"log.txt", "host.json"})
"""Files of which no figure is made."""


def recorded(folder: Path, *arguments: str) -> Path:
    """A record of a small run."""
    run = ("run", "burst", "--count", "2", "--repeat", "1", "--simulate", "instant", "--quiet")
    done = virtslo(*run, *arguments, "--runs", str(folder))
    assert done.code == 0, done.err
    return only_run(folder)


def changed_bytes(
    whole: Path, folder: Path, chance: random.Random, flips: int = 20
) -> Iterator[Attempt]:
    """Each file of a record without its digest being made again: always damage."""
    for path in sorted(whole.iterdir()):
        if path.name in UNCHECKED:
            continue
        data = path.read_bytes()
        half = len(data) // 2
        changes: list[bytes | None] = [None, b"", data[:half], data + b"\n{}", data + data]
        changes += [b"\x1f\x8b", b"[]", data[:half] + data[half + 1 :]]
        for _ in range(flips):
            at = chance.randrange(len(data))
            bit = data[at] ^ (1 << chance.randrange(8))
            changes.append(data[:at] + bytes([bit]) + data[at + 1 :])
        for number, change in enumerate(changes):
            if change is not None and _says_the_same(change, data):
                continue
            copied = fresh_copy(whole, folder)
            if change is None:
                (copied / path.name).unlink()
            else:
                (copied / path.name).write_bytes(change)
            yield judged(
                "records", f"{path.name} changed ({number})",
                lambda copied=copied: virtslo("report", str(copied)),  # type: ignore[misc]
                codes=NOT_VALID,
            )  # fmt: skip


def odd_records(whole: Path, folder: Path, most: int, chance: random.Random) -> Iterator[Attempt]:
    """Odd values in places of a record, digests made again: a message, or a report of it.

    At most so many of each file, drawn at random.
    """
    for path in sorted(whole.iterdir()):
        if path.name == "log.txt":
            continue
        lines = documents(path)
        trials = [
            (number, place, value)
            for number in sorted({0, len(lines) - 1})
            for place in places(lines[number])
            for value in ODD
        ]
        for number, place, value in chance.sample(trials, min(most, len(trials))):
            changed = [*lines]
            changed[number] = put(lines[number], place, value)
            copied = fresh_copy(whole, folder)
            write(copied / path.name, changed)
            digest_again(copied)
            yield judged(
                "odd records", f"{path.name}[{number}].{dotted(place)} = {shown(value)}",
                lambda copied=copied: virtslo("report", str(copied)),  # type: ignore[misc]
            )  # fmt: skip
        for name, content in odd_texts().items():
            copied = fresh_copy(whole, folder)
            (copied / path.name).write_bytes(content)
            yield judged(
                "odd records", f"{path.name}: {name}",
                lambda copied=copied: virtslo("list", "--runs", str(copied.parent)),  # type: ignore[misc]
            )  # fmt: skip


def documents(path: Path) -> list[Any]:
    """A file's documents: one, or one a line."""
    data = path.read_bytes()
    if path.suffix == ".gz":
        return [json.loads(line) for line in gzip.decompress(data).splitlines()]
    return [json.loads(data)]


def write(
    path: Path, changed: list[Any], spelled: Callable[[str], str] = lambda text: text
) -> None:
    """Write a file's documents, their text as `spelled` makes it."""
    lines = [spelled(json.dumps(each)).encode() for each in changed]
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(b"".join(line + b"\n" for line in lines)))
    else:
        path.write_bytes(lines[0])


def digest_again(copied: Path) -> None:
    """As one who knows how digests are made would hide a change."""
    known: dict[str, Any] = {}
    try:
        names = list(json.loads((copied / DIGESTS).read_bytes()))
    except ValueError:
        return
    for name in names:
        path = copied / str(name)
        if not path.is_file():
            continue
        data = path.read_bytes()
        digest = digest_of(gzip.decompress(data) if path.suffix == ".gz" else data)
        known[name] = {"lines": digest.lines, "sha256": digest.sha256}
    (copied / DIGESTS).write_text(json.dumps(known))


def histories(folder: Path, chance: random.Random, most: int) -> Iterator[Attempt]:
    """A database of runs whose bytes or values were changed; at most so many of each."""
    whole = folder / "whole.db"
    recorded(folder / "stored")
    assert virtslo("history", "import", str(folder / "stored"), "--history", str(whole)).code == 0
    data = whole.read_bytes()
    changed, made = folder / "changed.db", folder / "made.db"
    read = [("list",), ("changes",), ("show", "latest"), ("check",)]
    commands = [("history", *command, "--history", str(changed)) for command in read]
    commands.append(("history", "import", str(changed), "--history", str(made)))
    changes = [b"", data[:100], data[: len(data) // 2], b"\x00" * len(data), data + b"x" * 4096]
    for _ in range(min(most, 30)):
        at, span = chance.randrange(len(data)), chance.choice((1, 16, 512))
        changes.append(data[:at] + chance.randbytes(span) + data[at + span :])
    for number, change in enumerate(changes):
        for command in commands:
            _remove(changed, made)
            changed.write_bytes(change)
            yield judged(
                "histories", f"{command[1]}: bytes changed ({number})",
                lambda command=command: virtslo(*command),  # type: ignore[misc]
            )  # fmt: skip
    statements = _statements(whole)
    for statement in chance.sample(statements, min(most, len(statements))):
        for command in commands:
            _remove(changed, made)
            shutil.copy(whole, changed)
            with sqlite3.connect(changed) as connection:
                try:
                    connection.execute("pragma foreign_keys = off")
                    connection.execute(statement)
                except sqlite3.Error:
                    continue
            connection.close()
            yield judged(
                "histories", f"{command[1]}: {statement[:60]}",
                lambda command=command: virtslo(*command),  # type: ignore[misc]
            )  # fmt: skip


def _statements(database: Path) -> list[str]:
    """Statements that put odd values into each column, or take a table away."""
    with sqlite3.connect(database) as connection:
        names = [
            row[0]
            for row in connection.execute("select name from sqlite_master where type='table'")
        ]
        made = [f'drop table "{name}"' for name in names]
        for name in names:
            columns = [row[1] for row in connection.execute(f'pragma table_info("{name}")')]
            for column in columns:
                odd = ("NULL", "'x'", "-1", "1e999", "x'ff00'", "9223372036854775807", "''")
                made.extend(f'update "{name}" set "{column}" = {value}' for value in odd)
    connection.close()
    return made


def _remove(*databases: Path) -> None:
    for database in databases:
        for path in database.parent.glob(f"{database.name}*"):
            path.unlink()


def fresh_copy(whole: Path, folder: Path) -> Path:
    """A copy of a record, in place of the one before."""
    copied = folder / "changed" / whole.name
    shutil.rmtree(copied.parent, ignore_errors=True)
    shutil.copytree(whole, copied)
    return copied


def _says_the_same(one: bytes, other: bytes) -> bool:
    """Whether a change of bytes changed nothing that is said."""
    try:
        return gzip.decompress(one) == gzip.decompress(other)
    except (OSError, EOFError, ValueError):
        pass
    except Exception:  # noqa: BLE001  zlib's own
        return False
    try:
        return bool(json.loads(one) == json.loads(other))
    except ValueError:
        return False
