"""Rows of indicators: a name, a statistic, a figure.

Invariant: what has samples gets every statistic of `quantiles`, those without data with their
reason.
"""

from collections.abc import Iterator
from typing import Final

from virtslo.model.figures import Figure, no_data
from virtslo.model.vocabulary import QUANTILES
from virtslo.slo.record.measured import Samples
from virtslo.slo.statistics.quantiles import quantile

OPERATIONS: Final = "operations"
WATCH: Final = "watch"
OBJECTS_PER_SECOND: Final = "objects/s"
VMIS_PER_SECOND: Final = "VMIs/s"

Row = tuple[str, str, Figure]
"""(name, statistic, figure)."""


def quantile_rows(name: str, samples: Samples) -> Iterator[Row]:
    """Every statistic of these samples."""
    for statistic in QUANTILES:
        figure = quantile(
            statistic, samples.values, unfinished=samples.unfinished, deadline=samples.deadline
        )
        yield name, statistic, figure


def missing_rows(name: str, reason: str, *, source: str = WATCH) -> Iterator[Row]:
    """Every statistic without data, for one reason."""
    for statistic in QUANTILES:
        yield name, statistic, no_data("s", reason, source=source)
