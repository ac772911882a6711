"""What an indicator is: its definition, and the statistic of one run that is printed.

Invariant: a definition holds everything that is to be said of an indicator but its value: docs,
objectives, messages and the place in a report are made from it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from virtslo.model.report.figures import Figure


class Section(StrEnum):
    """The part of a report for people in which an indicator is shown."""

    LATENCIES = "Latencies"
    """A row of quantiles."""
    CALLS = "REST calls by resource"
    """A row of a table by verb and resource."""
    USAGE = "What components use"
    """A row of a table by component."""
    TIME = "Where the time goes"
    """A part of a sentence."""
    OTHER = "Other indicators"
    """A line of its own."""


@dataclass(frozen=True, slots=True)
class Definition:
    """What an indicator measures, in which unit, and where it is shown."""

    name: str
    unit: str
    statistics: tuple[str, ...]
    """Those that a run may have, the one that an objective means first."""
    section: Section
    text: str
    source: str
    labels: tuple[str, ...] = ()
    """Which row of its section's table it is: (verb, resource), or (component,)."""
    numbered: str = ""
    """A statistic that it has once a cycle too: `cycle` stands for `cycle_1`, `cycle_2`, …"""

    def has(self, statistic: str) -> bool:
        """Whether a run may have this statistic of it."""
        prefix, _, number = statistic.rpartition("_")
        is_numbered = bool(self.numbered) and prefix == self.numbered and number.isdecimal()
        return statistic in self.statistics or is_numbered


Definitions = Mapping[str, Definition]
"""Definitions by name."""

NO_DEFINITIONS: Definitions = MappingProxyType({})
"""Where nothing is measured: nothing, so that an objective about anything is refused."""


class FigureKey(NamedTuple):
    """Which figure of a run, or of its repetitions: an indicator and a statistic."""

    name: str
    statistic: str


@dataclass(frozen=True, slots=True)
class Indicator:
    """A named statistic of one run."""

    run: str
    name: str
    statistic: str
    figure: Figure

    @property
    def key(self) -> FigureKey:
        """Which figure of its run it is."""
        return FigureKey(self.name, self.statistic)


def figures_by_key(indicators: Iterable[Indicator]) -> dict[FigureKey, Figure]:
    """The figures of one run, or of one group of repetitions."""
    return {item.key: item.figure for item in indicators}
