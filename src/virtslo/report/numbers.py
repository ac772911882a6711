"""How numbers are written for people, in one place.

Invariant: no data is written as `no data`, never as 0; a figure keeps three significant digits.
"""

from virtslo.model.figures import Figure

NO_DATA = "no data"


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
    """A value with its unit."""
    return seconds(value) if unit == "s" else f"{number(value)} {unit}".rstrip()


def cell(figure: Figure) -> str:
    """A table's cell: the value, its peak and range beside it; `no data` without one."""
    if figure.value is None:
        return NO_DATA
    text = number(figure.value)
    if figure.unit.endswith("/s"):
        text += "/s"
    if figure.range is not None:
        text += f" ({number(figure.range[0])}–{number(figure.range[1])})"
    return text
