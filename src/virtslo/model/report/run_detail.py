"""What a report shows of single objects and moments: plots and others' per-object documents.

Invariant: times are seconds of the run's clock since the run's start; what did not come to pass is
None or absent, never 0. The first observation of a fact counts. What there is of every object and
operation is a struct: 100 000 of each are made and changed several times faster than dataclasses.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from virtslo.base.clock import to_nanoseconds, to_seconds
from virtslo.model.run.operations import Verb
from virtslo.model.run.rest_calls import ReadStage
from virtslo.model.stage_names import StageName


@dataclass(frozen=True, slots=True)
class StageSpan:
    """A stage, from its first read to the close of its window."""

    name: str
    started: float
    t0: float
    whole: float | None
    ended: float | None


class PodTrack(msgspec.Struct, frozen=True, gc=False):
    """The pod of a VMI."""

    name: str
    added: float | None
    ready: float | None


class ObjectTrack(msgspec.Struct, frozen=True, gc=False):
    """One VMI: the create that led to it (of a restart, the delete), and what was observed."""

    namespace: str
    name: str
    uid: str
    index: int | None
    node: str | None
    owner: str | None
    """The name of the VM or replica set that owns it."""
    stage: StageName | None
    """The stage of the create that led to it; None where no create is known."""
    cycle: int | None
    intended: float | None
    released: float | None
    added: float | None
    phases: Mapping[str, float]
    ready: float | None
    owner_added: float | None
    owner_ready: float | None
    deleting: float | None
    deleted: float | None
    pod: PodTrack | None = None

    def within(self, end: float) -> "ObjectTrack":
        """The object as it was known when a window closed."""
        if max(self.phases.values(), default=end) <= end and (self.ready or end) <= end:
            return self
        phases = {phase: moment for phase, moment in self.phases.items() if moment <= end}
        ready = self.ready if self.ready is not None and self.ready <= end else None
        return msgspec.structs.replace(self, phases=phases, ready=ready)

    @property
    def created(self) -> float | None:
        """Its own creation: the release of its create, or, of one that a controller made, its first
        observation.
        """
        return self.released if self.owner is None else self.added

    def since_creation(self, moment: float | None) -> float | None:
        """From its own creation to a moment."""
        created = self.created
        if moment is None or created is None:
            return None
        return to_seconds(to_nanoseconds(moment - created))

    def since_release(self, moment: float | None) -> float | None:
        """From the release of its create to a moment, where both are known."""
        if moment is None or self.released is None:
            return None
        return to_seconds(to_nanoseconds(moment - self.released))


class OperationTrack(msgspec.Struct, frozen=True, gc=False):
    """One operation of the load."""

    stage: StageName
    verb: Verb
    intended: float
    released: float | None
    sent: float | None
    finished: float | None
    error: str | None


@dataclass(frozen=True, slots=True)
class CycleTrack:
    """One cycle of the churn stage."""

    number: int
    start: float
    victims: int
    recovery: float | None
    """Seconds from its intended start until it was over."""
    reason: str | None
    """Why there is no recovery."""
    is_overlapped: bool


@dataclass(frozen=True, slots=True)
class RestRow:
    """Requests of one component in one stage's window."""

    stage: ReadStage
    component: str
    verb: str
    resource: str
    code: str
    count: int


@dataclass(frozen=True, slots=True)
class LatencySummary:
    """Nearest ranks over every object of the measured stage, seconds.

    An object that did not get there counts as infinite: a rank that falls on one is None. The
    average is None as soon as one is unfinished. Ranks are given whatever the number of samples.
    """

    name: str
    """`added`, `pending`, `scheduling`, `scheduled`, `running`, `ready`, `owner_ready`,
    `pod_added`, `pod_ready`, `deletion_to_succeeded`, `deletion_to_failed`, `deletion_to_gone`,
    and from the VMI's own creation `vmi_creation_to_pending`, …, `vmi_creation_to_ready`. The
    others but the deletions count from the release of the create, the VMI's or its owner's."""
    finished: int
    unfinished: int
    least: float | None
    p50: float | None
    p90: float | None
    p95: float | None
    p99: float | None
    most: float | None
    average: float | None


@dataclass(frozen=True, slots=True)
class RunDetail:
    """Everything a plot or a per-object document of a run needs."""

    run: str
    started_at: str
    """The machine's date at the run's start, RFC 3339: for documents that need dates."""
    tool_version: str
    stages: tuple[StageSpan, ...]
    objects: tuple[ObjectTrack, ...]
    operations: tuple[OperationTrack, ...]
    rest_calls: tuple[RestRow, ...]
    measured_stage: StageName
    """The stage that the figures are about: `churn` where there is one, else `ramp_up`."""
    window_end: float | None
    """When the measured window closed; later phases are not the measured stage's."""
    latencies: tuple[LatencySummary, ...]
    phase_counts: Mapping[str, int]
    """VMIs in each phase when the measured window closed."""
    missing: int = 0
    """VMIs that accepted creates of the measured stage stand for and that were never seen."""
    refused: int = 0
    """Creates of the measured stage that the API server did not accept."""
    cycles: tuple[CycleTrack, ...] = ()
    """Of a Steady State; constant churn has no distinct cycles."""
    cycle_starts: tuple[float, ...] = ()
    settings: Mapping[str, str | int | float | bool | None] = field(default_factory=dict)
    """The scenario's parameters, flat, for documents that carry them."""

    def measured_objects(self) -> tuple[ObjectTrack, ...]:
        """The objects that the measured stage created, as known when its window closed."""
        end = self.window_end
        return tuple(
            item if end is None else item.within(end)
            for item in self.objects
            if item.stage == self.measured_stage
        )

    @property
    def measured_count(self) -> int:
        """How many objects the measured stage created."""
        return sum(item.stage == self.measured_stage for item in self.objects)
