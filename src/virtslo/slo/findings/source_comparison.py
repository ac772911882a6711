"""The sources of REST call counts side by side, and whether they agree.

Invariant: nothing is averaged or corrected; each source's own count stands beside the others', and
a source that does not tell callers apart is named so. Sources that must agree and do not are said.
"""

import math
from collections.abc import Iterator, Mapping
from typing import Final

from virtslo.model.kubernetes.components import COUNTED_COMPONENTS
from virtslo.model.report.document import SourceComparison, SourceRow
from virtslo.model.run.findings import Finding
from virtslo.model.run.rest_calls import (
    API_SERVER,
    AUDIT_ALL,
    AUDIT_LOG,
    COMPONENTS,
    PROMETHEUS,
    CallSource,
    ReadStage,
)
from virtslo.model.vocabulary import COUNTED_RESOURCES, COUNTED_VERBS, WATCH
from virtslo.slo.record.call_windows import Window, folded
from virtslo.slo.record.measured import Measured, measured_stage
from virtslo.slo.record.rest_calls import best_window, is_of, reason_of, source_window

TITLES: Final[Mapping[CallSource, str]] = {
    COMPONENTS: "component counters",
    AUDIT_LOG: "audit log",
    PROMETHEUS: "Prometheus",
    AUDIT_ALL: "audit log (all)",
    API_SERVER: "API server (all)",
}
"""The sources in the order shown; the last two count every caller, ours and the kubelets' too."""

AGREEING: Final[tuple[tuple[CallSource, CallSource], ...]] = (
    (COMPONENTS, AUDIT_LOG),
    (AUDIT_ALL, API_SERVER),
)
"""Sources that count the same requests, so that any difference is an error of one."""

CONTAINED: Final[tuple[tuple[CallSource, CallSource], ...]] = (
    (COMPONENTS, API_SERVER),
    (PROMETHEUS, API_SERVER),
)
"""A source of the components' requests, and one of every caller's: where every API server was read
no count of the first can be greater."""

_NAMED: Final[Mapping[CallSource, str]] = {
    COMPONENTS: "the component counters",
    PROMETHEUS: "the series in Prometheus",
}

DONE: Final = frozenset({"200", "201"})
"""Codes of requests that both sources of a contained pair count: a refusal may come from before
the server's metrics, and 202 answers a subresource that another server serves."""

BEFORE_METRICS: Final = frozenset({"401", "403"})
"""Codes of requests that the API server answers before its own metrics count them."""

VerbAndResource = tuple[str, str]
"""(verb, resource)."""


def comparison_of(run: Measured) -> SourceComparison | None:
    """Every source of the measured stage's counts; None where only one or none was read."""
    stage = measured_stage(run.record)
    windows = {
        source: window
        for source in TITLES
        if (window := source_window(run, stage, source)) is not None
    }
    if len(windows) < 2:
        return None
    counts = {source: _counts(window, source) for source, window in windows.items()}
    keys = [
        (verb, resource)
        for verb in COUNTED_VERBS
        for resource in COUNTED_RESOURCES
        if any(counts[source].get((verb, resource)) for source in counts)
    ]
    return SourceComparison(
        run=run.record.host.run_id,
        stage=stage,
        sources=tuple(TITLES[source] for source in windows),
        rows=tuple(
            SourceRow(
                verb,
                resource,
                tuple(
                    _value(windows[source], counts[source], (verb, resource)) for source in windows
                ),
            )
            for verb, resource in keys
        ),
        notes=tuple(_notes(windows)),
    )


def comparison_findings(run: Measured) -> Iterator[Finding]:
    """Sources that must agree on a window and do not."""
    stage = measured_stage(run.record)
    best = best_window(run, stage)
    believed = f"; the figures are those of the {TITLES[best.source]}" if best else ""
    for one, other in AGREEING:
        pair = _whole_pair(run, stage, one, other)
        if pair is None:
            continue
        here, there = _agreeable(pair[0], one), _agreeable(pair[1], other)
        differing = list(_differences(here, there))
        if differing:
            apart = sum(abs(here.get(key, 0) - there.get(key, 0)) for key in {**here, **there})
            sent = max(sum(here.values()), sum(there.values()))
            spoils = apart > _sent_at_edges(sent, *pair)
            yield Finding(
                code="sources_disagree",
                detail=f"{TITLES[one]} and {TITLES[other]} do not agree: "
                + "; ".join(differing[:5])
                + (", more than their edges explain" if spoils else "")
                + believed,
                touches=("rest_calls",),
                inconclusive=spoils,
            )
    for one, other in CONTAINED:
        pair = _whole_pair(run, stage, one, other)
        if pair is not None:
            yield from _surplus(one, *pair, is_best=best is not None and best.source == one)


def _surplus(one: CallSource, first: Window, second: Window, *, is_best: bool) -> Iterator[Finding]:
    """Components that have more requests than the API servers that were read.

    It spoils where the figures are of that source and more than one server was read. The address of
    one server may be that of a load balancer before several, of which one was read.
    """
    part, whole = _done(first), _done(second)
    more = {key: count for key, count in part.items() if count > whole.get(key, 0)}
    surplus = sum(count - whole.get(key, 0) for key, count in more.items())
    if surplus <= _sent_at_edges(sum(part.values()), first, second):
        return
    spoils = is_best and second.processes > 1
    told = [
        f"{' '.join(key)}: {count} of {whole.get(key, 0)}" for key, count in sorted(more.items())
    ]
    why = "" if second.processes > 1 else "; perhaps not every API server was read"
    yield Finding(
        code="sources_disagree",
        detail=f"{_NAMED[one]} have requests that the API server's own do not have: "
        + "; ".join(told[:5])
        + ", more than their edges explain"
        + why
        + ("; the figures are theirs" if is_best else ""),
        touches=("rest_calls",),
        inconclusive=spoils,
    )


def _whole_pair(
    run: Measured, stage: ReadStage, one: CallSource, other: CallSource
) -> tuple[Window, Window] | None:
    """The windows of two sources; None where either was not read whole."""
    first, second = source_window(run, stage, one), source_window(run, stage, other)
    if first is None or second is None or not (first.is_whole and second.is_whole):
        return None
    return first, second


def _differences(
    first: Mapping[tuple[str, ...], int], second: Mapping[tuple[str, ...], int]
) -> Iterator[str]:
    for key in sorted({**first, **second}):
        here, there = first.get(key, 0), second.get(key, 0)
        if here != there:
            yield f"{' '.join(part for part in key if part)}: {here} and {there}"


def _sent_at_edges(sent: int, first: Window, second: Window) -> int:
    """How many of `sent` requests may have been sent while the two windows' reads were made."""
    seconds = max(first.seconds, second.seconds)
    edges = sum(first.edge_seconds) + sum(second.edge_seconds)
    return math.ceil(sent * edges / seconds) if seconds > 0 else 0


def _done(window: Window) -> Mapping[tuple[str, str, str], int]:
    """Requests for counted resources that were carried out, by verb, resource and code."""
    sums: dict[tuple[str, str, str], int] = {}
    for made, count in folded(window.requests).items():
        call = made.call
        if not is_of(made):
            continue
        if call.verb in COUNTED_VERBS and call.target in COUNTED_RESOURCES and call.code in DONE:
            key = (call.verb, call.target, call.code)
            sums[key] = sums.get(key, 0) + count
    return sums


def _agreeable(window: Window, source: CallSource) -> Mapping[tuple[str, ...], int]:
    """A window's counts as far as both of an agreeing pair can have them.

    Watches are left out: the API server counts them when they end, clients when they begin. So are
    paths that are no resource: the API server's metrics know few of them. Of every caller's
    requests, those that were refused as unauthenticated or forbidden are left out as well: the
    audit log has them, the server's metrics begin behind authorization.
    """
    alone = source in {COMPONENTS, AUDIT_LOG}
    rows = folded(window.requests) if alone else window.requests
    sums: dict[tuple[str, ...], int] = {}
    for (component, call), count in rows.items():
        if call.verb.startswith(WATCH) or (alone and component not in COUNTED_COMPONENTS):
            continue
        if call.target.startswith("/") or (not alone and call.code in BEFORE_METRICS):
            continue
        key = (component if alone else "", call.verb, call.target, call.code)
        sums[key] = sums.get(key, 0) + count
    return {key: count for key, count in sums.items() if count}


def _counts(window: Window, source: CallSource) -> Mapping[VerbAndResource, int]:
    """Successful requests by verb and resource: of KubeVirt's components, or of everybody."""
    everybody = source in {AUDIT_ALL, API_SERVER}
    counts: dict[VerbAndResource, int] = {}
    for (component, call), count in folded(window.requests).items():
        if call.is_success and (everybody or component in COUNTED_COMPONENTS):
            key = (call.verb, call.target)
            counts[key] = counts.get(key, 0) + count
    return counts


def _value(
    window: Window, counts: Mapping[VerbAndResource, int], key: VerbAndResource
) -> int | None:
    return counts.get(key, 0) if reason_of(window) is None else None


def _notes(windows: Mapping[CallSource, Window]) -> Iterator[str]:
    for source, window in windows.items():
        reason = reason_of(window)
        if reason is not None:
            yield f"{TITLES[source]}: no data: {reason}"
    prometheus = windows.get(PROMETHEUS)
    if prometheus is not None and reason_of(prometheus) is None:
        before, after = prometheus.edge_seconds
        yield (
            f"Prometheus: scraped {before:.1f} s before the window and {after:.1f} s after it: "
            "what happened in these gaps is in its counts"
        )
