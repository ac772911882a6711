"""The controller of a multiple loss ratio search, for one goal, that begins low.

Invariant: the next load is a function of the trials so far alone. It never exceeds `most`, and
rises at most twofold above a load that was good. A load is good, bad or undecided by all its trials
that are not void, so that trials of one load may disagree.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import ceil, sqrt

from virtslo.model.whatif.search import Goal, Trial, TrialOutcome

STEP = 2.0
"""By how much a load is raised while none was bad."""
VOID_TRIES = 3
"""How many trials of a load may be void before the search ends."""
TOLERANCE = 1e-9


class Ended(StrEnum):
    """Why a search ended."""

    BRACKETED = "the bounds are as near as was asked"
    AT_MOST = "the highest load that is allowed is good"
    AT_LEAST = "the lowest load is bad"
    VOID = "trials were void: nothing can be said of their load"


@dataclass(frozen=True, slots=True)
class Limits:
    """Between which loads is searched, and where it begins."""

    start: float
    least: float
    most: float
    whole: bool = False
    """Whether loads are whole numbers: of objects."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """The relevant bounds: the highest good load below every bad one, and the lowest bad one."""

    last_good: float | None
    first_bad: float | None


def next_load(trials: Sequence[Trial], goal: Goal, limits: Limits) -> float | Ended:
    """The load to try next, or why the search is over."""
    for load in dict.fromkeys(trial.load for trial in trials):
        decided = verdict_of(load, trials, goal)
        if decided is None:
            return Ended.VOID if _void(load, trials) >= VOID_TRIES else load
    bounds = bounds_of(trials, goal)
    good, bad = bounds.last_good, bounds.first_bad
    if good is None and bad is None:
        return _rounded(min(limits.start, limits.most), limits)
    if bad is None:
        assert good is not None
        if good >= limits.most * (1 - TOLERANCE):
            return Ended.AT_MOST
        return _rounded(min(good * STEP, limits.most), limits)
    if good is None:
        if bad <= limits.least * (1 + TOLERANCE):
            return Ended.AT_LEAST
        return _rounded(max(bad / STEP, limits.least), limits)
    if bad / good - 1 <= goal.width * (1 + TOLERANCE):
        return Ended.BRACKETED
    middle = _rounded(sqrt(good * bad), limits)
    return middle if good < middle < bad else Ended.BRACKETED


def bounds_of(trials: Sequence[Trial], goal: Goal) -> Bounds:
    """The bounds by what was tried so far."""
    verdicts = {trial.load: verdict_of(trial.load, trials, goal) for trial in trials}
    bad = [load for load, verdict in verdicts.items() if verdict is TrialOutcome.BAD]
    first_bad = min(bad, default=None)
    good = [
        load
        for load, verdict in verdicts.items()
        if verdict is TrialOutcome.GOOD and (first_bad is None or load < first_bad)
    ]
    return Bounds(max(good, default=None), first_bad)


def verdict_of(load: float, trials: Sequence[Trial], goal: Goal) -> TrialOutcome | None:
    """Whether a load is good or bad; None while its trials do not decide.

    Good as soon as the bad trials cannot exceed the share that may be bad, whatever comes; bad as
    soon as they do.
    """
    of = [trial.outcome for trial in trials if trial.load == load]
    bad, good = of.count(TrialOutcome.BAD), of.count(TrialOutcome.GOOD)
    may_be_bad = int(goal.exceed_ratio * goal.trials + TOLERANCE)
    if goal.trials == 1:
        may_be_bad = 0
    if bad > may_be_bad:
        return TrialOutcome.BAD
    if good >= goal.trials - may_be_bad:
        return TrialOutcome.GOOD
    return None


def conditional_of(trials: Sequence[Trial], bounds: Bounds) -> float | None:
    """The last good load less the share that its worst good trial lost."""
    if bounds.last_good is None:
        return None
    lost = [
        trial.loss_ratio
        for trial in trials
        if trial.load == bounds.last_good and trial.outcome is TrialOutcome.GOOD
    ]
    return bounds.last_good * (1 - max(lost, default=0.0))


def _void(load: float, trials: Sequence[Trial]) -> int:
    return sum(trial.load == load and trial.outcome is TrialOutcome.VOID for trial in trials)


def _rounded(load: float, limits: Limits) -> float:
    """A load of four digits, or a whole one; never above `most`."""
    if limits.whole:
        return float(max(1, min(ceil(load - TOLERANCE), int(limits.most))))
    if load <= limits.least * (1 + TOLERANCE):
        return limits.least
    return min(float(f"{load:.4g}"), limits.most)
