"""Prometheus' text exposition, written and read, fast enough for a thousand pods.

Invariant: what is written is read back as it was. A family is described before its samples, and a
histogram is written whole. A sample is read as prometheus-client's own parser reads it; the name
and labels of a series are parsed once however often it is read, and only its value each time.
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from math import isfinite, isinf
from typing import Final, NamedTuple

from virtslo.base.plain_text import shown_text
from virtslo.client.histogram import Histogram

LARGEST_COUNT: Final = 1 << 53
"""Beyond it a number of an exposition is no longer exact."""
REMEMBERED: Final = 1 << 16
"""How many series are remembered: an API server has about ten thousand."""
WRITTEN: Final = 1 << 11
"""How many histograms' lines are remembered: all components write a few hundred, of 2 KB each."""
SHORT: Final = 1 << 18
"""Characters up to which a text is split into its lines: a component's are 35 000."""
_NAME: Final = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_VALUE: Final = r'"[^"\\\n]*"'
_PLAIN: Final = re.compile(rf"({_NAME})(?:\{{((?:{_NAME}={_VALUE},)*{_NAME}={_VALUE})\}})?")
"""A series as servers write it, without escapes and spaces: prometheus-client's parser, which reads
all else, takes ten times as long."""
_LABEL: Final = re.compile(r'([^=,]+)="([^"]*)"')

Labels = Mapping[str, str]
Identity = tuple[str, ...]
"""What tells a series from every other, however its labels are ordered: the name, then each label
and its value, by label."""


class Exposition:
    """The text of a scrape, family by family."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def family(self, name: str, kind: str, words: str) -> None:
        """Begin a family of metrics."""
        self._lines.append(f"# HELP {name} {words}")
        self._lines.append(f"# TYPE {name} {kind}")

    def sample(self, name: str, labels: Labels, value: float) -> None:
        """One sample."""
        self._lines.append(f"{name}{_braced(_text(labels))} {number(value)}")

    def histogram(self, name: str, labels: Labels, histogram: Histogram) -> None:
        """A histogram's samples."""
        begins = _begins_of(name, _text(labels), histogram.bounds)
        values = (*histogram.reached(), number(histogram.total), histogram.count)
        self._lines += [f"{begin}{value}" for begin, value in zip(begins, values, strict=True)]

    def single(self, name: str, kind: str, words: str, value: float) -> None:
        """A family of one sample."""
        self.family(name, kind, words)
        self.sample(name, {}, value)

    def encode(self) -> bytes:
        """The whole text."""
        return ("\n".join(self._lines) + "\n").encode()


def number(value: float) -> str:
    """A value as Go's client writes it: whole numbers bare, small ones with an exponent."""
    if isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    return repr(value)


@lru_cache(maxsize=WRITTEN)
def _begins_of(name: str, labels: str, bounds: tuple[float, ...]) -> tuple[str, ...]:
    """What a histogram's lines begin with: buckets, the infinite one last, then sum and count."""
    first, braced = f"{name}_bucket{{{labels}{',' if labels else ''}", _braced(labels)
    edges = (*map(number, bounds), "+Inf")
    buckets = [f'{first}le="{edge}"}} ' for edge in edges]
    return (*buckets, f"{name}_sum{braced} ", f"{name}_count{braced} ")


def _text(labels: Labels) -> str:
    return ",".join([f'{key}="{_escaped(value)}"' for key, value in labels.items()])


def _braced(text: str) -> str:
    return f"{{{text}}}" if text else ""


@lru_cache(maxsize=REMEMBERED)
def _escaped(value: str) -> str:
    """A label's value as the format wants it between quotes."""
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


class Series(NamedTuple):
    """A series' name and labels."""

    name: str
    labels: Mapping[str, str]


def read_samples(text: str, wanted: tuple[str, ...]) -> Iterator[tuple[Series, float]]:
    """The samples whose line begins with one of `wanted`: those of each in order.

    Raises ValueError for a line that is no sample, a value that is no finite number, and a series
    that is there twice: which of its values is right, nothing tells.
    """
    for written, _, value in _read_lines(text, wanted):
        yield parse_series(written), value


def read_identities(text: str, wanted: tuple[str, ...]) -> Iterator[tuple[Identity, float]]:
    """As `read_samples`, with identities, which are the same objects in every read: what is made of
    one can be remembered by it."""
    for _, identity, value in _read_lines(text, wanted):
        yield identity, value


def labels_of(identity: Identity) -> Labels:
    """The labels of a series, by its identity."""
    return dict(zip(identity[1::2], identity[2::2], strict=True))


def _read_lines(text: str, wanted: tuple[str, ...]) -> Iterator[tuple[str, Identity, float]]:
    passed: set[Identity] = set()
    for count, line in enumerate(_lines(text, wanted)):
        written, digits = _split(line)
        identity = _identity(written)
        passed.add(identity)
        if len(passed) == count:
            raise ValueError(f"the series {shown_text(written)} is there twice")
        value = float(digits)
        if not isfinite(value):
            raise ValueError(f"the series {shown_text(written)} is {digits}")
        yield written, identity, value


def _lines(text: str, wanted: tuple[str, ...]) -> Iterator[str]:
    """The lines that begin with one of `wanted`, each once.

    In a long text they are looked for rather than all lines read: an API server writes 32 000, and
    few are wanted.
    """
    if len(text) <= SHORT:
        yield from [line for line in text.split("\n") if line.startswith(wanted)]
        return
    for start in wanted:
        if any(start.startswith(other) for other in wanted if other != start):
            continue
        after_end = f"\n{start}"
        begin = 0 if text.startswith(start) else text.find(after_end) + 1
        is_there = begin > 0 or text.startswith(start)
        while is_there:
            end = text.find("\n", begin)
            yield text[begin:] if end < 0 else text[begin:end]
            begin = text.find(after_end, end) + 1 if end >= 0 else 0
            is_there = begin > 0


def whole_count(name: str, value: float) -> int:
    """The value of a counter. Raises ValueError if it is no whole number of at least 0."""
    if value < 0 or value > LARGEST_COUNT or value != int(value):
        raise ValueError(f"the counter {shown_text(name)} is {value:g}, which is no count")
    return int(value)


def _split(line: str) -> tuple[str, str]:
    """A line's series and value; a label's value may hold any character, so the brace decides."""
    end = line.rfind("}") + 1 or line.find(" ")
    parts = line[end:].split()
    if end <= 0 or not 1 <= len(parts) <= 2:
        raise ValueError(f"not a sample: {line[:120]!r}")
    return line[:end], parts[0]


def _parsed(series: str) -> Series:
    plain = _PLAIN.fullmatch(series)
    if plain is not None:
        return Series(plain[1], dict(_LABEL.findall(plain[2] or "")))
    from prometheus_client.parser import text_string_to_metric_families

    for family in text_string_to_metric_families(f"{series} 0\n"):
        for sample in family.samples:
            return Series(sample.name, sample.labels)
    raise ValueError(f"not a series: {series[:120]!r}")


def _bucket(series: str) -> Series | None:
    """A histogram's bucket as servers write it, its upper edge last: what its labels are but for
    that is parsed once for all edges. None for any other series."""
    rest, found, edge = series.rpartition(',le="')
    if not found or not edge.endswith('"}') or '"' in edge[:-2] or "\\" in edge:
        return None
    name, labels = parse_series(f"{rest}}}")
    return Series(name, {**labels, "le": edge[:-2]})


@lru_cache(maxsize=REMEMBERED)
def parse_series(series: str) -> Series:
    """A series' name and labels. Raises ValueError."""
    return _parsed(series)


@lru_cache(maxsize=REMEMBERED)
def _identity(series: str) -> Identity:
    name, labels = _bucket(series) or _parsed(series)
    return (name, *(part for pair in sorted(labels.items()) for part in pair))
