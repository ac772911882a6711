"""What can go wrong with a simulated cluster on demand, as data.

Invariant: the table holds every fault with every parameter and its default; a fault with a seed
strikes at the same moments and the same requests in every run. Durations are seconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from virtslo.model.stage_names import CHURN, RAMP_DOWN, RAMP_UP, WARM_UP, StageName

FaultStage = StageName | Literal["run"]
WHOLE_RUN: Final = "run"
"""In place of a stage: from the run's first stage on, whatever stage is under way."""
STAGES: Final[tuple[FaultStage, ...]] = (WARM_UP, RAMP_UP, CHURN, RAMP_DOWN, WHOLE_RUN)
ParameterKind = Literal["share", "span", "status", "whole"]
SHARE: Final = "share"
SPAN: Final = "span"
STATUS: Final = "status"
WHOLE: Final = "whole"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of one fault: its default as written, and what kind of value it is."""

    default: str
    kind: ParameterKind
    """`share` (0 to 1), `span` (a duration), `status` (500 to 599), `whole` (at least 1)."""
    text: str


@dataclass(frozen=True, slots=True)
class FaultKind:
    """A fault that can be asked for."""

    text: str
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    at: str = "0s"
    lasts: str | None = None
    """The default of `for`; None for what happens in a moment and has no length."""
    every: str = "0s"
    must_end: bool = False
    """Whether `for` must be more than nothing."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault that was asked for."""

    name: str
    text: str
    """As it was asked for."""
    values: Mapping[str, float] = field(default_factory=dict)
    at: float = 0.0
    """From the beginning of the stage to the first time."""
    lasts: float = 0.0
    """How long each time lasts; 0 is for good."""
    every: float = 0.0
    """From one time to the next; 0 is once."""
    stage: FaultStage | None = None
    """The stage to which the fault is confined, or `WHOLE_RUN`; None: the measured stage."""


def _rate(default: str) -> Parameter:
    return Parameter(default, SHARE, "share of requests that are struck")


FAULTS: Final[Mapping[str, FaultKind]] = {
    "latency": FaultKind(
        "requests wait before they are served",
        {
            "delay": Parameter("500ms", SPAN, "how long a struck request waits"),
            "rate": _rate("0.1"),
        },
        lasts="0s",
    ),
    "too-many-requests": FaultKind(
        "requests are answered 429 with Retry-After",
        {"retry": Parameter("1s", SPAN, "what Retry-After says"), "rate": _rate("0.05")},
        lasts="0s",
    ),
    "server-error": FaultKind(
        "requests are answered with a failure of the server",
        {"code": Parameter("500", STATUS, "the status code"), "rate": _rate("0.02")},
        lasts="0s",
    ),
    "connection-reset": FaultKind(
        "connections are reset under a request, before it is served or after",
        {
            "rate": _rate("0.02"),
            "served": Parameter(
                "0.5",
                SHARE,
                "share of struck requests that were carried out: only the answer is lost",
            ),
        },
        lasts="0s",
    ),
    "slow-webhook": FaultKind(
        "requests that KubeVirt's webhooks see take longer; from 10 s on the call fails",
        {"delay": Parameter("2s", SPAN, "how much longer"), "rate": _rate("1")},
        lasts="0s",
    ),
    "dropped-watches": FaultKind(
        "the connections of all open watches are reset", at="10s", every="30s"
    ),
    "stalled-watches": FaultKind(
        "watches deliver nothing; what happened meanwhile comes afterwards",
        at="10s",
        lasts="5s",
        must_end=True,
    ),
    "compaction": FaultKind(
        "old resource versions are forgotten and watches end: what resumes is answered 410 Gone",
        at="10s",
        every="30s",
    ),
    "api-server-restart": FaultKind(
        "the API server is gone: connections break and are refused; its data are kept",
        at="10s",
        lasts="3s",
        must_end=True,
    ),
    "node-loss": FaultKind(
        "nodes fall silent: not ready after 50 s, their pods evicted 300 s later; once an "
        "administrator says that a node is out of service its pods are gone and its VMIs fail",
        {
            "nodes": Parameter("1", WHOLE, "how many nodes"),
            "remedy": Parameter(
                "2m", SPAN, "from the loss until the node is said to be out of service; 0 is never"
            ),
        },
        at="10s",
        lasts="0s",
    ),
    "virt-controller-restart": FaultKind(
        "the process of the virt-controller that leads dies and starts again",
        at="10s",
        lasts="1s",
        must_end=True,
    ),
    "leader-change": FaultKind(
        "the virt-controller that leads gives its lease up and the other one takes it",
        at="10s",
        lasts="1s",
        must_end=True,
    ),
}
"""Every fault, in the order in which they are documented."""

TIMING: Final[Mapping[str, str]] = {
    "at": "from the start of `stage` to the first time; for `simulate` from when the cluster is "
    "ready",
    "for": "how long each time lasts; 0 is for good",
    "every": "from the start of one time to that of the next; 0 is once",
    "stage": f"only in this stage ({', '.join(STAGES[:-1])}); what lasts ends with it; `run`: in "
    "the whole run, from its first stage on; default: the measured stage, ramp_up of a burst, "
    "else churn",
}
"""What the parameters mean that place a fault in time."""


def parameters_of(name: str) -> tuple[str, ...]:
    """Every parameter that a fault takes."""
    kind = FAULTS[name]
    timing = ("at", "every", "stage") if kind.lasts is None else ("at", "for", "every", "stage")
    return (*kind.parameters, *timing)
