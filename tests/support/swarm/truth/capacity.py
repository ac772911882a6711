"""How many of a run's VMIs ran at each moment, in truth.

Invariant: a VMI is there while it is Running and not marked for deletion.
"""

from collections.abc import Callable
from itertools import pairwise

from support.swarm.truth.happened import Happened
from support.swarm.truth.spans import NEVER, Span
from support.swarm.witness import Life
from virtslo.model.stage_names import CHURN

Suits = Callable[[int], bool]


class Capacity:
    """The population as steps of time."""

    def __init__(self, truth: Happened) -> None:
        self._truth = truth
        self.count = truth.scenario.workload.count
        steps: dict[float, int] = {}
        for life in truth.vmis.values():
            begun, ended = self._stay(life)
            if begun < ended:
                steps[begun] = steps.get(begun, 0) + 1
                steps[ended] = steps.get(ended, 0) - 1
        self._moments = sorted(steps)
        self._counts: list[int] = []
        there = 0
        for moment in self._moments:
            there += steps[moment]
            self._counts.append(there)
        self._steps = len(self._moments)

    def at_least(self, since: Span) -> Span:
        """The first moment from `since` on at which all ran."""
        return self._first(since, lambda there: there >= self.count)

    def at_most(self, wanted: int, since: Span) -> Span:
        """The first moment from `since` on at which at most so many ran."""
        return self._first(since, lambda there: there <= wanted)

    def below(self, begun: float, duration: Span) -> Span:
        """The integral of what was missing, as a share."""
        shares = [self._missing(begun, begun + each) / (self.count * each) for each in duration]
        late = self._truth.late_seconds * self._steps / (self.count * duration.low)
        return Span(max(0.0, min(shares) - late), max(shares) + late)

    def _missing(self, begun: float, ended: float) -> float:
        inside = [moment for moment in self._moments if begun < moment < ended]
        edges = [begun, *inside, ended]
        return sum(
            max(0, self.count - self._at(start)) * (end - start) for start, end in pairwise(edges)
        )

    def _first(self, since: Span, suits: Suits) -> Span:
        ends = []
        for begun, late in zip(since, (0.0, self._truth.late_seconds), strict=True):
            found = NEVER
            if begun < NEVER and suits(self._at(begun)):
                found = begun
            elif begun < NEVER:
                later = (
                    moment
                    for moment, there in zip(self._moments, self._counts, strict=True)
                    if moment > begun and suits(there)
                )
                found = next(later, NEVER) + late
            ends.append(found)
        return self._truth.in_time(Span(ends[0], max(ends)), CHURN)

    def _at(self, moment: float) -> int:
        before = [n for at, n in zip(self._moments, self._counts, strict=True) if at <= moment]
        return before[-1] if before else 0

    def _stay(self, life: Life) -> tuple[float, float]:
        """From Running to the mark for deletion, the next phase or the end."""
        phases = [name for name, _ in life.phases]
        if "Running" not in phases:
            return NEVER, NEVER
        place = phases.index("Running")
        ends = [at for _, at in life.phases[place + 1 :]]
        ends += [at for at in (life.deleting_ns, life.deleted_ns) if at is not None]
        ended = min((self._truth.seconds(at) for at in ends), default=NEVER)
        return self._truth.seconds(life.phases[place][1]), ended
