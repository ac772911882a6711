"""A calibration from records: scenarios run again on a scaled profile until figures are alike.

Invariant: a record's own count, kind, arrival and nodes are what is simulated; a record that was
held out is never fitted.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import log, sqrt
from pathlib import Path
from statistics import fmean
from typing import Any

from virtslo.app.build_report import build_report
from virtslo.app.calibrate.factors import scaled
from virtslo.app.calibrate.fit import LEAST_NOISE, Figures, Fit, Measured, fit
from virtslo.base.errors import ClusterError, Problem, ScenarioError
from virtslo.cli.whatif.point_run import run_point
from virtslo.config.profiles import builtin_document, profile_with
from virtslo.config.profiles.profile_file import profile_text
from virtslo.model.plan.scenario import ArrivalProcess, Pattern, Scenario
from virtslo.model.report.figures import Figure
from virtslo.model.run.environment import Environment
from virtslo.model.run.record import RunRecord, RunStatus
from virtslo.model.simulated.target import SimulatedTarget
from virtslo.model.whatif.calibration import (
    ALL_RUNNING,
    FITTED,
    JUDGED,
    QUANTILE,
    TITLES,
    Calibration,
    Residual,
)
from virtslo.model.whatif.sweep import Point, PointResult, PointStatus

BASES = ("two-core", "ci")
"""The built-in profiles that are scaled; what fits better is taken."""
PATTERNS = (Pattern.BURST, Pattern.CONSTANT_CHURN)
NAME = "calibrated"
LEAST_RECORDS_HELD_OUT = 3
"""Fewer leave too little to fit when one of them is held out."""
Note = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Recorded:
    """A record, and its figures."""

    name: str
    scenario: Scenario
    environment: Environment
    figures: Figures
    """Those that are fitted or judged."""
    measured: Measured
    """Those that are fitted, with the noise of each."""


def recorded_of(records: Sequence[RunRecord]) -> list[Recorded]:
    """What these records say. Raises ScenarioError for those that say nothing."""
    problems = []
    found = []
    for record in records:
        name = Path(record.host.directory).name
        pattern = record.header.scenario.load.pattern
        if pattern not in PATTERNS:
            problems.append(Problem(name, f"a run of {pattern.value}", "a burst or constant churn"))
        elif record.header.status is not RunStatus.COMPLETE:
            problems.append(Problem(name, "a run that was not completed", "a complete run"))
        elif not (measured := _measured(record)).figures:
            problems.append(Problem(name, "no figure of its VMIs", "a run whose VMIs were seen"))
        else:
            found.append(_recorded(name, record, measured))
    if problems:
        raise ScenarioError("calibrate", problems)
    return found


def _recorded(name: str, record: RunRecord, measured: Measured) -> Recorded:
    header = record.header
    scenario = replace(header.scenario, objectives=None, faults=(), simulated=None)
    figures = {
        column: float(figure.value)
        for column, figure in _figures(record)
        if column in TITLES and figure.value is not None and figure.value > 0
    }
    return Recorded(name, scenario, header.environment, figures, measured)


def _measured(record: RunRecord) -> Measured:
    """What is fitted of a record; when all were Running, only where the arrival does not set it."""
    sets_time = not is_at_once(record.header.scenario)
    figures, noise = {}, {}
    for column, figure in _figures(record):
        if column not in FITTED or (column == ALL_RUNNING and sets_time):
            continue
        if figure.value is not None and figure.value > 0:
            figures[column] = float(figure.value)
            noise[column] = _noise(figure)
    return Measured(figures, noise)


def is_at_once(scenario: Scenario) -> bool:
    """Whether all objects are asked for at once, so that the cluster sets the time."""
    load = scenario.load
    return load.pattern is Pattern.BURST and load.arrival.process is ArrivalProcess.BURST


def _figures(record: RunRecord) -> Iterator[tuple[str, Figure]]:
    for item in build_report([record]).indicators:
        yield f"{item.name}.{item.statistic}", item.figure


def _noise(figure: Figure) -> float:
    """The standard deviation of a figure's logarithm; the simulation's samples are as many."""
    interval = figure.interval
    if interval is None or not interval.low or not interval.high:
        return LEAST_NOISE
    own = log(interval.high / interval.low) / (2 * QUANTILE)
    return sqrt(2 * own * own + LEAST_NOISE**2)


def simulated_runs(
    scenario: Scenario,
    nodes: int,
    document: Mapping[str, Any],
    settings: Mapping[str, Any],
    seeds: Sequence[int],
) -> list[PointResult]:
    """A scenario on a profile, a run for each seed. Raises ClusterError."""
    found = []
    for seed in seeds:
        target = SimulatedTarget(NAME, seed, nodes, settings=settings, document=document)
        result = run_point(Point(0, {}, seed, scenario, target)).result
        if result.status is PointStatus.FAILED:
            raise ClusterError(f"a simulated run failed: {result.error}")
        found.append(result)
    return found


def nodes_of(recorded: Recorded) -> int:
    """The nodes of a record's cluster; where they were not read, enough for its objects."""
    count = recorded.environment.schedulable_nodes or recorded.environment.nodes
    return count or max(1, -(-recorded.scenario.workload.count // 100))


def limits_of(recorded: Recorded) -> dict[str, float]:
    """The client limits of a record's cluster, as settings."""
    settings: dict[str, float] = {}
    for component, limit in recorded.environment.client_limits.items():
        settings[f"profile.limits.{component}.qps"] = limit.qps
        settings[f"profile.limits.{component}.burst"] = limit.burst
    return settings


def calibrate(
    recorded: Sequence[Recorded], *, seeds: Sequence[int], bases: Sequence[str], note: Note
) -> Calibration:
    """The base that fits best, scaled to all records; the error of each, fitted on the others."""
    tried: dict[str, Fit] = {}
    for base in bases:
        tried[base] = _fitted(recorded, base, seeds)
        error = tried[base].error
        note(f"profile {base}, scaled: figures differ by {error:.1%} (root mean square)")
    base = min(tried, key=lambda name: tried[name].error)
    best = tried[base]
    held_out, why = _held_out(recorded, base, best, seeds, note=note)
    return Calibration(
        base=base,
        document=scaled(builtin_document(base), best.values),
        factors=best.factors,
        residuals=_residuals(recorded, best.figures),
        held_out=held_out,
        no_held_out=why,
        bases={name: item.error for name, item in tried.items()},
    )


def _fitted(
    recorded: Sequence[Recorded], base: str, seeds: Sequence[int], *, slopes: Any = None
) -> Fit:
    document = builtin_document(base)

    def model(factors: Mapping[str, float]) -> Sequence[Figures]:
        made = scaled(document, factors)
        return [mean_figures(_simulated(item, made, seeds)) for item in recorded]

    return fit([item.measured for item in recorded], model, slopes=slopes)


def _simulated(
    item: Recorded, document: Mapping[str, Any], seeds: Sequence[int]
) -> list[PointResult]:
    return simulated_runs(item.scenario, nodes_of(item), document, limits_of(item), seeds)


def mean_figures(runs: Sequence[PointResult]) -> dict[str, float]:
    """The mean over seeds of every figure that all runs have."""
    names = set.intersection(*(set(run.figures) for run in runs))
    return {name: fmean(run.figures[name] for run in runs) for name in TITLES if name in names}


def _held_out(
    recorded: Sequence[Recorded], base: str, whole: Fit, seeds: Sequence[int], *, note: Note
) -> tuple[list[Residual], str]:
    """The error on each record of a profile that was fitted on the others, from the default on."""
    if len(recorded) < LEAST_RECORDS_HELD_OUT:
        why = f"{len(recorded)} of the {LEAST_RECORDS_HELD_OUT} records that this needs at least"
        return [], why
    ends = [0]
    for item in recorded:
        ends.append(ends[-1] + len(item.measured.figures))
    found = []
    for place, item in enumerate(recorded):
        others = [*recorded[:place], *recorded[place + 1 :]]
        rows = [row for row in range(ends[-1]) if not ends[place] <= row < ends[place + 1]]
        made = _fitted(others, base, seeds, slopes=whole.slopes[rows])
        document = scaled(builtin_document(base), made.values)
        found += _residuals([item], [mean_figures(_simulated(item, document, seeds))])
        note(f"{item.name}: predicted from the others")
    return found, ""


def _residuals(recorded: Sequence[Recorded], figures: Sequence[Figures]) -> list[Residual]:
    """Of the figures that are judged, and of phases. Raises ClusterError where one is missing."""
    found = []
    for item, made in zip(recorded, figures, strict=True):
        for column in TITLES:
            if column == ALL_RUNNING and column not in item.measured.figures:
                continue
            if column in item.figures:
                if column not in made:
                    raise ClusterError(
                        f"{item.name}: its simulated run has no figure for {TITLES[column]}",
                        hint="its objects did not all get so far within the record's deadlines",
                    )
                found.append(Residual(item.name, column, item.figures[column], made[column]))
    return found


def judged(residuals: Sequence[Residual]) -> list[Residual]:
    """Those of figures that are predicted."""
    return [item for item in residuals if item.column in JUDGED]


def profile_file(calibration: Calibration) -> str:
    """The calibrated profile as a file, with where its values come from."""
    profile = profile_with(NAME, calibration.document, {})
    facts: dict[str, Any] = {
        "base": calibration.base,
        "records": sorted({item.record for item in calibration.residuals}),
        "factors": {
            factor.name: round(factor.value, 4)
            if factor.is_identified
            else f"not identified: {factor.reason}"
            for factor in calibration.factors
        },
        "intervals": {
            factor.name: [round(end, 4) for end in factor.interval]
            for factor in calibration.factors
            if factor.is_identified
        },
    }
    if calibration.held_out:
        worst = max(judged(calibration.held_out), key=lambda item: abs(item.error))
        facts["largest_held_out_error"] = round(abs(worst.error), 4)
    description = f"{calibration.base}, scaled to recorded runs"
    return profile_text(replace(profile, description=description, calibration=facts))
