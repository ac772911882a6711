"""sprig's functions of paths and durations, and kube-burner's own.

Invariant: pure: no file is looked at and no clock read.
"""

import posixpath
from math import comb
from typing import Any, Final

from virtslo.config.go_templates.constants import parse_int
from virtslo.config.go_templates.problems import CallProblem
from virtslo.config.go_templates.signatures import Function, function
from virtslo.config.go_templates.values import Int64


def _clean(path: str) -> str:
    cleaned = posixpath.normpath(path) if path else "."
    return cleaned[1:] if cleaned.startswith("//") else cleaned


def _base(path: str) -> str:
    if not path:
        return "."
    return path.rstrip("/").rpartition("/")[2] or "/"


def _directory(path: str) -> str:
    return _clean(path[: path.rfind("/") + 1])


def _extension(path: str) -> str:
    name = path.rpartition("/")[2]
    return name[name.rfind(".") :] if "." in name else ""


def _duration(value: Any) -> str:
    seconds = 0
    if isinstance(value, str):
        seconds = parse_int(value) or 0 if value.lstrip("+-").isdigit() and value.isascii() else 0
        if value.lstrip("+-").startswith("0") and len(value) > 1:
            raise CallProblem(f"{value!r} as seconds")
    elif isinstance(value, Int64):
        seconds = int(value)
    if abs(seconds) > 9_000_000_000:
        raise CallProblem(f"{seconds} seconds")
    if seconds == 0:
        return "0s"
    minutes, rest = divmod(abs(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    text = (
        f"{hours}h{minutes}m{rest}s" if hours else f"{minutes}m{rest}s" if minutes else f"{rest}s"
    )
    return f"-{text}" if seconds < 0 else text


def _subnet(number: int) -> str:
    first = ((number >> 16) + 1) & 255
    return f"{first}.{(number >> 8) & 255}.{number & 255}.0/24"


def _addresses(addresses: str, iteration: int, each: int) -> str:
    known = addresses.split(" ")
    chosen = [iteration * each + place for place in range(max(0, each))]
    if any(not 0 <= place < len(known) for place in chosen):
        raise CallProblem("fewer addresses than are asked for")
    return " ".join(known[place] for place in chosen)


def _binomial(total: int, chosen: int) -> int:
    if total < 0 or chosen < 0 or total < chosen or comb(total, chosen) >= 2**62:
        raise CallProblem(f"{chosen} of {total}")
    return comb(total, chosen)


TABLE: Final[dict[str, Function]] = {
    "base": function(_base, "string"),
    "dir": function(_directory, "string"),
    "clean": function(_clean, "string"),
    "ext": function(_extension, "string"),
    "isAbs": function(lambda path: path.startswith("/"), "string"),
    "osBase": function(_base, "string"),
    "osDir": function(_directory, "string"),
    "osClean": function(_clean, "string"),
    "osExt": function(_extension, "string"),
    "osIsAbs": function(lambda path: path.startswith("/"), "string"),
    "duration": function(_duration, "any"),
    "GetSubnet24": function(_subnet, "int"),
    "GetIPAddress": function(_addresses, "string int int"),
    "Binomial": function(_binomial, "int int"),
}
