"""A trace of arrivals and lifetimes: what was asked of a cluster over time, without names.

Invariant: an object is a number that means nothing outside its trace; no name, namespace, label or
value of a user's is in a trace. Times are nanoseconds from the start of the recording. What is not
known (the arrival of what was there before, the end of what outlived the recording) is absent.
"""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Final, Literal

import msgspec

from virtslo.model.plan.workload import Kind

TRACE_FORMAT: Final = "virtslo/trace"
TRACE_VERSION: Final = 1
PRESENT: Final = "present"
ARRIVAL: Final = "arrival"
DELETION: Final = "deletion"
END: Final = "end"
MIXED: Final = "mixed"
"""What a run of several kinds is called in the place of its kind."""
ALLOCATION_RATIO: Final = 10
"""vCPUs a requested CPU stands for where a VMI requests none: KubeVirt's default."""
EventName = Literal["present", "arrival", "deletion", "end"]
TraceSource = Literal["watch", "audit-log", "simkube", "record"]


class Shape(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """An object's size class: how much it asks for and of which kinds, in numbers alone."""

    vcpus: int | None = None
    """Cores x sockets x threads of the guest."""
    cpu_milli: int | None = None
    """What the VMI requests, thousandths of a CPU."""
    memory_bytes: int | None = None
    """What the VMI requests, else the guest's memory."""
    devices: Mapping[str, int] = {}
    """Number of devices by the name of their list in the API: `disks`, `interfaces`."""
    volumes: Mapping[str, int] = {}
    """Number of volumes by the name of their source in the API: `persistentVolumeClaim`."""
    starts: bool = True
    """Whether KubeVirt starts it without being asked; false for a VM that is halted or manual."""

    @property
    def requested_milli(self) -> int | None:
        """The CPU it requests; of vCPUs alone, what KubeVirt's default ratio makes of them."""
        if self.cpu_milli is not None:
            return self.cpu_milli
        return None if self.vcpus is None else self.vcpus * 1000 // ALLOCATION_RATIO


_SIMULATED_LABEL: Final = re.compile(r"s[0-9a-f]{1,38}")


def is_simulated_label(label: str) -> bool:
    """Whether a run label is one that a run in virtual time has."""
    return _SIMULATED_LABEL.fullmatch(label) is not None


class TraceHeader(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """The first line of a trace."""

    format: str
    version: int
    source: TraceSource
    tool: str = ""
    """What wrote it, with its version."""
    label: str = ""
    """Of the record of a run in virtual time: the run label, from which its names and so its random
    times derive; a replay has the same. Empty for every other source, a run against `virtslo
    simulate` among them."""


class TraceEvent(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Any other line: an object that was there before, an arrival, a deletion, or the end."""

    at_ns: int
    event: EventName
    object: int | None = None
    """The object's number, from 1."""
    kind: Kind | None = None
    members: int | None = None
    """Of a pool or replica set: how many VMIs it shall have."""
    owner: int | None = None
    """The number of the object whose controller made this one."""
    is_owned: bool = msgspec.field(default=False, name="owned")
    """Whether a controller of KubeVirt made it, also where its owner is not in the trace."""
    shape: Shape | None = None
    approximate: bool = False
    """Whether the time is later than it was true: learnt when a watch was listed again."""
    cut: bool | None = None
    """Of the end: whether the recording was ended before its time."""
    notes: tuple[str, ...] = ()
    """Of the end: what the source could not tell."""


class ReplayArrival(msgspec.Struct, frozen=True, array_like=True):
    """One object that a replay creates; times as they were recorded."""

    at_ns: int
    kind: Kind
    members: int = 1
    cpu: str | None = None
    memory: str | None = None
    lifetime_ns: int | None = None
    """From its arrival to its deletion; None where it outlived the recording."""


@dataclass(frozen=True, slots=True)
class Replay:
    """What of a trace is played, and how fast."""

    trace: str
    """The file's name, without its folder."""
    digest: str
    """SHA-256 of the trace's text: two runs with the same one played the same trace."""
    arrivals: tuple[ReplayArrival, ...]
    """In order of time; copies of a sample above 1 among them."""
    span_ns: int
    """From the first arrival to the end of the recording, as recorded."""
    speed: float = 1.0
    sample: float = 1.0
    sample_seed: int = 1
    left_out: Mapping[str, int] = field(default_factory=dict)
    """Objects of the trace that are not played, by reason."""
    label: str = ""
    """The run label of the simulated run that was recorded; empty for any other source."""
    is_cut: bool = False
    """Whether the recording was ended before its time."""

    @property
    def offsets_ns(self) -> tuple[int, ...]:
        """The intended time of each arrival, from t0."""
        return tuple(self.played_ns(arrival.at_ns) for arrival in self.arrivals)

    def played_ns(self, recorded_ns: int) -> int:
        """When what was recorded at a time is played."""
        return recorded_ns if self.speed == 1.0 else round(recorded_ns / self.speed)

    @property
    def members(self) -> int:
        """How many VMIs its arrivals stand for."""
        return sum(arrival.members for arrival in self.arrivals)

    def members_in(self, slots: Iterable[int]) -> int:
        """How many VMIs the arrivals in these slots stand for."""
        return sum(self.arrivals[slot].members for slot in slots if slot < len(self.arrivals))

    @property
    def peak_members(self) -> int:
        """How many VMIs are wanted at once, at most, if none were late."""
        changes = sorted(
            (moment, change)
            for arrival in self.arrivals
            for moment, change in (
                (arrival.at_ns, arrival.members),
                (_end_of(arrival), -arrival.members),
            )
        )
        return max(accumulate(change for _, change in changes))

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds of its arrivals, in the order of the enumeration."""
        found = {arrival.kind for arrival in self.arrivals}
        return tuple(kind for kind in Kind if kind in found)


def _end_of(arrival: ReplayArrival) -> float:
    lifetime = arrival.lifetime_ns
    return math.inf if lifetime is None else arrival.at_ns + lifetime
