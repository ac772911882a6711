"""How many of a run's VMIs could be relied on, moment by moment.

Invariant: a VMI counts while its last observed phase is Running and it is not marked for deletion;
an object is its uid, so one that comes back under its name is another.
"""

import itertools
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from virtslo.model.identifiers import RUNNING
from virtslo.model.kubernetes import resources
from virtslo.model.run.observations import DELETED, DELETING, PHASE, Observation

VMI = resources.VMIS.kind


@dataclass(frozen=True, slots=True)
class RunningPopulation:
    """The number of VMIs that run, as steps: from `moments_ns[i]` on there are `counts[i]`."""

    moments_ns: Sequence[int]
    counts: Sequence[int]

    def at(self, moment_ns: int) -> int:
        """How many ran at a moment."""
        index = bisect_right(self.moments_ns, moment_ns) - 1
        return self.counts[index] if index >= 0 else 0

    def first_at_least(self, wanted: int, since_ns: int, until_ns: int) -> int | None:
        """The first moment from `since_ns` to `until_ns` at which `count` ran."""
        if self.at(since_ns) >= wanted:
            return since_ns
        return self._first(since_ns, until_ns, lambda count: count >= wanted)

    def first_at_most(self, wanted: int, since_ns: int, until_ns: int) -> int | None:
        """The first moment from `since_ns` to `until_ns` at which at most `count` ran."""
        if self.at(since_ns) <= wanted:
            return since_ns
        return self._first(since_ns, until_ns, lambda count: count <= wanted)

    def missing_ns(self, wanted: int, since_ns: int, until_ns: int) -> int:
        """The integral of what was missing from `wanted`, in object-nanoseconds."""
        first = bisect_right(self.moments_ns, since_ns)
        last = bisect_left(self.moments_ns, until_ns)
        edges = [since_ns, *self.moments_ns[first:last], until_ns]
        return sum(
            max(0, wanted - self.at(begin)) * (end - begin)
            for begin, end in itertools.pairwise(edges)
        )

    def _first(self, since_ns: int, until_ns: int, suits: Callable[[int], bool]) -> int | None:
        for index in range(bisect_right(self.moments_ns, since_ns), len(self.moments_ns)):
            if self.moments_ns[index] > until_ns:
                return None
            if suits(self.counts[index]):
                return self.moments_ns[index]
        return None


def running_population_of(observations: Iterable[Observation]) -> RunningPopulation:
    """The measured VMIs that ran, from everything that was observed."""
    running: dict[str, None] = {}
    deleting: dict[str, None] = {}
    moments: list[int] = []
    counts: list[int] = []
    for seen in observations:
        if seen.kind != VMI or seen.stage is not None:
            continue
        before = len(running)
        if seen.fact == PHASE and seen.phase == RUNNING and seen.uid not in deleting:
            running[seen.uid] = None
        elif seen.fact in {PHASE, DELETING, DELETED}:
            running.pop(seen.uid, None)
        if seen.fact == DELETING:
            deleting[seen.uid] = None
        elif seen.fact == DELETED:
            deleting.pop(seen.uid, None)
        if len(running) == before:
            continue
        if moments and moments[-1] == seen.received_ns:
            counts[-1] = len(running)
        else:
            moments.append(seen.received_ns)
            counts.append(len(running))
    return RunningPopulation(moments, counts)
