"""A prediction: the calibrated profile, run with the load that is asked for, over seeds.

Invariant: the interval over seeds and the model's error are never added up: one is what another
seed would give, the other what the model gets wrong. What is far beyond the records is refused.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import sqrt
from statistics import fmean

from virtslo.base.errors import Problem, ScenarioError
from virtslo.cli.options import SCENARIO_OPTIONS, parameter_of
from virtslo.cli.scenarios import read_scenario
from virtslo.cli.whatif.calibration_run import Note, calibrate, simulated_runs
from virtslo.cli.whatif.recorded_runs import Recorded, is_at_once, nodes_of, settings_of
from virtslo.model.plan.scenario import Scenario
from virtslo.model.plan.workload import Kind
from virtslo.model.whatif.calibration import JUDGED, Calibration
from virtslo.model.whatif.prediction import Predicted, Prediction
from virtslo.model.whatif.sweep import PointStatus
from virtslo.slo.statistics.repetition import estimate_of

MOST_TIMES = 100
"""How many times the largest record's objects are predicted at most."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be predicted."""

    count: int | None
    kind: str | None
    nodes: int | None
    seeds: tuple[int, ...]


def predict(
    recorded: Sequence[Recorded],
    wanted: Wanted,
    *,
    judges: Sequence[Recorded] = (),
    bases: Sequence[str],
    note: Note,
) -> Prediction:
    """Calibrate on records and simulate what is wanted. Raises ScenarioError, ClusterError."""
    like = _largest_burst(recorded)
    scenario = _scenario(like, wanted)
    largest = like.scenario.workload.count
    if scenario.workload.count > MOST_TIMES * largest:
        found = f"{scenario.workload.count} objects, {scenario.workload.count // largest} times"
        expected = f"at most {MOST_TIMES} times the {largest} of the largest burst"
        hint = "record a larger run: nothing is known of what bounds a load so far away"
        raise ScenarioError("predict", [Problem("--count", found, expected, hint)])
    calibration = calibrate(recorded, judges=judges, seeds=(1,), bases=bases, note=note)
    nodes = wanted.nodes or nodes_of(like)
    runs = simulated_runs(scenario, nodes, calibration.document, settings_of(like), wanted.seeds)
    figures, missing = [], {}
    for column in JUDGED:
        values = [run.figures[column] for run in runs if column in run.figures]
        if len(values) < len(runs):
            missing[column] = len(runs) - len(values)
        else:
            estimate = estimate_of(values)
            error = _model_error(calibration, column)
            figures.append(
                Predicted(column, estimate.centre, estimate.interval, estimate.no_interval, error)
            )
    return Prediction(
        count=scenario.workload.count,
        kind=scenario.workload.kind.value,
        nodes=nodes,
        seeds=len(wanted.seeds),
        inconclusive=sum(run.status is PointStatus.INCONCLUSIVE for run in runs),
        figures=tuple(figures),
        missing=missing,
        calibration=calibration,
        largest=_largest_known([*recorded, *judges], scenario.workload.kind),
        kinds=tuple(sorted({item.scenario.workload.kind.value for item in [*recorded, *judges]})),
        assumed=tuple(_assumed(recorded, like, wanted, calibration, nodes)),
    )


def _largest_burst(recorded: Sequence[Recorded]) -> Recorded:
    """The record whose load is made larger. Raises ScenarioError where there is none."""
    bursts = [item for item in recorded if is_at_once(item.scenario)]
    if not bursts:
        hint = "record one too: virtslo run burst; at a low rate nothing shows what bounds a burst"
        problem = Problem("RECORD", "no burst of objects that arrive at once", "one at least", hint)
        raise ScenarioError("predict", [problem])
    return max(bursts, key=lambda item: item.scenario.workload.count)


def _largest_known(known: Sequence[Recorded], kind: Kind) -> int:
    """Objects of the largest burst that was fitted or judged: of the kind, where there is one."""
    bursts = [item.scenario.workload for item in known if is_at_once(item.scenario)]
    alike = [workload.count for workload in bursts if workload.kind is kind]
    return max(alike or [workload.count for workload in bursts])


def _scenario(like: Recorded, wanted: Wanted) -> Scenario:
    """The largest record's scenario with what is wanted put over it. Raises ScenarioError."""
    scenario = like.scenario
    if wanted.kind is not None:
        fields = {parameter_of(option): None for option, _, _ in SCENARIO_OPTIONS}
        made: Scenario = read_scenario("burst", {**fields, "kind": wanted.kind})
        if made.workload.kind is not scenario.workload.kind:
            scenario = replace(scenario, workload=made.workload)
    count = wanted.count or like.scenario.workload.count
    return replace(scenario, workload=replace(scenario.workload, count=count), repeat=1)


def _assumed(
    recorded: Sequence[Recorded],
    like: Recorded,
    wanted: Wanted,
    calibration: Calibration,
    nodes: int,
) -> Iterator[str]:
    """What is simulated without a record that says it."""
    for factor in calibration.factors:
        if not factor.is_identified:
            yield f"{factor.name}: {factor.kept} ({calibration.base}); {factor.reason}"
    yield f"the load of {like.name} with another number of objects: arrival, namespaces, template"
    if not like.environment.client_limits:
        yield "client limits as in the profile: the records do not have them"
    else:
        yield f"client limits as read in {like.name}"
    versions = {item.environment.kubevirt_version for item in recorded}
    if len(versions) > 1:
        named = ", ".join(sorted(str(version) for version in versions))
        yield f"one KubeVirt, where the records have several: {named}"
    if wanted.nodes is None and not (like.environment.schedulable_nodes or like.environment.nodes):
        yield f"{nodes} nodes: the records do not say how many there are"
    elif nodes != nodes_of(like):
        yield f"{nodes} nodes, each as one of the {nodes_of(like)} of {like.name}"
    yield "threads, replicas and the API server's cores and request queue as in the profile"


def _model_error(calibration: Calibration, column: str) -> float | None:
    """The root mean square error of a figure on held-out records; None: there were none."""
    errors = [item.error for item in calibration.held_out if item.column == column]
    return sqrt(fmean(error * error for error in errors)) if errors else None
