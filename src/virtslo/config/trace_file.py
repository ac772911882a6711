"""Reading a trace: its lines checked against each other, with every problem found at once.

Invariant: what is returned is whole and in order of time; a trace that was broken off is returned
as far as it goes and is marked as cut. What is read has limits, also decompressed.
"""

import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from virtslo.base.bounded_files import UnreadableFile, read_bounded
from virtslo.base.bounded_streams import read_member
from virtslo.base.errors import Problem, ScenarioError
from virtslo.base.limits import PROBLEMS, TRACE_FILE, TRACE_LINES
from virtslo.base.plain_text import shown_text
from virtslo.model.plan.trace import (
    ARRIVAL,
    DELETION,
    END,
    PRESENT,
    TRACE_FORMAT,
    TRACE_VERSION,
    Shape,
    TraceEvent,
    TraceHeader,
    is_simulated_label,
)
from virtslo.model.plan.workload import TRAITS

MOST_NS: Final = 2**62
"""A century and a half: no recording is longer."""
MOST_NUMBER: Final = 2**63 - 1
"""Of what a shape counts: the API's own numbers are no larger."""
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Trace:
    """A trace as it was read."""

    name: str
    digest: str
    header: TraceHeader
    events: tuple[TraceEvent, ...]
    """Every line but the first and the end."""
    end_ns: int
    is_cut: bool
    notes: tuple[str, ...] = ()


def read_trace(path: Path) -> Trace:
    """A trace. Raises ScenarioError with every problem."""
    text = _text(path)
    lines = text.split(b"\n")
    header = _header(path, lines[0])
    reading = _Reading()
    for number, line in enumerate(lines[1:], start=2):
        if line.strip():
            is_last = number == len(lines)
            reading.take(number, line, is_broken_off=is_last)
    if reading.problems:
        raise ScenarioError(str(path), reading.problems)
    end = reading.end
    last_ns = reading.events[-1].at_ns if reading.events else 0
    return Trace(
        name=path.name,
        digest=hashlib.sha256(text).hexdigest(),
        header=header,
        events=tuple(reading.events),
        end_ns=last_ns if end is None else end.at_ns,
        is_cut=end is None or bool(end.cut),
        notes=() if end is None else end.notes,
    )


class _Reading:
    """The lines so far: what lives, and what is wrong."""

    def __init__(self) -> None:
        self._decode = msgspec.json.Decoder(TraceEvent).decode
        self._alive: dict[int, bool] = {}
        self._last_ns = 0
        self.events: list[TraceEvent] = []
        self.end: TraceEvent | None = None
        self.problems: list[Problem] = []

    def take(self, number: int, line: bytes, *, is_broken_off: bool) -> None:
        """Take a line; one without its line feed was being written when the recording ended."""
        if len(self.problems) > PROBLEMS.most:
            return
        place = f"line {number}"
        try:
            event = self._decode(line)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            if not is_broken_off:
                self.problems.append(Problem(place, str(error)[:200], "an event of a trace", _HINT))
            return
        found = list(self._problems(event))
        self.problems += [Problem(place, what, expected) for what, expected in found]
        if event.event == END:
            self.end = event
        elif not found:
            self.events.append(event)
        if len(self.events) > TRACE_LINES.most:
            words = f"more than {TRACE_LINES.amount}"
            self.problems += [Problem(place, words, str(TRACE_LINES))] * PROBLEMS.most

    def _problems(self, event: TraceEvent) -> Iterator[tuple[str, str]]:
        if self.end is not None:
            yield "an event after the end", "the end as the last line"
        if event.at_ns < self._last_ns:
            found = f"at_ns {_short(event.at_ns)} after {_short(self._last_ns)}"
            yield found, "events in order of time from 0"
        self._last_ns = max(self._last_ns, event.at_ns)
        if event.at_ns > MOST_NS:
            yield f"at_ns {_short(event.at_ns)}", f"at most {MOST_NS}"
        if event.event == END:
            return
        number = event.object
        if number is None or number < 1:
            yield f"object {number}", "the object's number, from 1"
            return
        if event.event == DELETION:
            if not self._alive.get(number, False):
                known = "deleted before" if number in self._alive else "that never was there"
                yield f"a deletion of object {number} {known}", "one deletion of what is there"
            self._alive[number] = False
            return
        if event.event in {ARRIVAL, PRESENT}:
            yield from self._appearance(event, number)
            self._alive[number] = True

    def _appearance(self, event: TraceEvent, number: int) -> Iterator[tuple[str, str]]:
        if number in self._alive:
            yield f"object {number} a second time", "a number of its own for every object"
        if event.kind is None:
            yield f"object {number} without a kind", "its kind: vmi, vm, vmpool or vmirs"
        if event.members is not None and not 0 <= event.members <= TRACE_LINES.most:
            yield f"{event.members} members", f"from 0 to {TRACE_LINES.most}"
        is_alone = event.kind is not None and not TRAITS[event.kind].is_group
        if is_alone and event.members is not None:
            yield f"members of a {event.kind}", "members of pools and replica sets alone"
        if event.shape is not None:
            yield from _numbers(event.shape)
        if event.owner is not None and event.owner not in self._alive:
            yield f"owner {event.owner}, which is not there", "an object of an earlier line"


def _short(number: int) -> str:
    digits = str(number)
    return digits if len(digits) <= 20 else f"{digits[:6]}… ({len(digits)} digits)"


def _numbers(shape: Shape) -> Iterator[tuple[str, str]]:
    alone = {
        "vcpus": shape.vcpus,
        "cpu_milli": shape.cpu_milli,
        "memory_bytes": shape.memory_bytes,
    }
    for name, value in (*alone.items(), *shape.devices.items(), *shape.volumes.items()):
        if value is not None and not 0 <= value <= MOST_NUMBER:
            yield f"{shown_text(name)} {_short(value)}", f"from 0 to {MOST_NUMBER}"


_HINT = "docs/reference/formats.md has the format; virtslo record writes it"


def _text(path: Path) -> bytes:
    try:
        raw = read_bounded(path, TRACE_FILE)
        return _unfolded(path, raw) if raw.startswith(_GZIP) else raw
    except UnreadableFile as error:
        raise ScenarioError(
            str(path), [Problem("the trace", error.found, error.expected)]
        ) from error


def _unfolded(path: Path, raw: bytes) -> bytes:
    """A gzip file's contents, member by member, as far as it is whole."""
    held = bytearray()
    data, begin = memoryview(raw), 0
    while begin < len(data):
        try:
            part, begin, _ = read_member(data, begin, TRACE_FILE.most - len(held))
        except zlib.error as error:
            raise UnreadableFile(path, f"a damaged gzip file: {error}", "a whole one") from None
        held += part
        if len(held) > TRACE_FILE.most:
            raise UnreadableFile(path, f"more than {TRACE_FILE.amount}", str(TRACE_FILE))
    # One that is broken off is the last, and without an end line the trace is cut.
    return bytes(held)


def _header(path: Path, line: bytes) -> TraceHeader:
    """The first line. Raises ScenarioError."""
    expected = f'{{"format":"{TRACE_FORMAT}","version":{TRACE_VERSION},"source":…}}'
    try:
        document = msgspec.json.decode(line)
        found = document.get("format") if isinstance(document, dict) else document
        version = document.get("version") if isinstance(document, dict) else None
        if found == TRACE_FORMAT and isinstance(version, int) and version > TRACE_VERSION:
            words = f"version {version}"
            problem = Problem("line 1", words, f"at most {TRACE_VERSION}", "use a newer virtslo")
            raise ScenarioError(str(path), [problem])
        header = msgspec.convert(document, TraceHeader)
        if header.format != TRACE_FORMAT or header.version != TRACE_VERSION:
            raise ValueError(f"format {header.format!r}, version {header.version}")
        if header.label and not is_simulated_label(header.label):
            raise ValueError("a label that is no run label of a simulated run")
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        hint = "virtslo record makes a trace of a cluster, an audit log, or another tool's trace"
        problem = Problem("line 1", str(error)[:200] or "nothing", expected, hint)
        raise ScenarioError(str(path), [problem]) from error
    return header
