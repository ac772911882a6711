"""Reads of counters, made by hand, and records that hold them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from support.scenarios import scenario
from virtslo.model.kubernetes.client_limits import ClientLimit
from virtslo.model.kubernetes.components import COUNTED_COMPONENTS
from virtslo.model.run.environment import Environment
from virtslo.model.run.operations import CREATE, OperationRecord
from virtslo.model.run.record import HostFacts, RunHeader, RunRecord, RunStatus
from virtslo.model.run.rest_calls import (
    COMPONENTS,
    CallCount,
    CallSource,
    CounterRead,
    Moment,
    ReadStage,
    RestCallReads,
)
from virtslo.model.run.stages import Stage
from virtslo.model.stage_names import RAMP_UP
from virtslo.slo.record.measured import Measured, measure

SECOND = 1_000_000_000
Counts = Mapping[tuple[str, str, str], int]


def read(
    stage: ReadStage,
    moment: str,
    pod: str,
    counts: Counts | None = None,
    *,
    at: float = 0.0,
    start: float | None = 1.0,
    cpu: float | None = None,
    memory: float | None = None,
    error: str | None = None,
    leading: bool | None = None,
    source: CallSource = COMPONENTS,
    sums: Mapping[str, tuple[float, int]] | None = None,
) -> CounterRead:
    """One read of a pod; its component is the first two words of its name."""
    component = "-".join(pod.split("-")[:2])
    return CounterRead(
        stage=stage,
        moment=Moment(moment),
        component=component,
        pod=pod,
        started_ns=int(at * SECOND),
        ended_ns=int(at * SECOND),
        process_start=start,
        cpu_seconds=cpu,
        resident_bytes=memory,
        counters=tuple(CallCount(*row, count) for row, count in (counts or {}).items()),
        sums=sums or {},
        is_leading=leading,
        error=error,
        source=source,
    )


def with_idle_pods(reads: Sequence[CounterRead]) -> tuple[CounterRead, ...]:
    """The reads, and at each of their moments a pod that sends nothing of every other component."""
    there = {item.component for item in reads}
    moments = {(item.stage, item.moment): item for item in reads if item.source == COMPONENTS}
    return (
        *reads,
        *(
            replace(read(stage, moment, f"{component}-idle"),
                    started_ns=first.started_ns, ended_ns=first.ended_ns)
            for (stage, moment), first in moments.items()
            for component in COUNTED_COMPONENTS
            if component not in there
        ),
    )  # fmt: skip


def burst_record(
    reads: Sequence[CounterRead],
    *,
    count: int = 10,
    qps: float = 200.0,
    bucket: int = 400,
    is_whole: bool = True,
) -> RunRecord:
    """A complete burst of VMIs, all accepted, of which nothing was observed."""
    made = scenario(count=count)
    operations = tuple(
        OperationRecord(
            stage=RAMP_UP,
            verb=CREATE,
            kind="VirtualMachineInstance",
            namespace="ns",
            name=f"vmi-{index}",
            index=index,
            intended_ns=0,
            released_ns=0,
            sent_ns=0,
            finished_ns=1,
            code=201,
        )
        for index in range(count)
    )
    limit = ClientLimit(qps, bucket, "KubeVirt default")
    environment = Environment("v1", "v1", 1, client_limits={"virt-controller": limit})
    stage = Stage(RAMP_UP, 0, 0, whole_ns=9, quiet_ns=9, ended_ns=10 * SECOND)
    header = RunHeader(made, environment, "s1", ("ns",), RunStatus.COMPLETE, (stage,))
    host = HostFacts("run-1", "0", "2026-01-01T00:00:00Z")
    read_all = with_idle_pods(reads) if is_whole else tuple(reads)
    return RunRecord(header, host, operations, rest_calls=RestCallReads(read_all))


def measured_burst(
    reads: Sequence[CounterRead], *, count: int = 10, is_whole: bool = True
) -> Measured:
    """The same, measured."""
    return measure(burst_record(reads, count=count, is_whole=is_whole))
