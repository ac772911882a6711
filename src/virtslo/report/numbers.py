"""How numbers are written for people, in one place.

Invariant: no data is written as `no data`, never as 0; a figure with an interval has the digits
that the interval leaves it, any other three significant digits.
"""

import math
from typing import Final

from virtslo.model.report.figures import Figure, Interval
from virtslo.model.report.verdicts import Verdict

NO_DATA = "no data"
BOUND_MARKS: Final = {"the time one object takes": "†", "saturated": "‡"}
"""Behind a throughput: what bounded it, as far as the run says so."""


def number(value: float | None) -> str:
    """A number with three significant digits; whole numbers whole."""
    if value is None:
        return NO_DATA
    if isinstance(value, int) or (value == int(value) and abs(value) >= 100):
        return f"{int(value):,}".replace(",", " ")
    if abs(value) >= 100:
        return f"{value:,.0f}".replace(",", " ")
    text = f"{value:.3g}"
    return text if "e" not in text else f"{value:.6f}".rstrip("0").rstrip(".")


def seconds(value: float | None) -> str:
    """A duration in seconds, in milliseconds where it is short."""
    if value is None:
        return NO_DATA
    if value != 0 and abs(value) < 1:
        return f"{number(round(value * 1000, 3))} ms"
    return f"{number(value)} s"


def amount(value: float, unit: str) -> str:
    """A value with its unit; a share as a percentage."""
    if unit == "share":
        return f"{number(round(100 * value, 9))} %"
    return seconds(value) if unit == "s" else f"{number(value)} {unit}".rstrip()


def decimals_of(interval: Interval | None) -> int | None:
    """How many decimals an interval leaves a figure (below zero: tens, hundreds); None: as many as
    it would have without.

    The last digit that is written is the first of half the interval's width, or the second where
    the first is 1.
    """
    if interval is None or interval.low is None or interval.high is None:
        return None
    half = (interval.high - interval.low) / 2
    if half <= 0:
        return None
    place = math.floor(math.log10(half))
    return -place + (1 if half / 10**place < 2 else 0)


def rounded(value: float, decimals: int | None) -> str:
    """A number with this number of decimals; None: with three significant digits."""
    if decimals is None or decimals > 6:
        return number(value)
    shown = round(value, decimals)
    return f"{shown:,.{max(0, decimals)}f}".replace(",", " ")


def measured(figure: Figure) -> str:
    """A figure with its unit and its interval: `21.6 s (20.9–22.3)`; `29 s (≥ 27)` without an
    upper end; `no data`, or `> 600 s`, without a value."""
    return " ".join(filter(None, value_and_interval(figure)))


def value_and_interval(figure: Figure) -> tuple[str, str]:
    """`21.6 s` and `(20.9–22.3)`; the second is empty where there is no interval."""
    if figure.value is None:
        low = figure.lower_bound
        is_bound = low is not None and figure.unit == "s"
        return (f"> {seconds(low)}" if is_bound else NO_DATA), ""
    if figure.unit == "yes/no" and figure.value in {0, 1}:
        return ("yes" if figure.value else "no"), ""
    scale, unit = 1.0, figure.unit
    if unit == "s" and figure.value != 0 and abs(figure.value) < 1:
        scale, unit = 1000.0, "ms"
    elif unit == "share":
        scale, unit = 100.0, "%"
    space = "" if unit.endswith("/s") else " "
    shown = "/s" if unit.endswith("/s") else unit
    interval = _scaled(figure.interval, scale)
    decimals = decimals_of(interval)
    value = figure.value if scale == 1 else round(figure.value * scale, 9)
    text = f"{rounded(value, decimals)}{space}{shown}".rstrip()
    return text, bounds(interval, decimals).lstrip()


def bounds(interval: Interval | None, decimals: int | None) -> str:
    """An interval behind its figure: ` (20.9–22.3)`, ` (≥ 27)`; nothing where it has no end."""
    if interval is None:
        return ""
    low, high = interval.low, interval.high
    if low is not None and high is not None:
        ends = rounded(low, decimals), rounded(high, decimals)
        return "" if ends[0] == ends[1] else f" ({ends[0]}–{ends[1]})"
    if low is not None:
        return f" (≥ {rounded(low, decimals)})"
    return "" if high is None else f" (≤ {rounded(high, decimals)})"


def cell(figure: Figure) -> str:
    """A table's cell: the value with its interval; `no data` without a value."""
    if figure.value is None:
        return NO_DATA
    decimals = decimals_of(figure.interval)
    text = rounded(figure.value, decimals)
    if figure.unit.endswith("/s"):
        text += "/s"
    text += BOUND_MARKS.get(str((figure.detail or {}).get("bound_by")), "")
    return text + bounds(figure.interval, decimals)


def value_of(verdict: Verdict) -> str:
    """What was judged, with its unit and interval."""
    if verdict.value is None:
        return "no data"
    return measured(
        Figure(verdict.value, verdict.unit, verdict.samples, "", interval=verdict.interval)
    )


def margin_of(verdict: Verdict) -> str:
    """By which share of the bound a value keeps to it, or breaks it, in words."""
    if verdict.margin is None:
        return ""
    share = 100 * abs(verdict.margin)
    words = "margin" if verdict.margin >= 0 else "beyond it by"
    return f", {words} {'< 1' if 0 < share < 1 else number(round(share))} %"


def _scaled(interval: Interval | None, scale: float) -> Interval | None:
    if interval is None or scale == 1:
        return interval
    low, high = interval.low, interval.high
    return Interval(
        interval.scope,
        None if low is None else low * scale,
        None if high is None else high * scale,
        interval.samples,
        interval.method,
    )
