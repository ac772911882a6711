"""Where scraped samples of metrics are kept: a Prometheus, or what answers like one.

Invariant: what is handed over is what was scraped, sample by sample, with the time of the scrape;
nothing is interpolated, extrapolated, aggregated or filled in.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

Sample = tuple[float, float]
"""(Unix seconds of the scrape, value)."""


@dataclass(frozen=True, slots=True)
class ScrapedSeries:
    """The samples of one series, oldest first."""

    labels: Mapping[str, str]
    """Every label but the name."""
    samples: tuple[Sample, ...]
    name: str = ""
    """The metric's name."""


class MetricSource(Protocol):
    """A store of scraped samples. Raises ClusterError."""

    @property
    def place(self) -> str:
        """Where it is, for people; no secret is in it."""
        ...

    async def raw_samples(
        self, selector: str, *, start: float, end: float
    ) -> tuple[ScrapedSeries, ...]:
        """Every sample with start < time <= end (Unix seconds) of the series that `selector` picks.

        Series are sorted by name and labels; one without a sample in that time is left out.
        """
        ...
