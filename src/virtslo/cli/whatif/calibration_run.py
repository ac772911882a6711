"""A calibration from records: scenarios run again on a scaled profile until figures are alike.

Invariant: a record's own count, kind, arrival and nodes are what is simulated; a record that was
held out is never fitted.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from statistics import fmean
from typing import Any

from virtslo.app.calibrate.factors import OWNERS, scaled
from virtslo.app.calibrate.fit import Figures, Fit, Measured, fit
from virtslo.base.errors import ClusterError
from virtslo.cli.whatif.point_run import run_point
from virtslo.cli.whatif.recorded_runs import Recorded, nodes_of, settings_of
from virtslo.cli.whatif.recorded_shapes import NAME, with_shapes
from virtslo.config.profiles import builtin_document, profile_with
from virtslo.config.profiles.profile_file import profile_text
from virtslo.model.plan.scenario import Scenario
from virtslo.model.plan.workload import Kind
from virtslo.model.simulated.target import SimulatedTarget
from virtslo.model.whatif.calibration import (
    ALL_RUNNING,
    JUDGED,
    LEAST_SECONDS,
    TITLES,
    TOLD_BY,
    Calibration,
    Residual,
)
from virtslo.model.whatif.sweep import Point, PointResult, PointStatus

BASES = ("two-core", "two-core-shared", "ci", "instant")
"""The built-in profiles that are scaled; what fits better is taken."""
LEAST_RECORDS_HELD_OUT = 3
"""Fewer leave too little to fit when one of them is held out."""
Note = Callable[[str], None]


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
        outcome = run_point(Point(0, {}, seed, scenario, target))
        result = outcome.result
        if result.status is PointStatus.FAILED:
            raise ClusterError(f"a simulated run failed: {result.error}")
        answers = {f"answers.{kind}": seconds for kind, seconds in outcome.answers.items()}
        found.append(replace(result, figures={**result.figures, **answers}))
    return found


def calibrate(
    recorded: Sequence[Recorded],
    *,
    judges: Sequence[Recorded] = (),
    seeds: Sequence[int],
    bases: Sequence[str],
    note: Note,
) -> Calibration:
    """The base that fits best, scaled to the records; its error on those that judge it.

    Without judges each record is predicted from the others.
    """
    tried: dict[str, Fit] = {}
    for base in bases:
        tried[base] = _fitted(recorded, base, seeds)
        error = tried[base].error
        note(f"profile {base}, scaled: figures differ by {error:.1%} (root mean square)")
    base = min(tried, key=lambda name: tried[name].error)
    best = tried[base]
    scaled_base = scaled(builtin_document(base), best.values)
    document, shapes = with_shapes(scaled_base, recorded)
    figures = best.figures
    if shapes:
        note(f"shapes by quantiles of the records: {', '.join(shapes)}")
        figures = [mean_figures(_simulated(item, document, seeds)) for item in recorded]
    if judges:
        held_out, why = _judged_by(judges, document, seeds, note=note), ""
    else:
        held_out, why = _held_out(recorded, base, best, seeds, note=note)
    return Calibration(
        base=base,
        document=document,
        factors=best.factors,
        residuals=_residuals(recorded, figures),
        shapes=shapes,
        answered_by=[f"{item.answered_by}, {item.name}" for item in recorded if item.answered_by],
        held_out=held_out,
        are_given=bool(judges),
        no_held_out=why,
        bases={name: item.error for name, item in tried.items()},
    )


def _fitted(
    recorded: Sequence[Recorded], base: str, seeds: Sequence[int], *, slopes: Any = None
) -> Fit:
    document = builtin_document(base)
    known: dict[tuple[int, str], Figures] = {}

    def figures_of(place: int, item: Recorded, factors: Mapping[str, float]) -> Figures:
        """Of one record; simulated once for each profile that it can tell apart."""
        has_owners = item.scenario.workload.kind is not Kind.VMI
        own = factors if has_owners else {**factors, OWNERS: 1.0}
        made = scaled(document, own)
        key = place, repr(made)
        if key not in known:
            known[key] = mean_figures(_simulated(item, made, seeds))
        return known[key]

    def model(factors: Mapping[str, float]) -> Sequence[Figures]:
        return [figures_of(place, item, factors) for place, item in enumerate(recorded)]

    measured = [item.measured for item in recorded]
    return fit(measured, model, fixed=_not_told(measured), slopes=slopes)


def _not_told(measured: Sequence[Measured]) -> dict[str, str]:
    """The parts that only times of requests tell, where no record has these, and why."""
    known = {column for item in measured for column in item.figures}
    return {
        part: "no record at a low rate has the times of such requests"
        for part, columns in TOLD_BY.items()
        if known.isdisjoint(columns)
    }


def _simulated(
    item: Recorded, document: Mapping[str, Any], seeds: Sequence[int]
) -> list[PointResult]:
    return simulated_runs(item.scenario, nodes_of(item), document, settings_of(item), seeds)


def mean_figures(runs: Sequence[PointResult]) -> dict[str, float]:
    """The mean over seeds of every figure that all runs have."""
    names = set.intersection(*(set(run.figures) for run in runs))
    return {
        name: max(fmean(run.figures[name] for run in runs), LEAST_SECONDS)
        for name in TITLES
        if name in names
    }


def _judged_by(
    judges: Sequence[Recorded], document: Mapping[str, Any], seeds: Sequence[int], *, note: Note
) -> list[Residual]:
    """The error on records that nothing was fitted to."""
    found: list[Residual] = []
    for item in judges:
        found += _residuals([item], [mean_figures(_simulated(item, document, seeds))])
        note(f"{item.name}: predicted")
    return found


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
        document, _ = with_shapes(scaled(builtin_document(base), made.values), others)
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
            else f"not identified: {factor.reason}; {factor.kept}"
            for factor in calibration.factors
        },
        "intervals": {
            factor.name: [round(end, 4) for end in factor.interval]
            for factor in calibration.factors
            if factor.is_identified
        },
    }
    if calibration.shapes:
        facts["shapes"] = list(calibration.shapes)
    if calibration.answered_by:
        facts["times_of_requests"] = list(calibration.answered_by)
    if calibration.held_out:
        worst = max(judged(calibration.held_out), key=lambda item: abs(item.error))
        facts["largest_held_out_error"] = round(abs(worst.error), 4)
    description = f"{calibration.base}, scaled to recorded runs"
    return profile_text(replace(profile, description=description, calibration=facts))
