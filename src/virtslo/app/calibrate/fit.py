"""Factors fitted to recorded runs, with the simulation as the model.

Invariant: the same records, base and seed give the same factors. Residuals are logarithms of
ratios over the noise of each figure, so that 10 % too long and 10 % too short weigh alike and a
median of few objects weighs less. What factors do is measured by moving each, and corrected by the
steps that are taken then (Broyden), since a run of the model is what costs.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from math import exp, log, sqrt
from statistics import fmean
from types import MappingProxyType
from typing import Any, Final

from virtslo.app.calibrate.factors import ANSWERS, CAPACITY, PARTS
from virtslo.model.whatif.calibration import Factor

MOVE: Final = 0.2
"""By how much the logarithm of a factor is moved to see what it does."""
LEAST_NOISE: Final = 0.02
"""By how much a figure of a run differs from that of another seed, as a logarithm, at least."""
PRIOR: Final = 1.0
"""The standard deviation of a factor's logarithm before anything is known of it."""
TIED: Final = 0.3
"""By how much, as a logarithm, parts of one server differ: the prior of one that follows others."""
DETERMINED: Final = 0.15
"""A factor whose logarithm the figures leave more uncertain than this is not identified."""
ROUNDS: Final = 9
STEPS_A_SLOPE: Final = 3
"""After how many steps what factors do is measured again."""
MOST_STEP: Final = log(2.5)
CLOSE: Final = 0.01
FARTHEST: Final = log(64.0)

NOTHING_FIXED: Final[Mapping[str, str]] = MappingProxyType({})

Figures = Mapping[str, float]
Model = Callable[[Mapping[str, float]], Sequence[Figures]]
"""The figures of each record's run, simulated with these factors."""


@dataclass(frozen=True, slots=True)
class Measured:
    """The figures of a record that are fitted, and how uncertain the logarithm of each is."""

    figures: Figures
    noise: Figures


@dataclass(frozen=True, slots=True)
class Fit:
    """Factors, the figures that they give, and what each does to each figure."""

    factors: tuple[Factor, ...]
    figures: Sequence[Figures]
    error: float
    """The root mean square of log ratios."""
    slopes: Any
    """What each factor does to each figure as measured: a row a figure, a column a factor."""

    @property
    def values(self) -> dict[str, float]:
        """The factors by name."""
        return {factor.name: factor.value for factor in self.factors}


def log_ratios(measured: Sequence[Figures], simulated: Sequence[Figures]) -> list[float]:
    """ln(simulated / measured) of every figure that was measured; where the simulation has none,
    as far from it as can be: objects that never ran are like no recorded run."""
    return [
        log(made[column] / value) if made.get(column, 0.0) > 0 else FARTHEST
        for own, made in zip(measured, simulated, strict=True)
        for column, value in own.items()
    ]


def error_of(ratios: Sequence[float]) -> float:
    """The root mean square."""
    return sqrt(fmean(ratio * ratio for ratio in ratios)) if len(ratios) else float("inf")


def fit(
    measured: Sequence[Measured],
    model: Model,
    *,
    fixed: Mapping[str, str] = NOTHING_FIXED,
    rounds: int = ROUNDS,
    slopes: Any = None,
) -> Fit:
    """The factors that make the model's figures most like those measured.

    `fixed` are parts that are not fitted, and why. `slopes` are those of an earlier fit, where they
    were measured on these figures.
    """
    import numpy as np

    wanted = [item.figures for item in measured]
    noise = np.array([item.noise[column] for item in measured for column in item.figures])

    unknown = set(fixed)

    def weighed(place: Any) -> tuple[Sequence[Figures], Any]:
        figures = model(_factors(place, unknown))
        return figures, np.array(log_ratios(wanted, figures)) / noise

    place = np.zeros(len(PARTS))
    figures, ratios = weighed(place)
    first = (
        slopes / noise[:, None] if slopes is not None else _slopes(weighed, place, ratios, fixed)
    )
    acts = np.array(uncertainties(first)) < DETERMINED
    unknown |= {part for part, act in zip(PARTS, acts, strict=True) if not act}
    tied = _tied(unknown, fixed)
    moves = acts | np.array([part in tied for part in PARTS])
    still = {part for part, is_moved in zip(PARTS, moves, strict=True) if not is_moved}
    prior = np.array([TIED if part in tied else PRIOR for part in PARTS])
    now = first
    for number in range(rounds):
        if number and number % STEPS_A_SLOPE == 0:
            now = _slopes(weighed, place, ratios, still)
        step = _step(now, ratios, place, moves, prior)
        if float(np.abs(step).max(initial=0.0)) < CLOSE:
            break
        candidate = np.clip(place + step, -FARTHEST, FARTHEST)
        tried, found = weighed(candidate)
        moved = candidate - place
        if not moved.any():
            break
        now = now + np.outer(found - ratios - now @ moved, moved) / (moved @ moved)
        if _cost(found, candidate, prior) < _cost(ratios, place, prior):
            place, figures, ratios = candidate, tried, found
    error = error_of(log_ratios(wanted, figures))
    last = np.where(moves, now, first)
    shares = np.abs(last * noise[:, None]).max(axis=0, initial=0.0)
    factors = _described(place, last, acts, shares=shares, fixed=fixed, tied=tied)
    return Fit(factors, figures, error, first * noise[:, None])


def _cost(ratios: Any, place: Any, prior: Any) -> float:
    """How unlikely factors are, by the figures and by what was known before."""
    return float(ratios @ ratios + ((place / prior) ** 2).sum())


def _slopes(
    weighed: Callable[[Any], tuple[Any, Any]], place: Any, ratios: Any, fixed: Collection[str]
) -> Any:
    """What each factor does to each weighed figure, by moving it; of one that is fixed, nothing."""
    import numpy as np

    columns = []
    for index, part in enumerate(PARTS):
        if part in fixed:
            columns.append(np.zeros(len(ratios)))
            continue
        moved = place.copy()
        moved[index] += MOVE
        columns.append((weighed(moved)[1] - ratios) / MOVE)
    return np.column_stack(columns)


def _tied(unknown: Collection[str], fixed: Collection[str]) -> frozenset[str]:
    """The parts that are not identified and yet moved, near those of the same server that are.

    Kept exactly there, what they are off would be put into the factors that are identified.
    """
    if CAPACITY in unknown:
        return frozenset({CAPACITY}) if ANSWERS.difference(unknown) else frozenset()
    return ANSWERS.intersection(unknown).difference(fixed)


def _factors(place: Any, unknown: Collection[str]) -> dict[str, float]:
    """The factors by name. Of one server, what is not known follows what is, with its own place as
    the distance: answers capacity, and capacity those answers on average that are known."""
    found = {name: exp(float(value)) for name, value in zip(PARTS, place, strict=True)}
    known = sorted(ANSWERS.difference(unknown))
    if CAPACITY in unknown and known:
        found[CAPACITY] *= exp(fmean(log(found[name]) for name in known))
    following = sorted(ANSWERS.intersection(unknown))
    return found | {name: found[name] * found[CAPACITY] for name in following}


def uncertainties(slopes: Any) -> list[float]:
    """The standard deviation of each factor's logarithm that the figures leave, by their slopes."""
    import numpy as np

    known = slopes.T @ slopes + np.eye(slopes.shape[1]) / PRIOR**2
    return [sqrt(float(value)) for value in np.diag(np.linalg.inv(known))]


def _step(slopes: Any, ratios: Any, place: Any, moves: Any, prior: Any) -> Any:
    """The step to the likeliest factors by the slopes and their priors; the others stay."""
    import numpy as np

    step = np.zeros(slopes.shape[1])
    if moves.any():
        of = slopes[:, moves]
        known = of.T @ of + np.diag(prior[moves] ** -2)
        pull = -(of.T @ ratios) - place[moves] / prior[moves] ** 2
        step[moves] = np.clip(np.linalg.solve(known, pull), -MOST_STEP, MOST_STEP)
    return step


def _described(
    place: Any,
    slopes: Any,
    acts: Any,
    *,
    shares: Any,
    fixed: Mapping[str, str],
    tied: Collection[str],
) -> tuple[Factor, ...]:
    """The factors, each with its uncertainty or why it has none."""
    found = []
    unknown = {name for name, act in zip(PARTS, acts, strict=True) if not act}
    values = _factors(place, unknown)
    kept = dict.fromkeys(ANSWERS, "it is scaled as capacity is")
    for name in tied:
        near = "answers to requests, on average" if name == CAPACITY else CAPACITY
        kept[name] = f"it is kept near the factor of {near}: x {values[name]:.3g}"
    for index, (name, deviation) in enumerate(zip(PARTS, uncertainties(slopes), strict=True)):
        if acts[index]:
            share = float(shares[index])
            found.append(Factor(name, values[name], deviation=deviation, share=share))
            continue
        reason = "these figures hardly depend on it"
        if name in fixed:
            reason = fixed[name]
        elif float((slopes[:, index] ** 2).sum()) > DETERMINED**-2:
            reason = "these figures do not tell it from the other factors"
        factor = Factor(name, values[name], is_identified=False, reason=reason)
        found.append(replace(factor, kept=kept.get(name, factor.kept)))
    return tuple(found)
