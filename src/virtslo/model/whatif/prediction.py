"""A prediction: figures with what seeds say and what the model gets wrong, apart.

Invariant: a prediction knows the loads that the model was held against, and what it assumes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from virtslo.model.report.figures import Interval
from virtslo.model.whatif.calibration import Calibration


@dataclass(frozen=True, slots=True)
class Predicted:
    """One figure."""

    column: str
    value: float
    interval: Interval | None
    """Over seeds."""
    no_interval: str | None
    model_error: float | None
    """Root mean square, relative, on records that were held out; None: none has the figure."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a load is predicted to give."""

    count: int
    kind: str
    nodes: int
    seeds: int
    inconclusive: int
    """Simulated runs whose findings make their figures doubtful."""
    figures: tuple[Predicted, ...]
    calibration: Calibration
    largest: int
    """Objects of the largest burst of the kind that was fitted or held out; where there is none of
    the kind, of any."""
    kinds: tuple[str, ...]
    """Kinds that were recorded, fitted or held out."""
    assumed: tuple[str, ...]
    """What the records do not tell and the simulation therefore takes from elsewhere."""
    missing: Mapping[str, int] = field(default_factory=dict)
    """How many simulated runs lack a figure, by column: it is not predicted from the others."""
