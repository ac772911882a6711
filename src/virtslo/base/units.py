"""Durations, rates and shares as people write them.

Invariant: reading and writing are inverse: `parse_duration(format_duration(x)) == x` for whole
milliseconds. A text that is not understood raises ValueError with what was expected.
"""

import re
from typing import Final

_UNITS: Final = {
    "ns": 1e-9,
    "us": 1e-6,
    "µs": 1e-6,
    "μs": 1e-6,
    "ms": 1e-3,
    "s": 1.0,
    "m": 60.0,
    "h": 3600.0,
}
_PART: Final = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)", re.ASCII)
_RATE: Final = re.compile(r"(\d+(?:\.\d+)?)\s*/\s*(s|m|h)", re.ASCII)


def parse_duration(text: str) -> float:
    """Seconds of a Kubernetes or Go duration: `90s`, `5m`, `1h30m`, `250ms`; `0` is zero."""
    stripped = text.strip()
    if stripped == "0":
        return 0.0
    if len(stripped) > 64 or not re.fullmatch(rf"(?:{_PART.pattern})+", stripped, re.ASCII):
        raise ValueError("a duration such as 90s, 5m or 1h30m")
    return float(
        round(sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(stripped)), 9)
    )


def parse_bounded_duration(text: str, *, least: float, most: float) -> float:
    """Seconds of a duration between two bounds, both included. Raises ValueError."""
    seconds = parse_duration(text)
    if not least <= seconds <= most:
        bounds = f"at least {format_duration(least)} and at most {format_duration(most)}"
        raise ValueError(f"a duration of {bounds}")
    return seconds


def format_duration(seconds: float) -> str:
    """Seconds as a duration of at most three units: `1h30m`, `90s` is `1m30s`, `250ms`."""
    milliseconds = round(seconds * 1000)
    if milliseconds == 0:
        return "0s"
    if milliseconds < 1000:
        return f"{milliseconds}ms"
    hours, rest = divmod(milliseconds, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    parts = [f"{hours}h" if hours else "", f"{minutes}m" if minutes else ""]
    if rest:
        parts.append(f"{rest / 1000:.3f}".rstrip("0").rstrip(".") + "s")
    return "".join(parts)


def parse_rate(text: str) -> float:
    """Arrivals per second of `50/s`, `300/m` or `7200/h`."""
    match = _RATE.fullmatch(text.strip())
    if match is None:
        raise ValueError("a rate such as 50/s or 300/m")
    return float(match[1]) / _UNITS[match[2]]


def format_rate(per_second: float) -> str:
    """Arrivals per second as `50/s`."""
    return f"{per_second:g}/s"


def parse_share(text: str) -> float:
    """The fraction that `5%` stands for."""
    stripped = text.strip()
    if not re.fullmatch(r"\d+(?:\.\d+)?\s*%", stripped):
        raise ValueError("a share such as 5%")
    share = float(stripped[:-1]) / 100
    if share > 1:
        raise ValueError("a share of at most 100%")
    return share


def whole_number(text: str) -> int | None:
    """A number of at most nine ASCII digits; None for any other text."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
