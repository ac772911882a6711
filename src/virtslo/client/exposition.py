"""Lines of a Prometheus exposition, fast enough for a thousand pods.

Invariant: a sample is read as prometheus-client's own parser reads it; the name and labels of a
series are parsed once however often it is read, and only its value each time.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final, NamedTuple

from prometheus_client.parser import text_string_to_metric_families

REMEMBERED: Final = 1 << 16
"""How many series are remembered: an API server has about ten thousand."""


class Series(NamedTuple):
    """A series' name and labels."""

    name: str
    labels: Mapping[str, str]


def read_samples(text: str, wanted: tuple[str, ...]) -> Iterator[tuple[Series, float]]:
    """The samples whose line begins with one of `wanted`, in order.

    Raises ValueError for a line that is no sample.
    """
    for line in text.split("\n"):
        if not line.startswith(wanted):
            continue
        series, value = _split(line)
        yield parse_series(series), float(value)


def _split(line: str) -> tuple[str, str]:
    """A line's series and value; a label's value may hold any character, so the brace decides."""
    end = line.rfind("}") + 1 or line.find(" ")
    parts = line[end:].split()
    if end <= 0 or not 1 <= len(parts) <= 2:
        raise ValueError(f"not a sample: {line[:120]!r}")
    return line[:end], parts[0]


@lru_cache(maxsize=REMEMBERED)
def parse_series(series: str) -> Series:
    """A series' name and labels. Raises ValueError."""
    for family in text_string_to_metric_families(f"{series} 0\n"):
        for sample in family.samples:
            return Series(sample.name, sample.labels)
    raise ValueError(f"not a series: {series[:120]!r}")
