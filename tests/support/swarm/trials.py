"""Trying seeds: play, hold against the invariants, play again, and shrink what fails.

Invariant: the outcome of a seed depends on the seed alone; a world that is shrunk still breaks the
same promise.
"""

import shutil
import signal
import tempfile
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import Any, Final, NoReturn

from support.swarm.invariants import violations
from support.swarm.play import Played, play
from support.swarm.worlds import World, draw

REPLAY_EVERY: Final = 4
"""Every so many seeds, the world is played twice and the records compared byte for byte."""
NO_END: Final = "crash: no end after"
MOST_SECONDS: Final = 120.0
"""Of processor time for one seed; the dearest take a few."""
MOST_STEPS: Final = 60
"""How many smaller worlds are tried to shrink one that fails."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a run said of itself."""

    status: str
    is_valid: bool
    spoiled_by: frozenset[str]
    """The codes of findings that make it inconclusive."""
    noted: frozenset[str]
    """The codes of the others."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A seed that was tried."""

    world: World
    broken: tuple[str, ...]
    seen: Seen | None = None
    """None: it crashed."""


def attempt(seed: int) -> Trial:
    """Try one seed."""
    return tried(draw(seed))


class Endless(SystemExit):
    """A world that does not come to its end: an exception that an event loop lets through."""


def limited(seed: int) -> Trial:
    """Try one seed in a process of its own kind: within `MOST_SECONDS` of its processor time.

    A world that hangs takes one processor and ever more memory, and no clock of the world's own
    can end it.
    """

    def end(_: int, __: FrameType | None) -> NoReturn:
        raise Endless

    before = signal.signal(signal.SIGVTALRM, end)
    signal.setitimer(signal.ITIMER_VIRTUAL, MOST_SECONDS, MOST_SECONDS)
    try:
        return attempt(seed)
    except Endless:
        return Trial(draw(seed), (f"{NO_END} {MOST_SECONDS:g} s",))
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def broken_by(world: World) -> tuple[str, ...]:
    """What a world breaks."""
    return tried(world).broken


def tried(world: World) -> Trial:
    """A world and what it breaks; a crash is a promise broken."""
    folder = Path(tempfile.mkdtemp(prefix="virtslo-swarm-"))
    try:
        first = play(world, folder / "run")
        found = violations(first)
        if world.seed % REPLAY_EVERY == 0:
            shutil.rmtree(folder / "run")  # the record names the folder
            again = play(world, folder / "run").contents
            names = [name for name in first.contents if again.get(name) != first.contents[name]]
            if names:
                found.append(f"replay: {', '.join(names)} differ when the world is played again")
        return Trial(world, tuple(found), _seen(first))
    except Exception as error:  # noqa: BLE001  whatever ends a run is what is looked for
        words = f"crash: {type(error).__name__}: {error} ({_place_of(error)})"
        return Trial(world, (words,))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _place_of(error: BaseException) -> str:
    """The file that an error came from."""
    return Path(traceback.extract_tb(error.__traceback__)[-1].filename).name


def _seen(played: Played) -> Seen:
    findings = [item.finding for item in played.report.findings]
    return Seen(
        played.record.header.status.value,
        played.report.valid,
        frozenset(item.code for item in findings if item.inconclusive),
        frozenset(item.code for item in findings if not item.inconclusive),
    )


def shrunk(world: World, broken: tuple[str, ...]) -> World:
    """A smaller world that breaks the same promise."""
    promise = broken[0].partition(":")[0]
    steps = 0
    is_smaller = True
    while is_smaller and steps < MOST_STEPS:
        is_smaller = False
        for smaller in _smaller(world):
            steps += 1
            if steps >= MOST_STEPS:
                break
            if any(words.startswith(f"{promise}:") for words in broken_by(smaller)):
                world, is_smaller = smaller, True
                break
    return world


def _smaller(world: World) -> Iterator[World]:
    """Worlds with one thing less, the greatest first."""
    for index in range(len(world.faults)):
        faults = [text for number, text in enumerate(world.faults) if number != index]
        yield replace(world, document={**world.document, "faults": faults})
    if world.interrupted_at is not None:
        yield replace(world, interrupted_at=None)
    settings = world.document["simulated"]["set"]
    for name in settings:
        fewer = {key: value for key, value in settings.items() if key != name}
        yield _with(world, "simulated", {"set": fewer})
    for section, key in (("load", "arrival"), ("load", "maxInFlight"), ("workload", "namespaces")):
        if key in world.document[section]:
            yield _without(world, section, key)
    if "warmUp" in world.document:
        kept = {key: value for key, value in world.document.items() if key != "warmUp"}
        yield replace(world, document=kept)
    yield from _fewer(world)


def _fewer(world: World) -> Iterator[World]:
    """The world with fewer objects, or fewer nodes."""
    count: int = world.document["workload"]["count"]
    for least in (1, count // 2, count - 1):
        if 0 < least < count and "churn" not in world.document["load"]:
            yield _with(world, "workload", {"count": least})
    if world.document["simulated"]["nodes"] > 1:
        yield _with(world, "simulated", {"nodes": 1})


def _with(world: World, section: str, changes: Mapping[str, Any]) -> World:
    document = {**world.document, section: {**world.document[section], **changes}}
    return replace(world, document=document)


def _without(world: World, section: str, key: str) -> World:
    kept = {name: value for name, value in world.document[section].items() if name != key}
    return replace(world, document={**world.document, section: kept})
