"""Traces that are played, and what traces are made of: audit logs, SimKube's files, records.

Invariant: the sources that are changed are right, and what is tried differs from one in one place.
"""

import gzip
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from support.attack.judging import DOCUMENTED, REFUSED, Attempt, judged
from support.attack.values import IN_JSON, ODD, dotted, odd_texts, places, put, shown
from support.bombs import bomb
from support.cli import Outcome, virtslo

_MARK: Final = "RAW-RAW"
_T0: Final = 1_769_853_600
Document = dict[str, Any]
TRACE: Final[tuple[Document, ...]] = (
    {"format": "virtslo/trace", "version": 1, "source": "watch", "tool": "virtslo 1", "label": ""},
    {"at_ns": 0, "event": "present", "object": 1, "kind": "vm", "shape": {"memory_bytes": 1024}},
    {"at_ns": 5, "event": "arrival", "object": 2, "kind": "vmi", "owner": 1,
     "shape": {"vcpus": 2, "cpu_milli": 100, "memory_bytes": 1024, "devices": {"gpu": 1},
               "volumes": {"containerDisk": 1}}},
    {"at_ns": 6, "event": "arrival", "object": 3, "kind": "vmpool", "members": 2},
    {"at_ns": 9, "event": "deletion", "object": 2},
    {"at_ns": 10, "event": "end", "cut": False, "notes": ["a note"]},
)  # fmt: skip
AUDIT: Final[tuple[Document, ...]] = tuple(
    {
        "kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "Request", "auditID": f"a{n}",
        "stage": "ResponseComplete", "verb": verb,
        "requestURI": f"/apis/kubevirt.io/v1/namespaces/n/virtualmachineinstances/{verb}?a=b",
        "user": {"username": "jane", "groups": ["g"], "extra": {"a": ["b"]}}, "userAgent": "me/1",
        "objectRef": {"resource": "virtualmachineinstances", "namespace": "n", "name": "one",
                      "apiGroup": "kubevirt.io"},
        "responseStatus": {"code": code}, "requestObject": {
            "metadata": {"name": "one",
                         "ownerReferences": [{"kind": "VirtualMachine", "uid": "u"}]},
            "spec": {"domain": {"resources": {"requests": {"memory": "64Mi", "cpu": "100m"}}}}},
        "requestReceivedTimestamp": f"2026-01-31T10:00:0{n}.000000Z",
        "stageTimestamp": f"2026-01-31T10:00:0{n}.500000Z",
    }
    for n, (verb, code) in enumerate((("create", 201), ("delete", 200), ("deletecollection", 200)))
)  # fmt: skip
SIMKUBE: Final[Document] = {
    "version": 2,
    "config": {"trackedObjects": {"kubevirt.io/v1.VirtualMachineInstance": {}}},
    "events": [
        {"ts": _T0, "applied_objs": [{
            "apiVersion": "kubevirt.io/v1", "kind": "VirtualMachineInstance",
            "metadata": {"name": "one", "namespace": "n", "uid": "u"},
            "spec": {"domain": {"resources": {"requests": {"memory": "64Mi"}}}}}],
         "deleted_objs": []},
        {"ts": _T0 + 5, "applied_objs": [], "deleted_objs": [{
            "apiVersion": "kubevirt.io/v1", "kind": "VirtualMachineInstance",
            "metadata": {"name": "one", "namespace": "n", "uid": "u"}}]},
    ],
    "index": {"kubevirt.io/v1.VirtualMachineInstance:n/one": 5},
    "pod_lifecycles": {},
}  # fmt: skip
PLAY: Final = ("run", "replay", "--trace", "FILE", "--dry-run")
RECORD: Final = ("record", "FILE", "-o", "made.jsonl")


def odd_traces(folder: Path, most: int, chance: random.Random) -> Iterator[Attempt]:
    """Odd values in each line of each source, at most so many of each; then files that are none."""
    for name, command, lines in (("trace", PLAY, TRACE), ("audit log", RECORD, AUDIT)):
        file = folder / f"{name.replace(' ', '-')}.jsonl"
        yield from _good(file, name, command, _text(lines))
        trials = [
            (number, place, value)
            for number, line in enumerate(lines)
            for place in places(line)
            for value in (*ODD, *(f"{_MARK}{raw}" for raw in IN_JSON))
        ]
        for number, place, value in chance.sample(trials, min(most, len(trials))):
            text = _text((*lines[:number], put(lines[number], place, value), *lines[number + 1 :]))
            given = f"{name}: [{number}].{dotted(place)} = {shown(value)}"
            yield judged("traces", given, _of(file, command, text))
        yield from _orders(file, name, command, lines)
        yield from _none(file, name, command, _text(lines))
    file = folder / "simkube.msgpack"
    yield from _good(file, "SimKube's", RECORD, msgspec.msgpack.encode(SIMKUBE))
    packed = [(place, value) for place in places(SIMKUBE) for value in ODD if _can_pack(value)]
    for place, value in chance.sample(packed, min(most, len(packed))):
        data = msgspec.msgpack.encode(put(SIMKUBE, place, value))
        given = f"SimKube's: {dotted(place)} = {shown(value)}"
        yield judged("traces", given, _of(file, RECORD, data))
    yield from _none(file, "SimKube's", RECORD, msgspec.msgpack.encode(SIMKUBE))
    for name, data in msgpack().items():
        yield judged("traces", f"SimKube's: {name}", _of(file, RECORD, data), codes=REFUSED)


def msgpack() -> dict[str, bytes]:
    """Files that are no SimKube's, by what they are."""
    return {
        "deep lists": b"\x91" * 100_000 + b"\xc0",
        "a list of four thousand million": b"\xdd\xff\xff\xff\xff",
        "a text of four thousand million": b"\xdb\xff\xff\xff\xff",
        "a map of four thousand million": b"\xdf\xff\xff\xff\xff",
        "an extension": b"\xc7\xff\x05",
        "a bomb": bomb(b"\x90", 64 << 20),
        "many members": gzip.compress(b"") * 100_000 + gzip.compress(b"\x80"),
    }


def _good(file: Path, name: str, command: tuple[str, ...], data: bytes) -> Iterator[Attempt]:
    yield judged("traces", f"{name}: right", _of(file, command, data), codes=frozenset({0}))


def _orders(
    file: Path, name: str, command: tuple[str, ...], lines: tuple[Document, ...]
) -> Iterator[Attempt]:
    """Lines that are missing, twice or in another order."""
    for number in range(len(lines)):
        without = _text((*lines[:number], *lines[number + 1 :]))
        twice = _text((*lines[: number + 1], *lines[number:]))
        yield judged("traces", f"{name}: line {number} missing", _of(file, command, without))
        yield judged("traces", f"{name}: line {number} twice", _of(file, command, twice))
    yield judged("traces", f"{name}: backwards", _of(file, command, _text(lines[::-1])))


def _none(file: Path, name: str, command: tuple[str, ...], good: bytes) -> Iterator[Attempt]:
    whole = gzip.compress(good)
    for given, data in (
        *odd_texts().items(), ("cut", good[: len(good) // 2]), ("cut gzip", whole[:-9]),
        ("many empty members", gzip.compress(b"") * 50_000 + whole), ("NUL within", good + b"\0"),
        ("a long line", good + b"[" * (2 << 20)), ("lines of nothing", b"\n" * (2 << 20)),
    ):  # fmt: skip
        yield judged("traces", f"{name}: {given}", _of(file, command, data), codes=DOCUMENTED)


def _of(file: Path, command: tuple[str, ...], data: bytes) -> Callable[[], Outcome]:
    def run() -> Outcome:
        file.write_bytes(data)
        return virtslo(*(part.replace("FILE", str(file)) for part in command))

    return run


def _can_pack(value: Any) -> bool:
    try:
        msgspec.msgpack.encode(value)
    except (OverflowError, ValueError):
        return False
    return True


def _text(lines: tuple[Document, ...]) -> bytes:
    text = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    for raw in IN_JSON:
        text = text.replace(json.dumps(f"{_MARK}{raw}").encode(), raw.encode())
    return text
