"""An audit of a Prometheus that others run: what is asked, and what its scrapes can show.

Invariant: a value is known between `low` and `high`; None with a reason is no data, never 0. A
count is that of the whole scrapes around the window: it is exact for those.
"""

from dataclasses import dataclass, field

from virtslo.model.report.verdicts import Outcome


@dataclass(frozen=True, slots=True)
class Threshold:
    """The upper bound of a result: a number, or a multiple of another result."""

    key: str
    value: float
    metric: str | None = None
    ratio: float | None = None


@dataclass(frozen=True, slots=True)
class PerfscaleAuditRequest:
    """What is to be audited, and where the samples are. Moments are Unix seconds."""

    url: str = field(repr=False)
    start: float
    end: float
    scrape_interval: float = 30.0
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    bearer_token: str | None = field(default=None, repr=False)
    verify: bool = True
    thresholds: tuple[Threshold, ...] = ()


@dataclass(frozen=True, slots=True)
class PerfscaleAuditValue:
    """One result, under perfscale-audit's key."""

    key: str
    value: float | None
    unit: str
    low: float | None = None
    high: float | None = None
    surely: float | None = None
    """A count: what surely fell inside the window, between the scrapes within it."""
    detail: str = ""
    reason: str | None = None

    def __post_init__(self) -> None:
        if (self.value is None) != (self.reason is not None):
            raise ValueError("a result has a value, or a reason why it has none")


@dataclass(frozen=True, slots=True)
class ThresholdVerdict:
    """A threshold, judged."""

    threshold: Threshold
    bound: float | None
    """The number it came to; None where the other result has no data."""
    verdict: Outcome
    detail: str


@dataclass(frozen=True, slots=True)
class PerfscaleAuditResult:
    """Everything an audit found."""

    place: str
    start: float
    end: float
    values: tuple[PerfscaleAuditValue, ...]
    verdicts: tuple[ThresholdVerdict, ...] = ()
    notes: tuple[str, ...] = ()
