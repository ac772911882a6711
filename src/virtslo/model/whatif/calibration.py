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
ANSWERS: Mapping[str, str] = {
    "answers.reads": "answer to a read, mean",
    "answers.writes": "answer to a write, mean",
    "answers.webhook_writes": "the same with webhooks, mean",
    "answers.own_webhooks": "our creates beyond our deletes, mean",
}
"""How long requests take at a low rate, with their titles: by the API server's histogram or by an
audit log, and our own by virtslo itself."""
TOLD_BY: Mapping[str, tuple[str, ...]] = {
    "reads": ("answers.reads",),
    "writes": ("answers.writes",),
    "webhooks": ("answers.webhook_writes", "answers.own_webhooks"),
}
"""The parts that only times of requests tell, and which."""
JUDGED: Mapping[str, str] = {
    ALL_RUNNING: "all Running after",
    "vmi_creation_to_running_seconds.p50": "creation to Running, P50",
    "vmi_creation_to_running_seconds.p95": "creation to Running, P95",
    "vmi_deletion_to_gone_seconds.p50": "deletion to gone, P50",
    "vmi_deletion_to_gone_seconds.p95": "deletion to gone, P95",
    "vmi_deletion_to_gone_seconds.max": "deletion to gone, last",
}
"""The figures that are predicted, and by which a calibration is judged."""
TITLES: Mapping[str, str] = {**FITTED, **ANSWERS, **JUDGED}
LEAST_SECONDS = 0.001
"""Of a figure: less is taken for this much, since neither clock nor watch tells less from none."""
WEAK = 0.3
"""By how much, as a share, a factor must at least move a figure for records to tell it well."""
RECORD_FOR: Mapping[str, str] = {
    "capacity": "a burst that takes several times as long as one object does",
    "reads": "constant churn with 20 reads of pods at least, the API server's metrics readable",
    "writes": "constant churn where the API server's metrics or its audit log can be read",
    "webhooks": "constant churn of 20 VMIs where the API server's metrics can be read, else "
    "of some 400 VMIs, by the times of virtslo's own creates and deletes",
    "owners": "a burst of VMs, or of the owner that is meant",
    "playing": "a burst of VMIs, where one process plays the nodes; real nodes have no such work",
    "starting": "constant churn at about one object a second",
    "booting": "constant churn at about one object a second",
    "stopping": "constant churn at about one object a second",
}
"""What to record for a factor that records do not tell, or tell badly."""
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
    kept: str = "it keeps the profile's values"
    """What it is instead, where it was not identified."""
    deviation: float = 0.0
    """Standard deviation of its logarithm, by the fit."""
    share: float = 1.0
    """The largest share of a figure that is of this part: how much of a change of the factor shows
    where it shows most."""

    @property
    def is_weak(self) -> bool:
        """Whether other parts hide it in every figure, and the model alone divides them."""
        return self.is_identified and self.share < WEAK

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
    shapes: Sequence[str] = ()
    """Steps whose distribution is of the quantiles that were recorded."""
    answered_by: Sequence[str] = ()
    """Where the times of requests were read, and in which record."""
    held_out: Sequence[Residual] = ()
    are_given: bool = False
    """Whether records were held out by name; else each was predicted from the others."""
    no_held_out: str = ""
    """Why there is no error on records that were held out."""
    bases: Mapping[str, float] = field(default_factory=dict)
    """The root mean square of log ratios by the built-in profile that was scaled."""
