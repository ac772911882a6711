"""Rows of indicators: a definition, a statistic, a figure.

Invariant: what has samples gets every quantile, those without data with their reason; a row's name
and unit are those of its definition.
"""

from collections.abc import Iterator
from typing import NamedTuple

from virtslo.model.report.figures import Figure, no_data
from virtslo.model.report.indicators import Definition
from virtslo.model.vocabulary import QUANTILES
from virtslo.slo.catalog.family import WATCH
from virtslo.slo.record.measured import Samples
from virtslo.slo.statistics.quantiles import quantile


class Row(NamedTuple):
    """One printed statistic of an indicator."""

    definition: Definition
    statistic: str
    figure: Figure


def quantile_rows(definition: Definition, samples: Samples) -> Iterator[Row]:
    """Every quantile of these samples."""
    values = sorted(samples.values)  # once: sorting them again costs next to nothing
    for statistic in QUANTILES:
        figure = quantile(
            statistic,
            values,
            unfinished=samples.unfinished,
            deadline=samples.deadline,
            unit=definition.unit,
        )
        yield Row(definition, statistic, figure)


def missing_rows(definition: Definition, reason: str, *, source: str = WATCH) -> Iterator[Row]:
    """Every quantile without data, for one reason."""
    for statistic in QUANTILES:
        yield Row(definition, statistic, no_data(definition.unit, reason, source=source))
