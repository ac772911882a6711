"""REST calls as they were read: cumulative counts at moments, and how long our own calls took.

Invariant: raw facts, from which counts in windows are derived; a read that failed says why, and
holds nothing. Each read names its source.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Final, Literal, NamedTuple

import msgspec

from virtslo.model.kubernetes.calls import ComponentCall, Counted, RestCall, TimedCall
from virtslo.model.stage_names import StageName

CallSource = Literal[
    "component counters",
    "audit log",
    "audit log, all callers",
    "apiserver_request_total",
    "prometheus",
]
"""Where counts of requests are read."""

COMPONENTS: Final[CallSource] = "component counters"
AUDIT_LOG: Final[CallSource] = "audit log"
AUDIT_ALL: Final[CallSource] = "audit log, all callers"
API_SERVER: Final[CallSource] = "apiserver_request_total"
PROMETHEUS: Final[CallSource] = "prometheus"

NO_PODS: Final = "no running pods of virt-api, virt-controller or virt-handler were found"
"""Why a read holds nothing where the components' pods were looked for and there were none."""
ReadStage = StageName | Literal["idle", "preflight"]
"""What counts are read around: a stage, the idle time before the first, or nothing at all."""
IDLE: Final[ReadStage] = "idle"
"""The stage under which the reads around the idle time before a run are kept."""


ANSWERED: Final = "answered"
"""The name under which sums of whole requests are kept, as a component's are under its metric's."""


def answer_key(verb: str, target: str) -> str:
    """Under which key a read keeps how long requests took, from received to answered."""
    return f"{ANSWERED}{{{verb} {target}}}"


class Moment(StrEnum):
    """When counters are read: before the first stage, and after each."""

    BEFORE = "before"
    AFTER = "after"


class CallCount(NamedTuple):
    """A counter of requests, as it is kept in a record."""

    verb: str
    target: str
    """`resource`, `resource/subresource`, or a path."""
    code: str
    requests: int


BUCKET_EDGE: Final = r"^(\+Inf|[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?)$"
"""A bucket's upper edge, as an exposition writes it."""


class BucketCount(NamedTuple):
    """A cumulative bucket of an API server's histogram, as it is kept in a record."""

    verb: str
    target: str
    scope: str
    edge: Annotated[str, msgspec.Meta(pattern=BUCKET_EDGE)]
    """The bucket's upper edge, seconds."""
    observations: int

    @property
    def timed(self) -> TimedCall:
        """The calls that the histogram is of."""
        return TimedCall(self.verb, self.target, self.scope)


@dataclass(frozen=True, slots=True, kw_only=True)
class CounterRead:
    """Cumulative counts at one moment: a pod's `/metrics`, an API server's, the audit log's."""

    stage: ReadStage
    moment: Moment
    component: str
    """`*` where all callers are counted together."""
    pod: str
    started_ns: int
    ended_ns: int
    process_start: float | None = None
    cpu_seconds: float | None = None
    resident_bytes: float | None = None
    counters: tuple[CallCount, ...] = ()
    sums: Mapping[str, tuple[float, int]] = field(default_factory=dict)
    """Seconds and observations of a component's histograms, by `family{label}`; of an API server
    and of an audit log those of requests for single objects, by `answer_key`."""
    is_leading: bool | None = None
    durations: tuple[BucketCount, ...] = ()
    """An API server's."""
    duration_family: str = ""
    error: str | None = None
    source: CallSource = COMPONENTS

    @property
    def counted(self) -> Counted:
        """The counters by call."""
        return {
            _call_of(verb, target, code): requests for verb, target, code, requests in self.counters
        }


@lru_cache(maxsize=4096)
def _call_of(verb: str, target: str, code: str) -> RestCall:
    """A call; all processes of a component make the same ones."""
    return RestCall.of_target(verb, target, code)


def counters_of(counted: Counted) -> tuple[CallCount, ...]:
    """Counts as a read keeps them, in order."""
    return tuple([_call_count(call, count) for call, count in sorted(counted.items())])


@lru_cache(maxsize=4096)
def _call_count(call: RestCall, count: int) -> CallCount:
    """A counter, one for all reads: thousands of nodes have made the same few calls."""
    return CallCount(call.verb, call.target, call.code, count)


@dataclass(frozen=True, slots=True)
class ScrapedCount:
    """How much one counter grew in a stage's window, by the samples of a Prometheus."""

    component: str
    verb: str
    resource: str
    code: str
    value: float
    """From the last scrape before the window to the first after it."""
    at_least: float
    """Between the scrapes inside the window."""

    @property
    def made(self) -> ComponentCall:
        """The calls that were counted."""
        call = RestCall.of_target(self.verb, self.resource, self.code)
        return ComponentCall(self.component, call)


@dataclass(frozen=True, slots=True)
class ScrapedWindow:
    """What a Prometheus says of a stage's window."""

    stage: ReadStage
    counts: tuple[ScrapedCount, ...] = ()
    gap_before: float | None = None
    """Seconds from the last scrape before the window to its start; None: there was none."""
    gap_after: float | None = None
    resets: int = 0
    error: str | None = None


@dataclass(frozen=True, slots=True)
class OwnLatencies:
    """How long our own calls of one kind took, in the order they were answered."""

    verb: str
    resource: str
    """`resource` or `resource/subresource`."""
    scope: str
    """`resource`, `namespace` or `cluster`, as Kubernetes' SLIs tell them apart."""
    nanoseconds: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RestCallReads:
    """The contents of `rest_calls.json`."""

    reads: tuple[CounterRead, ...] = ()
    scraped: tuple[ScrapedWindow, ...] = ()
    own: tuple[OwnLatencies, ...] = ()
