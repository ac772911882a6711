"""JSON from outside, read safely.

Invariant: what cannot be read is a JsonProblem, whatever the bytes are; where a depth is given,
what is returned is no deeper, so that code which follows its structure ends.
"""

from typing import Any, Final

import msgspec

from virtslo.base.limits import Limit

_decode: Final = msgspec.json.Decoder().decode


class JsonProblem(ValueError):
    """A text that is no JSON, or too deep; the message says what was found."""


def parse_json(raw: bytes, depth: Limit | None = None) -> Any:
    """The value of a JSON text. Raises JsonProblem."""
    try:
        value = _decode(raw)
    except RecursionError:
        raise JsonProblem("too many levels") from None
    except UnicodeDecodeError:
        raise JsonProblem("bytes that are not UTF-8") from None
    except (msgspec.MsgspecError, ValueError) as error:
        raise JsonProblem(f"no JSON: {error}") from None
    if depth is not None and raw.count(b"{") + raw.count(b"[") > depth.most:
        check_depth(value, depth)
    return value


def check_depth(value: Any, depth: Limit) -> None:
    """Raise JsonProblem if a value has more levels than the limit."""
    level = [value]
    for _ in range(depth.most):
        level = [below for item in level for below in _parts(item)]
        if not level:
            return
    if any(isinstance(item, dict | list) for item in level):
        raise JsonProblem(f"more than {depth.amount}")


def _parts(item: Any) -> Any:
    if isinstance(item, dict):
        return [value for value in item.values() if isinstance(value, dict | list)]
    if isinstance(item, list):
        return [value for value in item if isinstance(value, dict | list)]
    return ()
