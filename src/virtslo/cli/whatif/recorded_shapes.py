"""Shapes of steps from the phases of recorded runs; what else a phase holds is simulated.

Invariant: the shape of a step is that of one record: of constant churn where there is one, else of
a burst in which the steps are most of the phase, so that waiting does not hide them.
"""

from collections.abc import Mapping, Sequence
from math import inf
from typing import Any, Final

from virtslo.app.calibrate.shapes import (
    LEAST_SAMPLES,
    MAIN_STEPS,
    OTHER_STEPS,
    Samples,
    differ,
    distance,
    phase_samples,
    quantile,
    reshaped,
    steadied,
    steps_median,
)
from virtslo.cli.whatif.point_run import record_of
from virtslo.cli.whatif.recorded_runs import Recorded, is_at_once, nodes_of, settings_of
from virtslo.model.plan.scenario import Pattern
from virtslo.model.simulated.target import SimulatedTarget
from virtslo.model.stage_names import CHURN, RAMP_UP, StageName
from virtslo.model.whatif.sweep import Point

NAME: Final = "calibrated"
ROUNDS: Final = 2
SEEDS: Final = (1, 2, 3)
MOST_WAITING: Final = 0.2
"""The share of a phase in a burst up to which steps, and not waiting, make its shape."""
MOST_SAMPLES: Final = 300
"""Of a burst: more show no more, and cost as much as they are many."""
Tellers = Mapping[str, Recorded]
"""The record that tells a part's shape, by part."""


def with_shapes(
    document: Mapping[str, Any], recorded: Sequence[Recorded]
) -> tuple[Mapping[str, Any], tuple[str, ...]]:
    """The document with the shapes that the records show, and the steps they are of."""
    told = {
        part: item for part in MAIN_STEPS if (item := _teller(part, recorded, document)) is not None
    }
    before = _phases(told, document)
    told = {part: item for part, item in told.items() if differ(item.phases[part], before[part])}
    if not told:
        return document, ()
    delays: dict[str, Any] = dict(document.get("delays", {}))
    for part in told:
        delays = steadied(delays, part)
    for _ in range(ROUNDS):
        simulated = _phases(told, {**document, "delays": delays})
        for part, item in told.items():
            step = MAIN_STEPS[part]
            delays[step] = reshaped(delays.get(step, {}), item.phases[part], simulated[part])
    return _nearer(document, delays, told, before)


def _teller(
    part: str, recorded: Sequence[Recorded], document: Mapping[str, Any]
) -> Recorded | None:
    """The record with the most samples of a part's phase at a low rate, or else of a burst."""
    shown = [item for item in recorded if len(item.phases.get(part, ())) >= LEAST_SAMPLES]
    low = [item for item in shown if item.scenario.load.pattern is Pattern.CONSTANT_CHURN]
    if low:
        return max(low, key=lambda item: len(item.phases[part]))
    bursts = [
        item
        for item in shown
        if is_at_once(item.scenario) and len(item.phases[part]) <= MOST_SAMPLES
    ]
    item = max(bursts, key=lambda item: len(item.phases[part]), default=None)
    if item is None or _waiting(item, part, document) > MOST_WAITING * quantile(
        item.phases[part], 0.5
    ):
        return None
    return item


def _waiting(item: Recorded, part: str, document: Mapping[str, Any]) -> float:
    """Seconds of a part's phase that are no steps, in the simulated run of a record: the steps may
    be far from those recorded, and waiting is what it is."""
    simulated = _simulated(item, document, SEEDS[:1])[part]
    steps = steps_median(document.get("delays", {}), part)
    return max(0.0, quantile(simulated, 0.5) - steps) if simulated else inf


def _nearer(
    document: Mapping[str, Any], delays: Mapping[str, Any], told: Tellers, before: Samples
) -> tuple[Mapping[str, Any], tuple[str, ...]]:
    """The document with the new shapes of those parts that they bring nearer to their record."""
    after = _phases(told, {**document, "delays": delays})
    kept: dict[str, Any] = dict(document.get("delays", {}))
    changed = []
    for part, item in told.items():
        measured = item.phases[part]
        if distance(measured, after[part]) < distance(measured, before[part]):
            steps = [MAIN_STEPS[part], *OTHER_STEPS[part]]
            kept |= {step: delays[step] for step in steps if step in delays}
            changed.append(MAIN_STEPS[part])
    return {**document, "delays": kept}, tuple(changed)


def _phases(told: Tellers, document: Mapping[str, Any]) -> Samples:
    """The phase of each part in the load that tells it, simulated, of several seeds."""
    simulated = {item.name: _simulated(item, document, SEEDS) for item in told.values()}
    return {part: simulated[item.name][part] for part, item in told.items()}


def _simulated(item: Recorded, document: Mapping[str, Any], seeds: Sequence[int]) -> Samples:
    found: dict[str, list[float]] = {part: [] for part in MAIN_STEPS}
    for seed in seeds:
        target = SimulatedTarget(
            NAME, seed, nodes_of(item), settings=settings_of(item), document=document
        )
        record = record_of(Point(0, {}, seed, item.scenario, target))
        for part, values in phase_samples(record, stage=shape_stage(item)).items():
            found[part] += values
    return found


def shape_stage(item: Recorded) -> StageName:
    """The stage whose phases are looked at."""
    return CHURN if item.scenario.load.pattern is Pattern.CONSTANT_CHURN else RAMP_UP
