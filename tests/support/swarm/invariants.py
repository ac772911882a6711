"""What must hold of every run, whatever its scenario, its faults and its end.

Invariant: a check compares the record with the truth of the witness, never with another derivation
from the record; each finding is a sentence that begins with the promise that was broken.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from typing import Final

from support.swarm.play import Played
from support.swarm.truth.figures import untrue_figures
from support.swarm.witness import ORDER, Life
from virtslo.base.clock import to_seconds
from virtslo.model.kubernetes.resources import VMIS
from virtslo.model.plan.workload import TRAITS
from virtslo.model.run.findings import Finding
from virtslo.model.run.observations import ADDED, DELETED, PHASE, Observation
from virtslo.model.run.operations import CREATE
from virtslo.model.run.record import RunStatus
from virtslo.model.stage_names import RAMP_UP

LAG: Final = 3.0
"""Seconds by which a valid run may have learnt of a phase late without saying so."""
ANSWERED: Final = frozenset(
    {"slow-webhook", "dropped-watches", "stalled-watches", "compaction", "leader-change"}
)
"""Faults under which every request is answered, and by no more than its own time late."""
SAYS_LATE: Final = frozenset({"watch_relisted", "watch_resumed", "watch_lag", "watch_lost"})
"""The findings that say that what happened was learnt late."""


def violations(played: Played) -> list[str]:
    """Everything that does not hold; empty for a run that kept every promise."""
    return [words for check in CHECKS for words in check(played)]


def _codes(played: Played) -> frozenset[str]:
    return frozenset(item.finding.code for item in played.report.findings)


def _laws(played: Played) -> Iterator[str]:
    yield from played.broken


def _whole(played: Played) -> Iterator[str]:
    if played.record.damage:
        yield f"record: damaged: {played.record.damage[0]}"
    status = played.record.header.status
    if played.refusal:
        if status is not RunStatus.FAILED:
            yield f"record: {status.value} though the run ended with {played.refusal}"
    elif status not in {RunStatus.COMPLETE, RunStatus.INTERRUPTED}:
        yield f"record: {status.value} though the run came to its end"
    if played.world.interrupted_at is None and status is RunStatus.INTERRUPTED:
        yield "record: interrupted though it was not"


def _valid(played: Played) -> Iterator[str]:
    if played.report.valid and played.record.header.status is not RunStatus.COMPLETE:
        yield f"verdict: valid, though the run is {played.record.header.status.value}"


def _cleaned(played: Played) -> Iterator[str]:
    """Nothing is left; under faults that strike clean-up too, what is left is told."""
    told = played.record.header.left_behind
    if played.left and not told:
        yield f"clean-up: {len(played.left)} objects are left and none was told: {played.left[0]}"
    full = {f"Namespace /{name.split()[1].partition('/')[0]}" for name in played.held}
    left = [name for name in played.left if name not in full and name not in played.held]
    if left and not played.world.faults:
        yield f"clean-up: {left[0]} is left, though there was no fault"


def _by_uid(played: Played) -> dict[str, list[Observation]]:
    found: dict[str, list[Observation]] = defaultdict(list)
    for item in played.record.observations:
        if item.kind == VMIS.kind:
            found[item.uid].append(item)
    return found


def _observed_once(played: Played) -> Iterator[str]:
    """Each phase once and in order, and nothing after the end."""
    for uid, mine in _by_uid(played).items():
        name = mine[0].name
        facts = Counter((item.fact, item.phase) for item in mine if item.fact in (ADDED, DELETED))
        if any(count > 1 for count in facts.values()):
            yield f"once: {name} was added or deleted twice"
        ranks = [ORDER.get(item.phase, -1) for item in mine if item.fact == PHASE]
        if ranks != sorted(ranks):
            yield f"order: phases of {name}: {[i.phase for i in mine if i.fact == PHASE]}"
        times = [item.received_ns for item in mine]
        if times != sorted(times):
            yield f"order: times of {name} go back"
        if mine[-1].fact != DELETED and facts[DELETED, None]:
            yield f"order: {name} was seen after it was deleted"
        if uid not in played.lives:
            yield f"invented: {name} was observed and never existed"


def _nothing_lost(played: Played) -> Iterator[str]:
    """A complete record of a watch that was never listed again has everything that happened."""
    codes = _codes(played)
    if played.record.header.status is not RunStatus.COMPLETE or codes & {
        "watch_relisted", "watch_lost",
    }:  # fmt: skip
        return
    observed = _by_uid(played)
    for uid, life in _machines(played):
        mine = observed.get(uid, [])
        facts = {item.fact for item in mine}
        if ADDED not in facts:
            yield f"lost: VMI {life.name} was never observed"
        elif life.deleted_ns is not None and DELETED not in facts:
            yield f"lost: the deletion of VMI {life.name} was not observed"
        phases = [item.phase for item in mine if item.fact == PHASE]
        true = [phase for phase, _ in life.phases]
        if phases != true:
            yield f"lost: VMI {life.name} was {true} and was observed {phases}"


def _machines(played: Played) -> list[tuple[str, Life]]:
    label = played.record.header.run_label
    return [
        (uid, life)
        for uid, life in played.lives.items()
        if life.kind == VMIS.kind and life.run == label
    ]


def _operations(played: Played) -> Iterator[str]:
    """Creates and objects belong together, one to one; the audit log counts the same."""
    header = played.record.header
    kind = TRAITS[header.scenario.workload.kind].resource.kind
    ours = {
        (life.namespace, life.name): uid
        for uid, life in played.lives.items()
        if life.kind == kind and life.run == header.run_label
    }
    creates = [item for item in played.record.operations if item.verb == CREATE]
    keys = [(item.namespace, item.name) for item in creates]
    if len(set(keys)) != len(keys):
        yield "once: a create was recorded twice"
    for item in creates:
        if item.error is None and item.uid not in played.lives:
            yield f"operations: {item.name} was created as {item.uid}, which never existed"
    if played.record.header.status is RunStatus.COMPLETE and kind != VMIS.kind:
        return
    doubtful = {key for key, item in zip(keys, creates, strict=True) if item.is_in_doubt}
    succeeded = {key for key, item in zip(keys, creates, strict=True) if item.error is None}
    for key in sorted(ours.keys() - succeeded - doubtful):
        if header.status is RunStatus.COMPLETE:
            yield f"operations: {key[1]} exists and no create says so"
    if header.status is RunStatus.COMPLETE and not doubtful and played.creates != len(succeeded):
        yield f"counts: {len(succeeded)} creates recorded, {played.creates} in the audit log"


def _counts(played: Played) -> Iterator[str]:
    """Sources that must agree do, where no fault comes between a request and its answer."""
    if not all(text.partition(":")[0] in ANSWERED for text in played.world.faults):
        return
    for item in played.report.findings:
        if item.finding.code == "sources_disagree" and not _is_one_lease(item.finding):
            yield f"counts: {item.finding.detail}"


def _is_one_lease(finding: Finding) -> bool:
    """Whether sources differ by renewals that were under way when they were read, and no more."""
    told = finding.detail.partition(": ")[2].partition("; the figures")[0]
    return not finding.inconclusive and all(" leases " in part for part in told.split("; "))


def _figures(played: Played) -> Iterator[str]:
    """A valid run learnt of every Running when it was, or says that it did not."""
    if not played.report.valid:
        return
    lags = sorted(_lags(played), reverse=True)
    if lags and lags[0][0] > LAG and not _codes(played) & SAYS_LATE:
        yield f"verdict: valid, though Running of {lags[0][1]} was learnt {lags[0][0]:.1f} s late"
    header = played.record.header
    stages = {item.name: item for item in header.stages}
    wanted = header.scenario.workload.count
    created = [i for i in played.record.operations if i.verb == CREATE and i.stage == RAMP_UP]
    true = [
        life
        for _, life in _machines(played)
        if life.stage is None and any(phase == "Running" for phase, _ in life.phases)
    ]
    if RAMP_UP in stages and created and len(true) < wanted:
        yield f"verdict: valid, though {len(true)} of {wanted} VMIs ever were Running"


def _lags(played: Played) -> Iterator[tuple[float, str]]:
    """How late each Running was learnt, seconds, against the earliest that anything was."""
    truth = {(uid, phase): at for uid, life in _machines(played) for phase, at in life.phases}
    spans = [
        (item.received_ns - truth[item.uid, item.phase], item)
        for item in played.record.observations
        if item.kind == VMIS.kind and item.fact == PHASE and (item.uid, item.phase) in truth
        and item.phase is not None
    ]  # fmt: skip
    if spans:
        least = min(span for span, _ in spans)
        for span, item in spans:
            if item.phase == "Running":
                yield to_seconds(span - least), item.name


CHECKS: Final[tuple[Callable[[Played], Iterator[str]], ...]] = (
    _laws, _whole, _valid, _cleaned, _observed_once, _nothing_lost, _operations, _counts, _figures,
    untrue_figures,
)  # fmt: skip
