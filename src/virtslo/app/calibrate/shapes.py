"""The shape of a step's distribution, from the quantiles of the phase that it is most of.

Invariant: a shape is replaced only where samples of the phase differ from simulated ones by more
than sampling does (Kolmogorov and Smirnov's statistic); what else a phase is made of, work and
waiting, is what the simulation has of it.
"""

from collections.abc import Mapping, Sequence
from math import exp, sqrt
from statistics import NormalDist
from typing import Any, Final

from virtslo.app.calibrate.factors import BOOTING, DIGITS, STARTING, STOPPING
from virtslo.model.identifiers import RUNNING, SCHEDULED, SCHEDULING
from virtslo.model.kubernetes import resources
from virtslo.model.run.record import RunRecord
from virtslo.model.simulated.profile import Step
from virtslo.model.stage_names import StageName
from virtslo.slo.record.timelines import Timeline, timelines_of

MAIN_STEPS: Final[Mapping[str, Step]] = {
    STARTING: "pod_start",
    BOOTING: "boot",
    STOPPING: "pod_stop",
}
"""The step that takes most of each part's time: the one whose shape is replaced."""
OTHER_STEPS: Final[Mapping[str, tuple[Step, ...]]] = {
    STARTING: ("schedule", "pod_create"),
    BOOTING: ("domain_define",),
    STOPPING: (),
}
"""The steps of a part beside its main one, which take their median where that is replaced."""
POINTS: Final = 21
LEAST_SAMPLES: Final = 20
"""Fewer do not show a shape."""
CRITICAL: Final = 1.63
"""Kolmogorov and Smirnov's at 1 %: of a statistic times the square root of nm / (n + m)."""
_NEAREST: Final = 0.005
"""The share at which an unbounded distribution is cut."""

Samples = Mapping[str, Sequence[float]]
"""Seconds of the phase of each part, by part."""


def phase_samples(record: RunRecord, *, stage: StageName) -> Samples:
    """How long each VMI of a stage was in the phases that the parts make up."""
    found: dict[str, list[float]] = {part: [] for part in MAIN_STEPS}
    lines = timelines_of(record, stages={stage})
    vmis = {
        (item.kind, item.namespace, item.name): item for item in lines.of_kind(resources.VMIS.kind)
    }
    for key in lines.creations.keys() & vmis.keys():
        phases = vmis[key].phases
        _add(found[STARTING], phases.get(SCHEDULING), phases.get(SCHEDULED))
        _add(found[BOOTING], phases.get(SCHEDULED), phases.get(RUNNING))
    for key in lines.deletions.keys() & vmis.keys():
        gone: Timeline = vmis[key]
        _add(found[STOPPING], lines.deletions[key].released_ns, gone.deleted_ns)
    return found


def _add(samples: list[float], begin_ns: int | None, end_ns: int | None) -> None:
    if begin_ns is not None and end_ns is not None:
        samples.append((end_ns - begin_ns) / 1e9)


def differ(one: Sequence[float], other: Sequence[float]) -> bool:
    """Whether two samples are of different distributions, at 1 %."""
    if min(len(one), len(other)) < LEAST_SAMPLES:
        return False
    weight = sqrt(len(one) * len(other) / (len(one) + len(other)))
    return distance(one, other) * weight > CRITICAL


def distance(one: Sequence[float], other: Sequence[float]) -> float:
    """The largest difference of the shares of two samples below a place: 0 to 1."""
    return max(abs(_share(one, place) - _share(other, place)) for place in {*one, *other})


def _share(samples: Sequence[float], place: float) -> float:
    return sum(value <= place for value in samples) / len(samples)


def reshaped(
    distribution: Mapping[str, Any], measured: Sequence[float], simulated: Sequence[float]
) -> dict[str, Any]:
    """A step's distribution by its quantiles, moved by how those of its phase differ."""
    shares = [number / (POINTS - 1) for number in range(POINTS)]
    moved = [
        max(0.0, _quantile_of(distribution, share) + quantile(measured, share) - other)
        for share, other in ((share, quantile(simulated, share)) for share in shares)
    ]
    values = [float(f"{value:.{DIGITS}g}") for value in sorted(moved)]
    return {"shape": "quantiles", "values": values}


def steadied(delays: Mapping[str, Mapping[str, Any]], part: str) -> dict[str, Mapping[str, Any]]:
    """Delays in which a part's main step alone varies: the others take their medians."""
    found = dict(delays)
    for step in OTHER_STEPS[part]:
        if step in found:
            value = float(f"{_quantile_of(found[step], 0.5):.{DIGITS}g}")
            found[step] = {"shape": "constant", "value": value}
    return found


def steps_median(delays: Mapping[str, Mapping[str, Any]], part: str) -> float:
    """Seconds that a part's steps take, each its median."""
    steps = (MAIN_STEPS[part], *OTHER_STEPS[part])
    return sum(_quantile_of(delays[step], 0.5) for step in steps if step in delays)


def quantile(samples: Sequence[float], share: float) -> float:
    """The quantile of a sample, on straight lines between its values."""
    ordered = sorted(samples)
    place = share * (len(ordered) - 1)
    below = min(int(place), max(0, len(ordered) - 2))
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def _quantile_of(distribution: Mapping[str, Any], share: float) -> float:
    """The quantile of a distribution as a profile's document has it."""
    of = dict(distribution)
    inner = NormalDist().inv_cdf(min(max(share, _NEAREST), 1 - _NEAREST))
    match of.get("shape", "constant"):
        case "uniform":
            low, high = of.get("low", 0.0), of.get("high", 0.0)
            value = low + share * (high - low)
        case "normal":
            value = of.get("mean", 0.0) + inner * of.get("deviation", 0.0)
        case "lognormal":
            value = of["median"] * exp(inner * of.get("sigma", 0.0))
        case "quantiles":
            value = quantile(of["values"], share)
        case _:
            value = of.get("value", 0.0)
    return max(float(value), float(of.get("least", 0.0)), 0.0)
