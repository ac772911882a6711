"""Kubernetes' binary encoding, read: typed clients write built-in kinds in it.

Invariant: what is decoded equals the JSON the same client would have written; a kind that is not
described here is refused with the code that makes clients tell why. Answers are always JSON.
"""

import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from virtslo.base.errors import BadRequest, UnsupportedMediaType
from virtslo.sim.http.protobuf_messages import MESSAGES

MEDIA_TYPE: Final = "application/vnd.kubernetes.protobuf"
MAGIC: Final = b"k8s\x00"
DEEPEST: Final = 16

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def read_protobuf(raw: bytes) -> Any:
    """The JSON value of a body. Raises BadRequest, or UnsupportedMediaType for other kinds."""
    if not raw.startswith(MAGIC):
        raise BadRequest("the body of the request is not Kubernetes' protobuf")
    try:
        envelope = dict(_fields(raw[len(MAGIC) :]))
        kinds = dict(_fields(_bytes(envelope.get(1, b""))))
        api_version, kind = _bytes(kinds[1]).decode(), _bytes(kinds[2]).decode()
        if kind not in MESSAGES:
            raise UnsupportedMediaType(
                f"the simulated API server reads {kind} as application/json only, not as "
                f"{MEDIA_TYPE}"
            )
        message = _message(_bytes(envelope.get(2, b"")), kind, 0)
    except (IndexError, KeyError, ValueError, OverflowError) as error:
        raise BadRequest("the body of the request is not valid protobuf") from error
    return {"apiVersion": api_version, "kind": kind, **message}


def _message(raw: bytes, name: str, depth: int) -> dict[str, Any]:
    if depth > DEEPEST:
        raise ValueError("too deep")
    known = MESSAGES[name]
    message: dict[str, Any] = {}
    for number, value in _fields(raw):
        if number not in known:
            continue
        key, kind = known[number]
        if kind[0] == "[":
            message.setdefault(key, []).append(_value(value, kind[1:-1], depth))
        elif kind[0] == "{":
            entry = dict(_fields(_bytes(value)))
            name_of = _bytes(entry.get(1, b"")).decode()
            message.setdefault(key, {})[name_of] = _value(entry.get(2, b""), kind[1:-1], depth)
        else:
            decoded = _value(value, kind, depth)
            # What Go's `omitempty` leaves out of JSON is written here as an empty value.
            if decoded or kind.endswith("?"):
                message[key] = decoded
    return message


def _value(value: int | bytes, kind: str, depth: int) -> Any:
    match kind.removesuffix("?"):
        case "string":
            return _bytes(value).decode()
        case "bytes":
            return base64.b64encode(_bytes(value)).decode()
        case "int":
            number = _number(value)
            return number - (1 << 64) if number >> 63 else number
        case "bool":
            return bool(_number(value))
        case "time" | "microtime":
            return _time(_bytes(value), kind)
    return _message(_bytes(value), kind, depth + 1)


def _time(raw: bytes, kind: str) -> str | None:
    parts = dict(_fields(raw))
    if not parts:
        return None
    moment = _EPOCH + timedelta(
        seconds=_number(parts.get(1, 0)), microseconds=_number(parts.get(2, 0)) // 1000
    )
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ" if kind == "microtime" else "%Y-%m-%dT%H:%M:%SZ")


def _fields(raw: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Number and value of every field of a message."""
    at = 0
    while at < len(raw):
        tag, at = _varint(raw, at)
        number, wire = tag >> 3, tag & 7
        if wire == 0:
            value, at = _varint(raw, at)
            yield number, value
            continue
        if wire == 2:
            size, at = _varint(raw, at)
        elif wire in {1, 5}:
            size = 8 if wire == 1 else 4
        else:
            raise ValueError("unknown wire type")
        if at + size > len(raw):
            raise ValueError("cut short")
        yield number, raw[at : at + size]
        at += size


def _varint(raw: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = raw[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFF_FFFF_FFFF_FFFF, at
        shift += 7
        if shift > 63:
            raise ValueError("a number is too long")


def _bytes(value: int | bytes) -> bytes:
    if isinstance(value, int):
        raise ValueError("a number where bytes are expected")
    return value


def _number(value: int | bytes) -> int:
    if not isinstance(value, int):
        raise ValueError("bytes where a number is expected")
    return value
