"""The OpenAPI version 2 document in protobuf, which kubectl reads of nothing else.

Invariant: pure; it says what the JSON document says. Only what that document has is encoded; the
numbers of fields are those of openapi.v2 (gnostic).
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

MEDIA_TYPE: Final = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
"""What the document is said to be; what clients ask for by its older name is no valid type."""
MEDIA_TYPES: Final = (
    MEDIA_TYPE,
    "application/com.github.proto-openapi.spec.v2@v1.0+protobuf",
)

Document = Mapping[str, Any]

_METHODS: Final = {"get": 2, "put": 3, "post": 4, "delete": 5, "patch": 8}


def accepts_protobuf(accept: str) -> bool:
    """Whether an Accept header asks for this."""
    return any(part.partition(";")[0].strip() in MEDIA_TYPES for part in accept.split(","))


def openapi_protobuf(document: Document) -> bytes:
    """A whole document."""
    info = _text(1, document["info"]["title"]) + _text(2, document["info"]["version"])
    paths = b"".join(
        _message(2, _named(path, _path_item(item))) for path, item in document["paths"].items()
    )
    definitions = b"".join(
        _message(1, _named(name, _schema(schema)))
        for name, schema in document["definitions"].items()
    )
    return (
        _text(1, document["swagger"])
        + _message(2, info)
        + _message(8, paths)
        + _message(9, definitions)
    )


def _path_item(item: Document) -> bytes:
    return b"".join(
        _message(number, _operation(item[method]))
        for method, number in _METHODS.items()
        if method in item
    )


def _operation(operation: Document) -> bytes:
    # Parameter and NonBodyParameter are wrappers that hold one of several kinds of parameter.
    parameters = b"".join(
        _message(8, _message(1, _message(2, _message(3, _query_parameter(each)))))
        for each in operation.get("parameters", ())
    )
    responses = b"".join(
        _message(1, _named(code, _message(1, _text(1, each["description"]))))
        for code, each in operation["responses"].items()
    )
    return (
        _text(5, operation["operationId"])
        + b"".join(_text(7, kind) for kind in operation.get("consumes", ()))
        + parameters
        + _message(9, responses)
        + _extensions(13, operation)
    )


def _query_parameter(parameter: Document) -> bytes:
    return _text(2, parameter["in"]) + _text(4, parameter["name"]) + _text(6, parameter["type"])


def _schema(schema: Document) -> bytes:
    parts = [
        _text(1, schema.get("$ref", "")),
        _text(2, schema.get("format", "")),
        _text(4, schema.get("description", "")),
    ]
    if "additionalProperties" in schema:
        parts.append(_message(21, _message(1, _schema(schema["additionalProperties"]))))
    if "type" in schema:
        parts.append(_message(22, _text(1, schema["type"])))
    if "items" in schema:
        parts.append(_message(23, _message(1, _schema(schema["items"]))))
    if "properties" in schema:
        properties = (
            _message(1, _named(name, _schema(below)))
            for name, below in schema["properties"].items()
        )
        parts.append(_message(25, b"".join(properties)))
    parts.append(_extensions(31, schema))
    return b"".join(parts)


def _extensions(number: int, document: Document) -> bytes:
    extensions: Iterable[tuple[str, Any]] = (
        (key, value) for key, value in document.items() if key.startswith("x-")
    )
    # An extension is text in YAML, of which JSON is a part.
    return b"".join(
        _message(number, _named(key, _text(2, json.dumps(value) + "\n")))
        for key, value in extensions
    )


def _named(name: str, value: bytes) -> bytes:
    return _text(1, name) + _message(2, value)


def _text(number: int, text: str) -> bytes:
    return _message(number, text.encode()) if text else b""


def _message(number: int, body: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(body)) + body


def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)
