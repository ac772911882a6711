"""`virtslo record`: a trace of arrivals and lifetimes, to be replayed."""

import asyncio
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from virtslo.cli.completing import words
from virtslo.cli.options import TargetOptions, output_option, target_options
from virtslo.cli.printing import say
from virtslo.cli.standard_streams import COULD_NOT_RUN

if TYPE_CHECKING:
    from virtslo.cli.wiring import RealTarget
    from virtslo.model.plan.trace import TraceEvent, TraceSource
    from virtslo.observe.trace_builder import TraceBuilder

LONGEST_SECONDS: Final = 31 * 86_400.0
SOURCES: Final = ("audit-log", "simkube", "record")


@click.command("record")
@click.argument("source", metavar="[FILE|FOLDER]", required=False, type=click.Path(path_type=Path))
@target_options
@click.option("--duration", metavar="VALUE", help="Duration of a recording, such as 24h.")
@click.option("--namespace", metavar="NAME", help="Only this namespace of the cluster.")
@click.option(
    "--from",
    "form",
    type=click.Choice(SOURCES),
    shell_complete=words(*SOURCES),
    help="Kind of the source, where it is not to be recognised by its contents.",
)
@output_option("File of the trace; compressed where it ends in .gz. Default: trace.jsonl.")
def command(source: Path | None, **options: Any) -> int:
    """Record arrivals and lifetimes of VMs, VMIs and pools, without names, for a replay.

    Without a source, a cluster is watched until Ctrl-C or for --duration. A source is an API
    server's audit log, a trace that SimKube exported, or the folder of a run. The trace has kinds,
    sizes and times; no names, namespaces or labels.

    \b
    virtslo record --context my-cluster --duration 24h -o day.jsonl.gz
    virtslo record /var/log/kubernetes/audit.log -o day.jsonl
    virtslo record trace.msgpack -o day.jsonl
    virtslo record runs/ID -o burst.jsonl
    virtslo run replay --trace day.jsonl --speed 10
    """
    from virtslo.cli.output import check_replaceable

    output = options["output"] or Path("trace.jsonl")
    target, seconds = _checked(source, options)
    check_replaceable(output)
    if source is None:
        assert target is not None
        return _watch(target, output, seconds=seconds, namespace=options["namespace"])
    source = _located(source)
    form = options["form"] or _form_of(source)
    if form == "audit-log":
        return _from_audit_log(source, output)
    if form == "simkube":
        return _from_simkube(source, output)
    return _from_record(source, output)


def _checked(
    source: Path | None, options: dict[str, Any]
) -> tuple["RealTarget | None", float | None]:
    """The cluster and the duration that are meant. Raises ScenarioError with every problem."""
    from virtslo.base.errors import Problem, ScenarioError
    from virtslo.cli.durations import read_duration
    from virtslo.cli.targets import real_target

    real, problems, seconds = TargetOptions.of_real(options), [], None
    named = "--context, --kubeconfig, --in-cluster"
    if source is None and not real.is_real:
        hint = "virtslo record --context NAME; for the simulated cluster see virtslo simulate"
        problems.append(Problem(named, "none of them", "a cluster to watch, or a source", hint))
    if source is not None:
        if real.is_real:
            problems.append(Problem(named, "a cluster beside a source", "one of the two"))
        problems += [
            Problem(f"--{name}", "it with a source", "a cluster to watch")
            for name in ("duration", "namespace")
            if options[name] is not None
        ]
    elif options["form"] is not None:
        problems.append(Problem("--from", "it without a source", "a file or a folder"))
    if options["duration"] is not None:
        seconds = read_duration(
            "--duration", options["duration"], problems, least=1.0, most=LONGEST_SECONDS
        )
    if problems:
        raise ScenarioError("command line", problems)
    return (None if source is not None else real_target(real)), seconds


def _located(source: Path) -> Path:
    """A source's path; a record may be named by `latest` or its id, as everywhere."""
    from virtslo.base.errors import StoreError
    from virtslo.base.paths import is_there
    from virtslo.cli.record_names import locate

    if is_there(source):
        return source
    try:
        return locate(source)
    except StoreError:
        return source  # no record: reading it as a file says what is wrong


def _form_of(source: Path) -> str:
    """What a source is, by its first bytes. Raises ScenarioError."""
    from virtslo.base.errors import Problem, ScenarioError
    from virtslo.base.paths import is_folder
    from virtslo.cli.wiring.tracing import first_bytes

    if is_folder(source):
        return "record"
    first = first_bytes(source)
    if first.lstrip()[:1] != b"{":
        return "simkube"
    if b'"virtslo/trace"' in first:
        hint = f"virtslo run replay --trace {source}"
        problem = Problem(str(source), "a trace of virtslo", "a source of a trace", hint)
        raise ScenarioError("command line", [problem])
    return "audit-log"


def _watch(
    target: "RealTarget", output: Path, *, seconds: float | None, namespace: str | None
) -> int:
    """Watch a cluster until the end; an interrupted recording is kept and is no failure."""
    from virtslo.app.recording import Recording, record_cluster
    from virtslo.app.run.interruption import Interruption
    from virtslo.base.clock import SystemClock
    from virtslo.base.units import format_duration
    from virtslo.cli.signals import handled_signals
    from virtslo.cli.wiring import describe_target, open_cluster
    from virtslo.cli.wiring.tracing import open_trace
    from virtslo.model.plan.workload import TRAITS

    interruption = Interruption()
    how_long = "until Ctrl-C" if seconds is None else f"for {format_duration(seconds)}"
    say(f"target: {describe_target(target)}", err=True)

    def started(kinds: Any, present: int) -> None:
        names = ", ".join(TRAITS[kind].title for kind in kinds)
        say(f"recording {names} {how_long}; {present} were there before", err=True)

    async def record() -> Recording:
        clock = SystemClock()
        async with open_cluster(target, clock) as api:
            # once the cluster has answered; closed whatever happens then
            opened = cache(lambda: traces.enter_context(closing(open_trace(output, "watch"))))
            done = await record_cluster(
                api,
                clock,
                emit=lambda event: opened().add(event),
                flush=lambda: opened().flush(),
                interruption=interruption,
                duration=seconds,
                namespace=namespace,
                on_start=started,
            )
            opened().end(done.end_ns, is_cut=done.is_cut, notes=done.notes)
            return done

    with (
        handled_signals(interruption, lambda: f"{output} has what was recorded before"),
        ExitStack() as traces,
    ):
        done = asyncio.run(record())
    _tell(output, done.builder, Span(0, done.end_ns, done.notes, is_cut=done.is_cut))
    return COULD_NOT_RUN if done.has_failed else 0


def _from_audit_log(source: Path, output: Path) -> int:
    from virtslo.base.errors import Problem, ScenarioError
    from virtslo.cli.wiring import open_audit_log_files
    from virtslo.observe.audit_trace import AuditTrace

    found = AuditTrace()
    asyncio.run(open_audit_log_files(source, in_thread=False).collect(found.add))
    if found.first_ns is None or found.last_ns is None:
        what = "; ".join(found.notes()) or "no whole line"
        problem = Problem("the log", what, "events of audit.k8s.io/v1, one a line")
        raise ScenarioError(str(source), [problem])
    span = Span(found.first_ns, found.last_ns - found.first_ns, found.notes())
    _tell(output, _write(output, "audit-log", found.found, span), span)
    return 0


def _from_simkube(source: Path, output: Path) -> int:
    from virtslo.base.clock import NANOSECONDS_PER_SECOND
    from virtslo.base.errors import ScenarioError
    from virtslo.cli.wiring.tracing import read_simkube
    from virtslo.observe.simkube_trace import problems_of, simkube_facts

    trace = read_simkube(source)
    if problems := problems_of(trace):
        raise ScenarioError(str(source), problems)
    times = [event.ts for event in trace.events]
    found, odd = simkube_facts(trace)
    notes = tuple(f"{count} {what}" for what, count in sorted(odd.items()))
    end_ns = (times[-1] - times[0]) * NANOSECONDS_PER_SECOND
    origin_ns = times[0] * NANOSECONDS_PER_SECOND
    span = Span(origin_ns, end_ns, notes)
    _tell(output, _write(output, "simkube", found, span), span)
    return 0


def _from_record(source: Path, output: Path) -> int:
    from virtslo.base.errors import Problem, ScenarioError
    from virtslo.cli.wiring import read_record
    from virtslo.model.plan.trace import is_simulated_label
    from virtslo.model.run.record import RunStatus
    from virtslo.model.stage_names import RAMP_UP
    from virtslo.observe.record_trace import record_facts

    record = read_record(source)
    found, odd = record_facts(record)
    times = [fact.at_ns for fact in found.facts]
    if not times:
        problem = Problem("the record", "nothing that was created", "a run that created objects")
        raise ScenarioError(str(source), [problem])
    notes = [f"{count} {what}" for what, count in sorted(odd.items())] + [
        f"damage: {what}" for what in record.damage[:5]
    ]
    is_cut = record.header.status is not RunStatus.COMPLETE or bool(record.damage)
    t0_ns = [stage.t0_ns for stage in record.header.stages if stage.name == RAMP_UP]
    origin_ns = min([*t0_ns, *times])
    span = Span(origin_ns, max(times) - origin_ns, notes, is_cut=is_cut)
    run_label = record.header.run_label
    label = run_label if is_simulated_label(run_label) else ""
    _tell(output, _write(output, "record", found, span, label=label), span)
    return 0


@dataclass(frozen=True, slots=True)
class Span:
    """The time that a trace is of, and what is to be said of it."""

    origin_ns: int
    end_ns: int
    """Since the origin."""
    notes: Sequence[str]
    is_cut: bool = False


def _write(
    output: Path,
    source: "TraceSource",
    found: Any,
    span: Span,
    *,
    label: str = "",
) -> "TraceBuilder":
    """Write the trace of a source that has ended; nothing is written where it fails."""
    from virtslo.cli.wiring.tracing import open_trace

    events: list[TraceEvent] = []
    builder: TraceBuilder = found.play(events.append, origin_ns=span.origin_ns)
    with closing(open_trace(output, source, label=label)) as trace:
        for event in events:
            trace.add(event)
        trace.end(span.end_ns, is_cut=span.is_cut, notes=span.notes)
    return builder


def _tell(
    output: Path,
    builder: "TraceBuilder",
    span: Span,
) -> None:
    """Say what the trace has."""
    from virtslo.base.clock import to_seconds
    from virtslo.base.units import format_duration
    from virtslo.model.plan.trace import ARRIVAL, DELETION, PRESENT

    for note in span.notes:
        say(f"note: {note}", err=True)
    lasted = format_duration(to_seconds(span.end_ns))
    cut = ", cut before its end" if span.is_cut else ""
    say(f"{output}: {lasted} recorded{cut}")
    for event, what in (
        (PRESENT, "there before"),
        (ARRIVAL, "arrivals"),
        (DELETION, "deletions"),
    ):
        found = {
            kind.value: count for (name, kind), count in builder.counts.items() if name == event
        }
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(found.items()))
        say(f"  {what}: {sum(found.values())}{f' ({kinds})' if kinds else ''}")
