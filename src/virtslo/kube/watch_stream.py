"""Bytes of a watch, as they come, into events. Pure.

Invariant: events come out once, in order, however the bytes were cut; a line that is not finished
is kept; an ERROR event becomes the ApiError it carries.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from virtslo.base.errors import ApiError, ClusterError
from virtslo.base.limits import WATCH_LINE
from virtslo.kube.object_shapes import checked_object
from virtslo.kube.responses import error_of_status, excerpt
from virtslo.model.kubernetes.object_facts import ObjectFacts
from virtslo.ports.kube_api import WatchEvent

ERROR: Final = "ERROR"


class _Line(msgspec.Struct):
    type: str
    object: Mapping[str, Any]


_OF_OBJECTS: Final = ("name", "uid", "resourceVersion")
_NEEDED: Final = {
    "ADDED": _OF_OBJECTS,
    "MODIFIED": _OF_OBJECTS,
    "DELETED": _OF_OBJECTS,
    "BOOKMARK": ("resourceVersion",),
}
"""What the metadata of an event's object has, by the event's type."""
_decode: Final = msgspec.json.Decoder(_Line).decode


class _FactsLine(msgspec.Struct):
    type: str
    object: ObjectFacts


_decode_facts: Final = msgspec.json.Decoder(_FactsLine).decode
"""A quarter of the time that a whole object of a real cluster takes."""


class WatchStream:
    """Collects chunks of one watch; gives the events that they complete."""

    def __init__(self, place: str, *, facts_only: bool = False) -> None:
        self._place = place
        self._facts_only = facts_only
        self._parts: list[bytes] = []
        self._held_bytes = 0
        self.error: ApiError | None = None
        """What an ERROR event said; events before it are still given."""

    def feed(self, chunk: bytes, received_ns: int) -> list[WatchEvent]:
        """The events completed by a chunk that was received at `received_ns`."""
        if b"\n" not in chunk:
            self._hold(chunk)
            return []
        lines = (b"".join([*self._parts, chunk]) if self._parts else chunk).split(b"\n")
        rest = lines.pop()
        self._parts = [rest] if rest else []
        self._held_bytes = len(rest)
        events: list[WatchEvent] = []
        for line in lines:
            if not line.strip() or self.error is not None:
                continue
            event = (self._read_facts(line) if self._facts_only else None) or self._read(line)
            if event.type == ERROR:
                where = "" if isinstance(event.object.get("message"), str) else self._place
                self.error = error_of_status(event.object, place=where)
            else:
                events.append(WatchEvent(event.type, event.object, received_ns))
        return events

    def finish(self, received_ns: int) -> list[WatchEvent]:
        """The last event, where the stream ended in a whole line without its line feed."""
        rest = b"".join(self._parts)
        if not rest.strip():
            return []
        try:
            msgspec.json.decode(rest)  # whole JSON that is no event is an error, not dropped
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            # The connection ended within a line: the server sends it again on resuming.
            self._parts = []
            return []
        return self.feed(b"\n", received_ns)

    def _hold(self, chunk: bytes) -> None:
        self._held_bytes += len(chunk)
        if self._held_bytes > WATCH_LINE.most:
            raise ClusterError(f"{self._place}: an event is larger than {WATCH_LINE.amount}")
        self._parts.append(chunk)

    def _read_facts(self, line: bytes) -> _Line | None:
        """An event whose object has the shape that callers rely on, without the rest of it.

        None for any other: what is odd about it is decided by reading it whole.
        """
        try:
            event = _decode_facts(line)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None
        needs = _NEEDED.get(event.type)
        metadata = event.object.get("metadata")
        if needs is None or metadata is None or not all(map(metadata.get, needs)):
            return None
        owners = metadata.get("ownerReferences", ())
        if not all("uid" in owner for owner in owners):
            return None
        return _Line(event.type, event.object)

    def _read(self, line: bytes) -> _Line:
        try:
            event = _decode(line)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise ClusterError(f"{self._place}: not a watch event: {excerpt(line)!r}") from error
        if event.type == ERROR:
            return event
        needs = _NEEDED.get(event.type)
        if needs is None:
            raise ClusterError(f"{self._place}: not a watch event: {excerpt(line)!r}")
        checked = checked_object(event.object, f"{self._place}: the object", needs=needs)
        return _Line(event.type, checked)
