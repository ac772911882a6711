"""How KubeVirt's perfscale-audit sees a latency: whole seconds, histogram buckets, interpolation.

Invariant: `quantile` is PromQL's `histogram_quantile` for one classic histogram: linear inside a
bucket, the lower edge of the highest finite bucket where the rank is above it.
"""

from collections.abc import Mapping

from prometheus_client.parser import text_string_to_metric_families

FROM_CREATION = "kubevirt_vmi_phase_transition_time_from_creation_seconds_bucket"

Buckets = Mapping[float, float]
"""Cumulative counts by upper edge, seconds."""


def running_buckets(*expositions: str) -> Buckets:
    """The buckets of creation to Running, added up over processes."""
    found: dict[float, float] = {}
    for text in expositions:
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                if sample.name == FROM_CREATION and sample.labels["phase"] == "Running":
                    edge = float(sample.labels["le"])
                    found[edge] = found.get(edge, 0.0) + sample.value
    return found


def difference(before: Buckets, after: Buckets) -> Buckets:
    """What was observed between two reads; a series absent before counts from 0."""
    return {edge: count - before.get(edge, 0.0) for edge, count in after.items()}


def quantile(q: float, buckets: Buckets) -> float:
    """The q-quantile, seconds."""
    edges = sorted(buckets)
    rank = q * buckets[edges[-1]]
    lower, below = 0.0, 0.0
    for edge in edges:
        if buckets[edge] >= rank:
            if edge == float("inf"):
                return lower
            return lower + (edge - lower) * (rank - below) / (buckets[edge] - below)
        lower, below = edge, buckets[edge]
    raise AssertionError("a histogram ends with +Inf")
