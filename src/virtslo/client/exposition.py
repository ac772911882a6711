"""Prometheus' text exposition, written and read, fast enough for a thousand pods.

Invariant: what is written is read back as it was. A family is described before its samples, and a
histogram is written whole. A sample is read as prometheus-client's own parser reads it; the name
and labels of a series are parsed once however often it is read, and only its value each time.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from math import isfinite, isinf
from sys import intern
from typing import Final, NamedTuple, TypeVar

from virtslo.base.plain_text import shown_text
from virtslo.client.histogram import Histogram

LARGEST_COUNT: Final = 1 << 53
"""Beyond it a number of an exposition is no longer exact."""
REMEMBERED: Final = 1 << 16
"""How many series are remembered: an API server has about ten thousand."""
WRITTEN: Final = 1 << 11
"""How many histograms' buckets are remembered, of 2 KB each."""
SHORT: Final = 1 << 18
"""Bytes up to which an exposition is split into its lines: a component's are 35 000."""
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
Bucket = tuple[Identity, str]
"""A histogram's identity, without the label `le`, and the upper edge of one of its buckets."""
K = TypeVar("K", Identity, Bucket)


class Exposition:
    """The text of a scrape, family by family."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def family(self, name: str, kind: str, words: str) -> None:
        """Begin a family of metrics."""
        self._lines.append(f"# HELP {name} {words}\n# TYPE {name} {kind}")

    def sample(self, name: str, labels: Labels, value: float) -> None:
        """One sample."""
        self._lines.append(f"{name}{_braced(_text(labels))} {number(value)}")

    def histogram(self, name: str, labels: Labels, histogram: Histogram) -> None:
        """A histogram's samples."""
        text, reached = _text(labels), tuple(histogram.reached())
        braced = _braced(text)
        self._lines.append(
            f"{_buckets(name, text, histogram.bounds, reached)}\n"
            f"{name}_sum{braced} {number(histogram.total)}\n{name}_count{braced} {reached[-1]}"
        )

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
def _buckets(name: str, labels: str, bounds: tuple[float, ...], reached: tuple[int, ...]) -> str:
    """The lines of a histogram's buckets, the infinite one last.

    Thousands of nodes' components have counted the same: a few calls, made at their start.
    """
    first = f"{name}_bucket{{{labels}{',' if labels else ''}"
    counts = zip(_edges(bounds), reached, strict=True)
    return "\n".join([f'{first}le="{edge}"}} {count}' for edge, count in counts])


@lru_cache(maxsize=64)
def _edges(bounds: tuple[float, ...]) -> tuple[str, ...]:
    """The upper edges of buckets, as they are written."""
    return (*map(number, bounds), "+Inf")


def _text(labels: Labels) -> str:
    return _written(tuple(labels.items()))


@lru_cache(maxsize=REMEMBERED)
def _written(labels: tuple[tuple[str, str], ...]) -> str:
    """Labels as they are written between braces."""
    return ",".join([f'{key}="{_escaped(value)}"' for key, value in labels])


def _braced(text: str) -> str:
    return f"{{{text}}}" if text else ""


def _escaped(value: str) -> str:
    """A label's value as the format wants it between quotes."""
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


class Series(NamedTuple):
    """A series' name and labels."""

    name: str
    labels: Mapping[str, str]


def read_samples(body: bytes, wanted: tuple[str, ...]) -> Iterator[tuple[Series, float]]:
    """The samples whose line begins with one of `wanted`: those of each in order.

    Raises ValueError for a line that is no sample, a value that is no finite number, and a series
    that is there twice: which of its values is right, nothing tells.
    """
    for identity, value in read_identities(body, wanted):
        yield _series_of(identity), value


def read_identities(body: bytes, wanted: tuple[str, ...]) -> Iterator[tuple[Identity, float]]:
    """As `read_samples`, with identities, which are the same objects in every read: what is made of
    one can be remembered by it."""
    return _read(body, wanted, _identity)


def read_buckets(body: bytes, wanted: str) -> Iterator[tuple[Bucket, float]]:
    """As `read_identities`, of a family of buckets: the identity of each without its upper edge,
    which all buckets of a histogram share, and that edge."""
    return _read(body, (wanted,), _bucket)


def labels_of(identity: Identity) -> Labels:
    """The labels of a series, by its identity."""
    return dict(zip(identity[1::2], identity[2::2], strict=True))


def _read(
    body: bytes, wanted: tuple[str, ...], known_by: Callable[[bytes], K]
) -> Iterator[tuple[K, float]]:
    """What each wanted series is known by, and its value."""
    passed: set[K] = set()
    for count, line in enumerate(_lines(body, wanted)):
        # A label's value may hold any character, so the brace decides where the series ends.
        end = line.rfind(b"}") + 1 or line.find(b" ")
        if end <= 0:
            raise ValueError(f"not a sample: {_text_of(line)[:120]!r}")
        written = line[:end]
        known = known_by(written)
        passed.add(known)
        if len(passed) == count:
            raise ValueError(f"the series {shown_text(_text_of(written))} is there twice")
        yield known, _value(line, end)


def _value(line: bytes, end: int) -> float:
    """The value of a line whose series ends at `end`; a time may come after it."""
    try:
        value = float(line[end:])
    except ValueError:
        value = _timed_value(line, end)
    if not isfinite(value):
        digits = _text_of(line[end:].split()[0])
        raise ValueError(f"the series {shown_text(_text_of(line[:end]))} is {digits}")
    return value


def _timed_value(line: bytes, end: int) -> float:
    try:
        value, _ = line[end:].split()
        return float(value)
    except ValueError:
        raise ValueError(f"not a sample: {_text_of(line)[:120]!r}") from None


def _lines(body: bytes, wanted: tuple[str, ...]) -> Iterator[bytes]:
    """The lines that begin with one of `wanted`, each once.

    In a long exposition they are looked for, and no other line is looked at: an API server writes
    32 000 of 150 bytes, and few are wanted.
    """
    starts = tuple(start.encode() for start in wanted)
    if len(body) <= SHORT:
        yield from [line for line in body.split(b"\n") if line.startswith(starts)]
        return
    for start in starts:
        if any(start.startswith(other) for other in starts if other != start):
            continue
        after_end = b"\n" + start
        begin = 0 if body.startswith(start) else body.find(after_end) + 1
        is_there = begin > 0 or body.startswith(start)
        while is_there:
            end = body.find(b"\n", begin)
            yield body[begin:] if end < 0 else body[begin:end]
            begin = body.find(after_end, end) + 1 if end >= 0 else 0
            is_there = begin > 0


def whole_count(name: str, value: float) -> int:
    """The value of a counter. Raises ValueError if it is no whole number of at least 0."""
    if value < 0 or value > LARGEST_COUNT or value != int(value):
        raise ValueError(f"the counter {shown_text(name)} is {value:g}, which is no count")
    return int(value)


def _text_of(written: bytes) -> str:
    return written.decode(errors="replace")


def parse_series(series: str) -> Series:
    """A series' name and labels. Raises ValueError."""
    plain = _PLAIN.fullmatch(series)
    if plain is not None:
        return Series(plain[1], dict(_LABEL.findall(plain[2] or "")))
    from prometheus_client.parser import text_string_to_metric_families

    for family in text_string_to_metric_families(f"{series} 0\n"):
        for sample in family.samples:
            return Series(sample.name, sample.labels)
    raise ValueError(f"not a series: {series[:120]!r}")


@lru_cache(maxsize=REMEMBERED)
def _identity(written: bytes) -> Identity:
    return _identity_of(parse_series(_text_of(written)))


def _identity_of(series: Series) -> Identity:
    return (series.name, *(part for pair in sorted(series.labels.items()) for part in pair))


@lru_cache(maxsize=REMEMBERED)
def _series_of(identity: Identity) -> Series:
    return Series(identity[0], labels_of(identity))


@lru_cache(maxsize=REMEMBERED)
def _bucket(written: bytes) -> Bucket:
    """A bucket's identity without its edge, and the edge; servers write that last, and what is
    before it is parsed once for all edges of a histogram."""
    rest, found, last = written.rpartition(b',le="')
    if not found or not last.endswith(b'"}') or b'"' in last[:-2] or b"\\" in last:
        return _without_edge(_identity(written))
    identity, _ = _without_edge(_identity(rest + b"}"))
    return identity, intern(_text_of(last[:-2]))


@lru_cache(maxsize=REMEMBERED)
def _without_edge(identity: Identity) -> Bucket:
    labels = {**labels_of(identity)}
    edge = labels.pop("le", "")
    return _identity_of(Series(identity[0], labels)), edge
