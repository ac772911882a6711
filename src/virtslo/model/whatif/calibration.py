"""A calibration: factors on a profile that make simulated runs like recorded ones, and their error.

Invariant: an error on records that were fitted is never shown as that of a prediction; a factor
that the records do not identify keeps its default and says so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import exp
from typing import Any

ALL_RUNNING = "time_to_all_running_seconds.value"
FITTED: Mapping[str, str] = {
    "vmi_creation_to_scheduling_seconds.p50": "creation to Scheduling, P50",
    "vmi_scheduling_to_scheduled_seconds.p50": "Scheduling to Scheduled, P50",
    "vmi_scheduled_to_running_seconds.p50": "Scheduled to Running, P50",
    "vmi_deletion_to_gone_seconds.p50": "deletion to gone, P50",
    ALL_RUNNING: "all Running after",
}
"""The figures that are fitted, by `indicator.statistic`, with their titles: what one phase takes,
and, of loads that do not set the time themselves, when all are Running."""
JUDGED: Mapping[str, str] = {
    ALL_RUNNING: "all Running after",
    "vmi_creation_to_running_seconds.p50": "creation to Running, P50",
    "vmi_creation_to_running_seconds.p95": "creation to Running, P95",
    "vmi_deletion_to_gone_seconds.p50": "deletion to gone, P50",
    "vmi_deletion_to_gone_seconds.p95": "deletion to gone, P95",
}
"""The figures that are predicted, and by which a calibration is judged."""
TITLES: Mapping[str, str] = {**FITTED, **JUDGED}
QUANTILE = 1.96
"""Of the normal distribution, for 95 %."""


@dataclass(frozen=True, slots=True)
class Factor:
    """A part of a profile that is scaled as one."""

    name: str
    value: float
    is_identified: bool = True
    reason: str = ""
    """Why it was not identified."""
    deviation: float = 0.0
    """Standard deviation of its logarithm, by the fit."""

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval, from the samples of the figures that were fitted."""
        away = exp(QUANTILE * self.deviation)
        return self.value / away, self.value * away


@dataclass(frozen=True, slots=True)
class Residual:
    """A figure of a record, and what the calibrated profile gives for it."""

    record: str
    column: str
    measured: float
    simulated: float

    @property
    def error(self) -> float:
        """Simulated over measured, less one."""
        return self.simulated / self.measured - 1


@dataclass(frozen=True, slots=True)
class Calibration:
    """What a calibration comes to."""

    base: str
    document: Mapping[str, Any]
    """The calibrated profile, whole."""
    factors: Sequence[Factor]
    residuals: Sequence[Residual]
    held_out: Sequence[Residual] = ()
    no_held_out: str = ""
    """Why there is no error on records that were held out."""
    bases: Mapping[str, float] = field(default_factory=dict)
    """The root mean square of log ratios by the built-in profile that was scaled."""
