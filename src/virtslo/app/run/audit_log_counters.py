"""Audit-log counts, cut at our own reads of the components' counters.

Invariant: a component's requests are those that its processes can have counted when virtslo read
them, as our own reads in the log show; a process that is gone counts whole.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from virtslo.app.cluster.component_pods import ComponentPod
from virtslo.model.kubernetes.calls import Counted, RestCall
from virtslo.model.kubernetes.components import COUNTED_COMPONENTS
from virtslo.model.run.rest_calls import (
    AUDIT_ALL,
    AUDIT_LOG,
    CounterRead,
    Moment,
    ReadStage,
    counters_of,
)
from virtslo.model.vocabulary import EVERY_POD
from virtslo.observe.audit_log import AuditLogTally


def audit_log_reads(
    tally: AuditLogTally,
    pods: Sequence[ComponentPod],
    *,
    stage: ReadStage,
    moment: Moment,
    span_ns: tuple[int, int],
) -> list[CounterRead]:
    """One read a component at its own reads, and one a caller at that of the API server.

    The log tells the counted components by their users, whether or not their pods were found.
    """
    by_component = {
        component: _of_component(tally, component, names)
        for component, names in _names(pods).items()
    }
    cut = tally.at_server_read()
    everyone: dict[str, Counter[RestCall]] = {}
    for caller, rows in (tally.counts() if cut is None else cut).items():
        everyone.setdefault(caller.component, Counter()).update(rows)
    times = tally.times()
    return [
        CounterRead(
            stage=stage,
            moment=moment,
            component=component,
            pod=EVERY_POD,
            started_ns=span_ns[0],
            ended_ns=span_ns[1],
            counters=counters_of(rows),
            sums=times.get(component, {}) if source == AUDIT_ALL else {},
            source=source,
        )
        for source, counts in ((AUDIT_LOG, by_component), (AUDIT_ALL, everyone))
        for component, rows in sorted(counts.items())
    ]


def _names(pods: Iterable[ComponentPod]) -> Mapping[str, list[str]]:
    names: dict[str, list[str]] = {component: [] for component in COUNTED_COMPONENTS}
    for pod in pods:
        names.setdefault(pod.component, []).append(pod.name)
    return names


def _of_component(tally: AuditLogTally, component: str, pods: Sequence[str]) -> Counter[RestCall]:
    """A component's requests when it was read: pod by pod where the log names pods."""
    all_of_it = {
        caller: rows for caller, rows in tally.counts().items() if caller.component == component
    }
    if not tally.names_pods(component):
        cuts = [cut for pod in pods if (cut := tally.at_read(pod)) is not None]
        # The pods were read one after another: the last read saw the most.
        last = max(cuts, key=lambda cut: sum(cut.values()), default=None)
        return Counter(last) if last is not None else _total(all_of_it.values())
    found: Counter[RestCall] = Counter()
    for pod in pods:
        cut = tally.at_read(pod)
        own = [rows for caller, rows in all_of_it.items() if caller.pod == pod]
        found.update(_total(own) if cut is None else cut)
    found.update(_total(rows for caller, rows in all_of_it.items() if caller.pod not in pods))
    return found


def _total(parts: Iterable[Counted]) -> Counter[RestCall]:
    total: Counter[RestCall] = Counter()
    for rows in parts:
        total.update(rows)
    return total
