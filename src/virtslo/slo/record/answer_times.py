"""How long the API server takes to answer requests for pods and VMIs, by kind of request.

Invariant: a mean is over all requests of its kind in a stage's window, from received to answered:
with webhooks and waiting. The API server's histogram goes before the audit log, which says the same
of the same requests. Of our own calls only a difference is a figure, since the network is in them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from statistics import fmean, variance
from typing import Final

from virtslo.base.clock import to_seconds
from virtslo.model.kubernetes import resources
from virtslo.model.run.operations import CREATE, DELETE
from virtslo.model.run.record import RunRecord
from virtslo.model.run.rest_calls import (
    ANSWERED,
    API_SERVER,
    AUDIT_ALL,
    AUDIT_LOG,
    ReadStage,
    answer_key,
)
from virtslo.slo.record.call_windows import window_of

READS: Final = "reads"
WRITES: Final = "writes"
WITH_WEBHOOKS: Final = "webhook_writes"
_PODS, _VMIS = resources.PODS.plural, resources.VMIS.plural
_CALLS: Final = {
    READS: (("GET", _PODS), ("GET", _VMIS)),
    WRITES: (
        ("CREATE", f"{_PODS}/binding"),
        ("PATCH", f"{_PODS}/status"),
        ("PATCH", _PODS),
    ),
    WITH_WEBHOOKS: (("CREATE", _VMIS), ("UPDATE", _VMIS), ("PATCH", _VMIS)),
}
"""What is averaged: requests that every VMI makes, real or simulated, about as often."""
KEYS: Final = {answer_key(*call): kind for kind, calls in _CALLS.items() for call in calls}
OWN: Final = "own_webhooks"
"""What our own creates of VMIs take beyond our own deletes, which call no webhook: both come by the
same network and client, so that neither is in the difference."""
OWN_CALLS: Final = "our own calls"
_SOURCES: Final = {API_SERVER: "the API server's histogram", AUDIT_ALL: AUDIT_LOG}
"""Where answer times are read, the better first, and what each is called."""


@dataclass(frozen=True, slots=True)
class AnswerTime:
    """The mean time of requests of one kind."""

    seconds: float
    requests: int
    source: str
    error: float = 0.0
    """The standard error of the mean, as a share of it, where single times are known."""


def answer_times(record: RunRecord, stage: ReadStage) -> Mapping[str, AnswerTime]:
    """By kind of request; a kind without any is not there."""
    for source, name in _SOURCES.items():
        window = window_of(record.rest_calls.reads, stage, source=source)
        if window is not None and window.is_whole:
            found = _means(window.sums, name)
            if found:
                return {**found, **_of_own(record, stage)}
    return _of_own(record, stage)


def _means(sums: Mapping[tuple[str, str], tuple[float, int]], source: str) -> dict[str, AnswerTime]:
    totals: dict[str, tuple[float, int]] = {}
    for (_, key), (seconds, requests) in sums.items():
        kind = KEYS.get(key) if key.startswith(ANSWERED) else None
        if kind is not None:
            before, number = totals.get(kind, (0.0, 0))
            totals[kind] = before + seconds, number + requests
    return {
        kind: AnswerTime(seconds / requests, requests, source)
        for kind, (seconds, requests) in totals.items()
        if requests
    }


def _of_own(record: RunRecord, stage: ReadStage) -> dict[str, AnswerTime]:
    """Of our own creates of VMIs in a stage less our own deletes, from sent to answered."""
    creates, deletes = (_taken(record, stage, verb) for verb in (CREATE, DELETE))
    if min(len(creates), len(deletes)) < 2:
        return {}
    seconds = fmean(creates) - fmean(deletes)
    if seconds <= 0:
        return {}
    error = sqrt(variance(creates) / len(creates) + variance(deletes) / len(deletes)) / seconds
    return {OWN: AnswerTime(seconds, min(len(creates), len(deletes)), OWN_CALLS, error)}


def _taken(record: RunRecord, stage: ReadStage, verb: str) -> list[float]:
    """Seconds of our own calls about VMIs that were answered and not refused."""
    return [
        to_seconds(item.finished_ns - item.sent_ns)
        for item in record.operations
        if item.stage == stage
        and (item.verb, item.kind) == (verb, resources.VMIS.kind)
        and item.error is None
        and item.finished_ns is not None
        and item.sent_ns is not None
    ]
