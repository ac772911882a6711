"""Prometheus' text format, as far as components need it.

Invariant: a family is described before its samples, and a histogram is written whole.
"""

from collections.abc import Mapping

from virtslo.client.histogram import Histogram

Labels = Mapping[str, str]


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
        self._lines.append(f"{name}{_text(labels)} {number(value)}")

    def histogram(self, name: str, labels: Labels, histogram: Histogram) -> None:
        """A histogram's samples."""
        for bound, count in histogram.buckets():
            bucket = {**labels, "le": "+Inf" if bound == float("inf") else number(bound)}
            self.sample(f"{name}_bucket", bucket, count)
        self.sample(f"{name}_sum", labels, histogram.total)
        self.sample(f"{name}_count", labels, histogram.count)

    def single(self, name: str, kind: str, words: str, value: float) -> None:
        """A family of one sample."""
        self.family(name, kind, words)
        self.sample(name, {}, value)

    def encode(self) -> bytes:
        """The whole text."""
        return ("\n".join(self._lines) + "\n").encode()


def number(value: float) -> str:
    """A value as Go's client writes it: whole numbers bare, small ones with an exponent."""
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    return repr(value)


def _text(labels: Labels) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{key}="{value}"' for key, value in labels.items()) + "}"
