"""Reasons to doubt a run, found in its record.

Invariant: an incomplete or damaged record is always inconclusive; every finding names the figures
it touches.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Final

from virtslo.base.clock import to_seconds
from virtslo.base.units import format_duration
from virtslo.model.identifiers import RUNNING
from virtslo.model.run.findings import ALL_FIGURES, Finding
from virtslo.model.run.operations import CREATE
from virtslo.model.run.record import RunStatus
from virtslo.model.stage_names import WARM_UP
from virtslo.slo.catalog.vmis import OF_PHASE, TIME_TO_ALL_RUNNING
from virtslo.slo.findings.action_findings import action_findings
from virtslo.slo.findings.churn_findings import churn_findings
from virtslo.slo.findings.interference_findings import interference_findings
from virtslo.slo.findings.quality_findings import phase_figures, quality_findings
from virtslo.slo.findings.ramp_down_findings import ramp_down_findings
from virtslo.slo.findings.source_comparison import comparison_findings
from virtslo.slo.findings.watch_findings import watch_findings
from virtslo.slo.record.lateness import bound_of, lateness_of
from virtslo.slo.record.measured import VMI, Measured, released
from virtslo.slo.record.refusals import refusals
from virtslo.slo.statistics.quantiles import quantile

UNFINISHED_FIGURES: Final = (
    TIME_TO_ALL_RUNNING.name,
    OF_PHASE[RUNNING].rate.name,
    "phase_transition_rate",
    "rest_calls",
)
"""What unfinished objects touch. Not the quantiles: those count an unfinished object as infinite,
so that a hang is a failure and no excuse."""
NAMED: Final = 5
"""How many objects a finding names before it says how many more."""


def findings_of(measured: Measured) -> tuple[Finding, ...]:
    """Every finding of a record, those that the running program made among them."""
    return (
        *_state(measured),
        *measured.record.header.findings,
        *_cold(measured),
        *_relists(measured),
        *watch_findings(measured),
        *_failures(measured),
        *_found(measured),
        *_unfinished(measured),
        *_withdrawn(measured),
        *interference_findings(measured),
        *action_findings(measured),
        *churn_findings(measured.churn, measured.record),
        *ramp_down_findings(measured.record),
        *_lateness(measured),
        *_quiet(measured),
        *_left_behind(measured),
        *comparison_findings(measured),
        *quality_findings(measured),
    )


def _way_out(measured: Measured) -> str:
    """How what is left is removed; nothing is left of a cluster that was simulated in process."""
    header = measured.record.header
    if header.environment.virtual_time:
        return ""
    return f"; what it made may still be there: virtslo clean --run {header.run_label}"


def _state(measured: Measured) -> Iterator[Finding]:
    record = measured.record
    status = record.header.status
    if status is RunStatus.RUNNING:
        words = "the run never ended: it was killed, or is still under way" + _way_out(measured)
        yield Finding(code="incomplete", detail=words, touches=ALL_FIGURES, inconclusive=True)
    elif status is RunStatus.FAILED:
        yield Finding(
            code="failed",
            detail="the run could not go on (see log.txt)",
            touches=ALL_FIGURES,
            inconclusive=True,
        )
    if record.damage:
        words = "the record is damaged: " + "; ".join(record.damage)
        yield Finding(code="incomplete", detail=words, touches=ALL_FIGURES, inconclusive=True)
    elif not record.header.has_digests:
        words = "the record has no digests (an older version wrote it): whether lines were removed "
        yield Finding(code="no_digests", detail=f"{words}cannot be known")
    if status is RunStatus.COMPLETE and not record.operations and not record.damage:
        yield Finding(
            code="incomplete",
            detail="the record holds no operations",
            touches=ALL_FIGURES,
            inconclusive=True,
        )


def _cold(measured: Measured) -> Iterator[Finding]:
    """A warm-up that did not run: what it was to fetch may be missing still."""
    record = measured.record
    stage = next((stage for stage in record.header.stages if stage.name == WARM_UP), None)
    if stage is None or stage.ended_ns is None or record.damage:
        return
    made = [op for op in record.operations if op.stage == WARM_UP and op.verb == CREATE]
    refused = [operation for operation in made if operation.error is not None]
    ran = {seen.uid for seen in measured.warm_up if seen.kind == VMI and seen.phase == RUNNING}
    if not refused and len(ran) >= len(made):
        return
    waited = format_duration(round(to_seconds(stage.ended_ns - stage.t0_ns)))
    told = f"{len(ran)} of {len(made)} ran in {waited}"
    if refused:
        told += f"; {len(refused)} were not accepted: {refusals(refused)}"
    yield Finding(
        code="not_warm",
        detail=f"warm-up: {told}; what it was to fetch may have been missing",
        touches=phase_figures(measured),
    )


def _relists(measured: Measured) -> Iterator[Finding]:
    stage = measured.stage
    if stage is None:
        return
    end = stage.ended_ns
    late = [
        seen
        for seen in measured.relisted
        if seen.received_ns >= stage.started_ns and (end is None or seen.received_ns <= end)
    ]
    if late:
        kinds = Counter(seen.kind for seen in late)
        told = ", ".join(f"{count} of {kind}" for kind, count in sorted(kinds.items()))
        yield Finding(
            code="relist",
            detail=f"facts learnt from a relist, later than they were true: {told}",
            touches=phase_figures(measured),
        )


def _failures(measured: Measured) -> Iterator[Finding]:
    failed = [operation for operation in measured.creations if operation.error is not None]
    if not failed:
        return
    yield Finding(
        code="failed_operations",
        detail=f"{len(failed)} of {len(measured.creations)} creates were not accepted: "
        f"{refusals(failed)}",
        touches=ALL_FIGURES,
        inconclusive=True,
    )


def _found(measured: Measured) -> Iterator[Finding]:
    """Operations without a good answer that turned out to be done."""
    if not measured.found:
        return
    verbs = Counter(operation.verb for operation in measured.found)
    told = " and ".join(f"{count} {verb}s" for verb, count in sorted(verbs.items()))
    yield Finding(
        code="found_by_name",
        detail=f"{told} whose answer was lost or came from a gateway were found by their names and "
        f"count as done, but not in times of answers: {refusals(measured.found)}",
    )


def _unfinished(measured: Measured) -> Iterator[Finding]:
    stuck = measured.unfinished_vmis()
    missing = measured.missing_vmis()
    if not stuck and not missing:
        return
    phases = Counter(vmi.last_phase or "no phase" for vmi in stuck)
    told = [f"{count} in {phase}" for phase, count in sorted(phases.items())]
    if missing:
        told.append(f"{missing} never seen")
    names = ", ".join(
        f"{vmi.namespace}/{vmi.name} ({vmi.last_phase or 'no phase'})" for vmi in stuck[:NAMED]
    )
    more = f" and {len(stuck) - NAMED} more" if len(stuck) > NAMED else ""
    named = f": {names}{more}" if names else ""
    yield Finding(
        code="unfinished",
        detail=f"{len(stuck) + missing} of {measured.expected_vmis()} VMIs did not reach Running "
        f"in time ({', '.join(told)}){named}",
        touches=UNFINISHED_FIGURES,
        inconclusive=True,
    )


def _withdrawn(measured: Measured) -> Iterator[Finding]:
    """What a replay leaves out of its figures of Running; they are over what is left."""
    count = len(measured.withdrawn)
    if count:
        yield Finding(
            code="withdrawn",
            detail=f"{count} of {len(measured.creations)} arrivals were deleted by the trace "
            "sooner than any VMI of the run came to Running: they are in no figure of Running",
            touches=UNFINISHED_FIGURES,
        )


def _lateness(measured: Measured) -> Iterator[Finding]:
    header = measured.record.header
    if header.environment.virtual_time:
        return
    late = lateness_of(measured.creations, header.scenario.load.arrival.process)
    if late.decisive is None:
        return
    samples = measured.from_creation(lambda vmi: vmi.phases.get(RUNNING), released)
    p50 = quantile("p50", samples.values, unfinished=samples.unfinished)
    bound = bound_of(None if p50.value is None else float(p50.value))
    if late.decisive > bound:
        yield Finding(
            code="lateness",
            detail=f"the generator was late by {late.decisive * 1000:.1f} ms, more than "
            f"{bound * 1000:.1f} ms: it measured itself",
            touches=ALL_FIGURES,
            inconclusive=True,
        )


def _quiet(measured: Measured) -> Iterator[Finding]:
    limit = measured.record.header.scenario.load.settle_limit
    for stage in measured.record.header.stages:
        if stage.ended_ns is not None and stage.quiet_ns is None:
            started = to_seconds(stage.t0_ns)
            yield Finding(
                code="not_quiet",
                detail=f"the cluster was not quiet {limit:g} s after {stage.name} (begun at "
                f"{started:.1f} s): counts of its window have a soft end",
                touches=("rest_calls",),
            )


def _left_behind(measured: Measured) -> Iterator[Finding]:
    left = measured.record.header.left_behind
    if left:
        words = "clean-up could not remove: " + ", ".join(left) + _way_out(measured)
        yield Finding(code="left_behind", detail=words)
