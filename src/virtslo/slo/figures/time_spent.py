"""Where the time from creation to Running goes: by phase, by waiting, and by what bounds it.

Invariant: the parts by phase add up to the whole, over the VMIs that are Running; the sums of
waiting run in parallel and do not. The least time is the plan's own; calls as they were counted
stand beside it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from virtslo.base.clock import to_seconds
from virtslo.model.identifiers import RUNNING
from virtslo.model.kubernetes.client_limits import ClientLimit
from virtslo.model.kubernetes.components import COUNTED_COMPONENTS, VIRT_CONTROLLER
from virtslo.model.kubernetes.kubevirt_metrics import (
    QUEUE_WAITS,
    QUEUE_WORK,
    RATE_LIMITER_WAITS,
    REQUEST_LATENCIES,
)
from virtslo.model.plan.ceiling import least_seconds
from virtslo.model.plan.workload import Kind
from virtslo.model.report.figures import Figure, no_data
from virtslo.model.report.indicators import Definition
from virtslo.model.run.rest_calls import COMPONENTS
from virtslo.model.stage_names import StageName
from virtslo.model.vocabulary import TABLE_PHASES, WATCH
from virtslo.slo.catalog.time_spent import (
    API_ANSWER_WAIT,
    COMPUTED_LEAST,
    CONTROLLER_CALLS,
    IN_PHASE,
    RATE_LIMITER_WAIT,
    TO_PENDING,
    WORK_QUEUE_WAIT,
    WORK_QUEUE_WORK,
)
from virtslo.slo.figures.rows import Row
from virtslo.slo.record.call_windows import Window, folded
from virtslo.slo.record.measured import Measured, measured_stage
from virtslo.slo.record.rest_calls import objects_of, reason_of, source_window

BOUND_SHARE: Final = 0.5
"""From this share of the time on, the client's limit is what bounds a run most."""
LEASES: Final = "leases"

PARTS: Final = (TO_PENDING, *IN_PHASE.values())
"""The indicators that add up to the mean time from creation to Running."""
WAITS: Final = (
    (RATE_LIMITER_WAIT, RATE_LIMITER_WAITS, "by_component"),
    (API_ANSWER_WAIT, REQUEST_LATENCIES, "by_component"),
    (WORK_QUEUE_WAIT, QUEUE_WAITS, "by_queue"),
    (WORK_QUEUE_WORK, QUEUE_WORK, "by_queue"),
)
"""Indicators of waiting: the histogram whose sums they are of, and its labels."""
CreatedAndPhases = tuple[int, Mapping[str, int]]
"""When a VMI was created, and when it entered each of its phases, nanoseconds."""


@dataclass(frozen=True, slots=True)
class Ceiling:
    """What virt-controller's client limit allows at most."""

    calls_per_object: float
    """As counted in the measured stage, on every resource."""
    objects: int
    limit: ClientLimit
    kind: Kind
    count: int
    """How many VMIs the ramp-up brings to Running."""

    @property
    def least_seconds(self) -> float:
        """No ramp-up of this kind and count can be faster."""
        return least_seconds(self.kind, self.count, self.limit)

    @property
    def counted_seconds(self) -> float:
        """How long the calls that were counted take through the token bucket."""
        return self.limit.least_seconds(self.calls_per_object * self.objects)

    @property
    def objects_per_second(self) -> float | None:
        """The rate in the long run, at the calls that were counted; None without a limit."""
        if self.limit.qps <= 0 or not self.calls_per_object:
            return None
        return self.limit.qps / self.calls_per_object


def time_rows(run: Measured) -> Iterator[Row]:
    """The indicators of phases, of waiting, and of the ceiling."""
    vmis = _whole(run)
    count = len(vmis)
    for definition, seconds in _phase_parts(vmis):
        figure = (
            no_data("s", "no VMI was seen from its create to Running", source="watch")
            if seconds is None
            else Figure(seconds, "s", count, "watch")
        )
        yield Row(definition, "mean", figure)
    yield from _waiting(run)
    ceiling = ceiling_of(run)
    if isinstance(ceiling, str):
        yield Row(CONTROLLER_CALLS, "per_object", no_data(CONTROLLER_CALLS.unit, ceiling))
        yield Row(COMPUTED_LEAST, "value", no_data(COMPUTED_LEAST.unit, ceiling))
        return
    calls = Figure(ceiling.calls_per_object, CONTROLLER_CALLS.unit, ceiling.objects, COMPONENTS)
    yield Row(CONTROLLER_CALLS, "per_object", calls)
    source = ceiling.limit.source
    least = Figure(ceiling.least_seconds, COMPUTED_LEAST.unit, ceiling.count, source)
    yield Row(COMPUTED_LEAST, "value", least)


def _phase_parts(vmis: Sequence[CreatedAndPhases]) -> list[tuple[Definition, float | None]]:
    """Mean seconds of a VMI from its creation to Pending, and in each phase before Running.

    A phase that a VMI was not seen in has taken it no time; the phase before has.
    """
    edges = [(phase, IN_PHASE.get(phase)) for phase in TABLE_PHASES]
    parts: dict[str, float] = {part.name: 0.0 for part in PARTS}
    for created_ns, phases in vmis:
        at_ns, part = created_ns, TO_PENDING
        for phase, after in edges:
            reached = phases.get(phase)
            if reached is None:
                continue
            parts[part.name] += to_seconds(reached - at_ns)
            at_ns, part = reached, after or part
    return [(part, parts[part.name] / len(vmis) if vmis else None) for part in PARTS]


def ceiling_of(run: Measured) -> Ceiling | str:
    """The ceiling with calls per VMI as counted; or why it cannot be computed."""
    stage = measured_stage(run.record)
    window = source_window(run, stage, COMPONENTS)
    reason = reason_of(window, (VIRT_CONTROLLER,))
    if window is None or reason is not None:
        return reason or "REST calls were not counted in this run"
    limit = run.record.header.environment.client_limits.get(VIRT_CONTROLLER)
    objects = objects_of(run, stage)
    if limit is None or objects == 0:
        return "virt-controller's client limit is not known" if objects else "there are no VMIs"
    workload = run.record.header.scenario.workload
    calls = controller_calls(window) / objects
    return Ceiling(calls, objects, limit, workload.kind, workload.count)


def controller_calls(window: Window) -> int:
    """Requests of virt-controller on every resource, refused ones too, that took a token: leases,
    which have a client of their own, and watches, which last, are none of them.
    """
    return sum(
        count
        for (component, call), count in folded(window.requests).items()
        if component == VIRT_CONTROLLER and call.resource != LEASES and call.verb != WATCH
    )


@dataclass(frozen=True, slots=True)
class ControllerWork:
    """What virt-controller did in a stage for each object: requests, and seconds by indicator."""

    calls: float
    waits: Mapping[Definition, float]


def controller_work(run: Measured, stage: StageName, objects: int) -> ControllerWork | str:
    """What virt-controller alone did in a stage for each of these objects; or why it is not known.

    It is known without the other components: on a control plane without nodes there are no pods of
    virt-handler.
    """
    window = source_window(run, stage, COMPONENTS)
    reason = reason_of(window, (VIRT_CONTROLLER,))
    if window is None or reason is not None or objects == 0:
        return reason or "there are no objects"
    waits = {}
    for definition, family, _ in WAITS:
        seconds = _sums(window, family, by_component=True).get(VIRT_CONTROLLER)
        if seconds is not None:
            waits[definition] = seconds / objects
    return ControllerWork(controller_calls(window) / objects, waits)


def _whole(run: Measured) -> Sequence[CreatedAndPhases]:
    """When each VMI that is Running was created, and when it entered its phases."""
    found: list[CreatedAndPhases] = []
    for vmi, start in zip(run.vmis, run.births_ns, strict=True):
        if RUNNING in vmi.phases and start is not None:
            found.append((start, vmi.phases))
    return found


def _waiting(run: Measured) -> Iterator[Row]:
    stage = measured_stage(run.record)
    window, objects = source_window(run, stage, COMPONENTS), objects_of(run, stage)
    reason = reason_of(window)
    if reason is None and not objects:
        reason = "there are no VMIs"
    for definition, family, apart in WAITS:
        if window is None or reason is not None:
            yield Row(definition, "per_object", no_data("s", reason or "", source="none"))
            continue
        parts = _sums(window, family, by_component=apart == "by_component")
        if not parts:
            missing = no_data("s", f"no component has {family}", source=COMPONENTS)
            yield Row(definition, "per_object", missing)
            continue
        each = {key: seconds / objects for key, seconds in sorted(parts.items())}
        figure = Figure(sum(each.values()), "s", objects, COMPONENTS, detail={apart: each})
        yield Row(definition, "per_object", figure)


def _sums(window: Window, family: str, *, by_component: bool) -> dict[str, float]:
    counted = COUNTED_COMPONENTS if by_component else (VIRT_CONTROLLER,)
    parts: dict[str, float] = {}
    for (component, key), (seconds, _) in window.sums.items():
        if not key.startswith(f"{family}{{"):
            continue
        if component not in counted:
            continue
        part = component if by_component else key[len(family) + 1 : -1]
        parts[part] = parts.get(part, 0.0) + seconds
    return parts
