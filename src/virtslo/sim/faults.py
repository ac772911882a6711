"""Faults on demand: what can go wrong with an API server, seeded and on schedule.

Invariant: a fault does what its name says, at times that the seed and the clock fix; the store's
data are never touched. Texts are `name` or `name:key=value,key=value`.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from virtslo.base.clock import to_nanoseconds
from virtslo.base.errors import ApiError, Problem, ScenarioError, ServerFailure, TooManyRequests
from virtslo.base.units import parse_duration
from virtslo.sim.requests import Request

DEFAULTS: Final[Mapping[str, Mapping[str, str]]] = {
    "latency": {"delay": "500ms", "rate": "0.1", "at": "0s", "for": "0s"},
    "too-many-requests": {"rate": "0.05", "retry": "1s", "at": "0s", "for": "0s"},
    "server-error": {"rate": "0.02", "at": "0s", "for": "0s"},
    "dropped-watches": {"at": "10s", "every": "30s"},
    "stalled-watches": {"at": "10s", "for": "5s"},
    "compaction": {"at": "10s", "every": "30s"},
    "restart": {"at": "10s", "for": "3s"},
}
"""Every fault with its parameters: `at` is its beginning, `for` its length (0: for good)."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault and its parameters, durations in seconds."""

    name: str
    values: Mapping[str, float]

    def is_active(self, elapsed_ns: int) -> bool:
        """Whether a fault with a span is on."""
        start_ns = to_nanoseconds(self.values.get("at", 0.0))
        span_ns = to_nanoseconds(self.values.get("for", 0.0))
        return elapsed_ns >= start_ns and (not span_ns or elapsed_ns < start_ns + span_ns)


class FaultPlan:
    """The faults of one server, asked at every request."""

    def __init__(self, faults: Sequence[Fault] = (), *, seed: int = 0) -> None:
        self.faults = tuple(faults)
        self._chance = random.Random(f"{seed}:faults")

    def delay_ns(self, elapsed_ns: int) -> int:
        """By how much a request is delayed."""
        return sum(
            to_nanoseconds(fault.values["delay"])
            for fault in self.faults
            if fault.name == "latency" and self._strikes(fault, elapsed_ns)
        )

    def refusal(self, request: Request, elapsed_ns: int) -> ApiError | None:
        """The error a request is answered with; None if it is served."""
        for fault in self.faults:
            if fault.name == "restart" and fault.is_active(elapsed_ns):
                return ServerFailure("the server is shutting down", code=503,
                                     reason="ServiceUnavailable")  # fmt: skip
            if fault.name == "too-many-requests" and self._strikes(fault, elapsed_ns):
                return TooManyRequests(
                    "too many requests, please try again later",
                    retry_after_seconds=fault.values["retry"],
                )
            if fault.name == "server-error" and self._strikes(fault, elapsed_ns):
                return ServerFailure(
                    "Internal error occurred: a fault was asked for", reason="InternalError"
                )
        return None

    def moments(self, name: str, count: int = 1000) -> list[int]:
        """When a fault that comes and goes strikes, nanoseconds since the server began."""
        moments: list[int] = []
        for fault in self.faults:
            if fault.name == name:
                at_ns = to_nanoseconds(fault.values["at"])
                every_ns = to_nanoseconds(fault.values.get("every", 0.0))
                repeats = count if every_ns else 1
                moments += [at_ns + index * every_ns for index in range(repeats)]
        return sorted(moments)

    def stalls(self) -> list[tuple[int, int]]:
        """When watches stall: from, until."""
        return [
            (
                to_nanoseconds(fault.values["at"]),
                to_nanoseconds(fault.values["at"] + fault.values["for"]),
            )
            for fault in self.faults
            if fault.name == "stalled-watches"
        ]

    def _strikes(self, fault: Fault, elapsed_ns: int) -> bool:
        return fault.is_active(elapsed_ns) and self._chance.random() < fault.values["rate"]


def parse_faults(texts: Sequence[str], *, seed: int) -> FaultPlan:
    """Read faults as the command line gives them. Raises ScenarioError with every problem."""
    problems: list[Problem] = []
    faults = [fault for text in texts if (fault := _parse(text, problems)) is not None]
    if problems:
        raise ScenarioError("command line", problems)
    return FaultPlan(faults, seed=seed)


def _parse(text: str, problems: list[Problem]) -> Fault | None:
    name, _, rest = text.partition(":")
    if name not in DEFAULTS:
        close = get_close_matches(name, DEFAULTS, n=1)
        hint = f"did you mean {close[0]!r}?" if close else ""
        problems.append(Problem("--fault", repr(name), f"one of {', '.join(DEFAULTS)}", hint))
        return None
    given = dict(DEFAULTS[name])
    for part in filter(None, rest.split(",")):
        key, _, value = part.partition("=")
        if key not in given:
            problems.append(
                Problem(f"--fault {name}", repr(key), f"one of {', '.join(DEFAULTS[name])}")
            )
        else:
            given[key] = value
    values: dict[str, float] = {}
    for key, value in given.items():
        try:
            values[key] = float(value) if key == "rate" else parse_duration(value)
        except ValueError as error:
            wanted = "a number from 0 to 1" if key == "rate" else str(error)
            problems.append(Problem(f"--fault {name}:{key}", repr(value), wanted))
    if not 0 <= values.get("rate", 0) <= 1:
        problems.append(
            Problem(f"--fault {name}:rate", repr(given["rate"]), "a number from 0 to 1")
        )
    return Fault(name, values)
