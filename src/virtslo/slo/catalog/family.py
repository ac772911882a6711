"""Definitions of indicators as they are written down: in order, each name once.

Invariant: what is defined in a family is in the catalog; a name that is defined twice is an error
at import.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from virtslo.model.report.indicators import Definition, Section
from virtslo.model.vocabulary import QUANTILES

MEAN: Final = ("mean",)
VALUE: Final = ("value",)
COUNT: Final = ("count",)
PER_OBJECT: Final = ("per_object",)

OPERATIONS: Final = "operations"
WATCH: Final = "watch"
OWN_CALLS: Final = "own calls"
SERVER_HISTOGRAMS: Final = "API server's histograms"


class Family:
    """The definitions of one subject."""

    def __init__(self) -> None:
        self._definitions: dict[str, Definition] = {}

    @property
    def definitions(self) -> Mapping[str, Definition]:
        """The definitions by name, in the order in which they were made."""
        return MappingProxyType(self._definitions)

    def define(self, definition: Definition) -> Definition:
        """Take a definition in. Raises ValueError for a name that is taken."""
        if definition.name in self._definitions:
            raise ValueError(f"the indicator {definition.name!r} is defined twice")
        self._definitions[definition.name] = definition
        return definition

    def latency(self, name: str, text: str, *, source: str = WATCH) -> Definition:
        """Define an indicator with a duration for each object: its quantiles, in seconds."""
        return self.define(Definition(name, "s", QUANTILES, Section.LATENCIES, text, source))

    def value(
        self, name: str, unit: str, statistics: tuple[str, ...], text: str, *, source: str = WATCH
    ) -> Definition:
        """Define an indicator that has a line of its own in a report."""
        return self.define(Definition(name, unit, statistics, Section.OTHER, text, source))
