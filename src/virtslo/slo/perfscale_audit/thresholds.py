"""Thresholds of an audit, the right way round: a result may be at most its bound.

Invariant: what lies on both sides of a bound as far as the scrapes can tell is inconclusive; no
data is inconclusive too, never met.
"""

from collections.abc import Mapping, Sequence

from virtslo.model.report.perfscale_audit import PerfscaleAuditValue, Threshold, ThresholdVerdict
from virtslo.model.report.verdicts import Outcome
from virtslo.slo.perfscale_audit.values import nearest


def judge(
    thresholds: Sequence[Threshold], values: Mapping[str, PerfscaleAuditValue]
) -> tuple[ThresholdVerdict, ...]:
    """A verdict for every threshold."""
    return tuple(_judge(threshold, values) for threshold in thresholds)


def _judge(threshold: Threshold, values: Mapping[str, PerfscaleAuditValue]) -> ThresholdVerdict:
    found = values.get(threshold.key)
    missing = _missing(threshold.key, values)
    if found is None or found.value is None:
        return ThresholdVerdict(threshold, None, Outcome.INCONCLUSIVE, missing)
    if threshold.metric is None or threshold.ratio is None:
        return _verdict(threshold, threshold.value, found, (threshold.value, threshold.value))
    other = values.get(threshold.metric)
    if other is None or other.value is None:
        missing = _missing(threshold.metric, values)
        return ThresholdVerdict(threshold, None, Outcome.INCONCLUSIVE, missing)
    bound = threshold.ratio * other.value
    low = threshold.ratio * (other.low if other.low is not None else other.value)
    high = threshold.ratio * (other.high if other.high is not None else other.value)
    return _verdict(threshold, bound, found, (low, high))


def _verdict(
    threshold: Threshold, bound: float, found: PerfscaleAuditValue, bounds: tuple[float, float]
) -> ThresholdVerdict:
    low = found.low if found.low is not None else found.value
    high = found.high if found.high is not None else found.value
    assert low is not None
    assert high is not None
    told = f"{found.value:g} {found.unit}, at most {bound:g}"
    if threshold.metric is not None:
        told += f" ({threshold.ratio:g} × {threshold.metric})"
    if high <= bounds[0]:
        return ThresholdVerdict(threshold, bound, Outcome.MET, told)
    if low > bounds[1]:
        return ThresholdVerdict(threshold, bound, Outcome.VIOLATED, told)
    told += f"; known only between {low:g} and {high:g}"
    return ThresholdVerdict(threshold, bound, Outcome.INCONCLUSIVE, told)


def _missing(key: str, values: Mapping[str, PerfscaleAuditValue]) -> str:
    found = values.get(key)
    if found is not None:
        return f"{key}: {found.reason}"
    return f"{key}: no such result{nearest(key, values)}"
