"""Arrivals and deletions out of a trace that SimKube exported. Pure.

Invariant: what the first event applies was there when the export begins, as SimKube writes it; of
an object that is applied again only the first time counts. Times are whole seconds, as there.
"""

from collections import Counter
from typing import Any, Final

import msgspec

from virtslo.base.clock import NANOSECONDS_PER_SECOND
from virtslo.base.errors import Problem
from virtslo.model.plan.workload import BY_API_KIND
from virtslo.observe.buffered_trace import APPEARED, DELETED, WAS_THERE, BufferedFacts, Fact
from virtslo.observe.trace_builder import Key, sighting_of

LATEST: Final = 1 << 40
"""The latest time that is read, seconds since 1970."""
VERSIONS: Final = (2, 3)
"""Versions of SimKube's format that are read: their events are alike."""


class SimKubeEvent(msgspec.Struct):
    """What happened in one second."""

    ts: int
    applied_objs: list[Any] = []
    deleted_objs: list[Any] = []


class SimKubeTrace(msgspec.Struct):
    """An exported trace: `version` and `events`; what else is in it is not read."""

    version: int
    events: list[SimKubeEvent]


def problems_of(trace: SimKubeTrace) -> list[Problem]:
    """Why a trace cannot be read: every reason; empty where it can."""
    problems = []
    if trace.version not in VERSIONS:
        known = " or ".join(map(str, VERSIONS))
        problems.append(Problem("version", str(trace.version), f"version {known} of the format"))
    times = [event.ts for event in trace.events]
    if not times:
        problems.append(Problem("events", "none", "at least one event"))
    if times != sorted(times):
        problems.append(Problem("events", "times that decrease", "events in order of time"))
    if any(not 0 <= time <= LATEST for time in times):
        problems.append(Problem("events", "a time out of range", "seconds since 1970"))
    return problems


def simkube_facts(trace: SimKubeTrace) -> tuple[BufferedFacts, Counter[str]]:
    """The facts of a trace, and what is not of KubeVirt or odd, counted by its words."""
    found, odd = BufferedFacts(), Counter[str]()
    for place, event in enumerate(trace.events):
        at_ns = event.ts * NANOSECONDS_PER_SECOND
        for target in event.applied_objs:
            key = _key(target, odd)
            if key is not None:
                what = APPEARED if place else WAS_THERE
                found.add(Fact(at_ns, what, key, sighting_of(key, target)))
        for target in event.deleted_objs:
            key = _key(target, odd)
            if key is not None:
                found.add(Fact(at_ns, DELETED, key, sighting_of(key, target)))
    return found, odd


def _key(target: Any, odd: Counter[str]) -> Key | None:
    """Kind, namespace and name of an object of KubeVirt's; None for every other."""
    metadata = target.get("metadata") if isinstance(target, dict) else None
    name = metadata.get("name") if isinstance(metadata, dict) else None
    if not isinstance(metadata, dict) or not isinstance(name, str):
        odd["objects without a name"] += 1
        return None
    kind = BY_API_KIND.get(str(target.get("kind")))
    if kind is None:
        odd["objects of other kinds than KubeVirt's machines"] += 1
        return None
    return kind, str(metadata.get("namespace", "")), name
