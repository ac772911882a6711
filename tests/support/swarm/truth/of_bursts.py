"""The true figures of a burst: rates, latencies and deletions, of VMIs and of their owners.

Invariant: each is worked out from what happened by the text of its definition
(docs/reference/definitions.md), with nothing of virtslo's own computing.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from support.swarm.truth.happened import Happened, Request, answered_moments
from support.swarm.truth.spans import (
    ANYTHING,
    NEVER,
    Claim,
    Load,
    Span,
    earliest,
    exactly,
    latest,
    mean,
    quantiles,
    throughput,
)
from support.swarm.witness import Life
from virtslo.model.kubernetes.resources import VMIS, VMS
from virtslo.model.plan.workload import TRAITS, Kind
from virtslo.model.run.operations import CREATE, DELETE
from virtslo.model.stage_names import RAMP_DOWN

PHASES: Final = ("Pending", "Scheduling", "Scheduled", "Running")
RUNNING: Final = "Running"


def of_burst(truth: Happened) -> Iterator[Claim]:
    """Every figure of a burst's ramp-up and ramp-down."""
    creates = truth.of_stage(truth.measured, CREATE)
    if not creates:
        return
    count = truth.scenario.workload.count
    vmis = list(truth.vmis.items())
    since = min(item.intended for item in creates)
    yield ("creation_rate", "mean"), throughput([_created(truth, creates, since)])
    if truth.kind is not Kind.VMI:
        added = [truth.seen(life.added_ns) for _, life in vmis]
        yield ("controller_made_rate", "mean"), throughput([Load(since, count, added)])
    for phase in PHASES:
        moments = [truth.phase(life, phase) for _, life in vmis]
        came = [moment for moment in moments if moment.low < NEVER]
        yield (f"phase_rate_{phase.lower()}", "mean"), throughput([Load(since, count, came)])
    running = [truth.phase(life, RUNNING) for _, life in vmis]
    first = Span(since, since)
    yield ("time_to_first_running_seconds", "value"), _known(earliest(running).minus(first))
    if len(running) < count:
        yield ("time_to_all_running_seconds", "value"), None
    else:
        yield ("time_to_all_running_seconds", "value"), _known(latest(running).minus(first))
    yield from of_vmis(truth, [life for _, life in vmis], creates)
    yield from _deletions(truth)
    yield from of_success(truth, creates, truth.of_stage(RAMP_DOWN, DELETE))
    if truth.kind in {Kind.VM, Kind.VMPOOL}:
        yield from of_machines(truth, creates, list(truth.of_kind(VMS.kind).items()))
    if truth.kind is Kind.VMPOOL:
        yield from _of_pools(truth, creates, since)


def of_vmis(
    truth: Happened, vmis: Sequence[Life], creates: Sequence[Request], missing: int = 0
) -> Iterator[Claim]:
    """Latencies and steps of the VMIs that a stage brought; `missing` never appeared."""
    lost = [Span(NEVER, NEVER)] * missing
    by_uid = {id(life): uid for uid, life in truth.vmis.items()}
    makers = [_maker(truth, by_uid[id(life)], creates) for life in vmis]
    born = [
        exactly(maker.begun)
        if maker is not None and truth.kind is Kind.VMI
        else truth.seen(life.added_ns)
        for life, maker in zip(vmis, makers, strict=True)
    ]
    for phase in PHASES:
        entered = [truth.phase(life, phase) for life in vmis]
        samples = [end.minus(start) for end, start in zip(entered, born, strict=True)]
        yield from quantiles(f"vmi_creation_to_{phase.lower()}_seconds", [*samples, *lost])
        absent = len(vmis)  # of a list after a lost watch each may have been jumped over
        if truth.is_told_whole:
            absent = sum(not moment.is_sure for moment in entered)
        never = sum(moment.low == NEVER for moment in entered)
        yield (f"not_seen_{phase.lower()}", "count"), Span(never, absent)
    for name, start_of in (
        ("owner_creation_to_running_seconds", _begun),
        ("vmi_intent_to_running_seconds", _intended),
    ):
        if name.startswith("owner") and truth.kind is Kind.VMI:
            continue
        samples = [
            truth.phase(life, RUNNING).minus(exactly(start_of(maker)))
            for life, maker in zip(vmis, makers, strict=True)
            if maker is not None
        ]
        yield from quantiles(name, [*samples, *lost] if creates else [])
    yield from _steps(truth, vmis)
    yield from _means(truth, vmis, born)


def _steps(truth: Happened, vmis: Sequence[Life]) -> Iterator[Claim]:
    for earlier, later in pairwise(PHASES):
        pairs = [(truth.phase(life, earlier), truth.phase(life, later)) for life in vmis]
        samples = [end.minus(start) for start, end in pairs if start.low < NEVER]
        yield from quantiles(f"vmi_{earlier.lower()}_to_{later.lower()}_seconds", samples)


def _means(truth: Happened, vmis: Sequence[Life], born: Sequence[Span]) -> Iterator[Claim]:
    """Where the time goes, phase by phase, of the VMIs that ran."""
    moments = [
        (start, *(truth.phase(life, phase) for phase in PHASES))
        for life, start in zip(vmis, born, strict=True)
        if truth.phase(life, RUNNING).low < NEVER
    ]
    names = ("mean_seconds_to_pending", *(f"mean_seconds_in_{p.lower()}" for p in PHASES[:-1]))
    for place, name in enumerate(names):
        is_clear = truth.is_told_whole and all(item[place + 1].is_sure for item in moments)
        found = mean(item[place + 1].minus(item[place]) for item in moments)
        yield (name, "mean"), found if is_clear else ANYTHING


def of_success(
    truth: Happened, creates: Sequence[Request], deletes: Sequence[Request]
) -> Iterator[Claim]:
    """What was done of what was asked for."""
    failed = sum(item.life is None for item in creates)
    yield ("failed_creates", "count"), exactly(failed)
    for name, sent in (("create_success_ratio", creates), ("delete_success_ratio", deletes)):
        if not sent:
            yield (name, "value"), None
            continue
        good = sum(_is_done(truth, item) for item in sent)
        open_ones = sum(not _is_done(truth, item) and _is_open(truth, item) for item in sent)
        yield (name, "value"), Span(good / len(sent), (good + open_ones) / len(sent))


def _is_done(truth: Happened, item: Request) -> bool:
    """Whether a request was carried out, or its object was gone already."""
    if item.life is not None or item.answered is not None:
        return True
    is_delete = item.operation.verb == DELETE
    return is_delete and item.operation.code == 404


def _is_open(truth: Happened, item: Request) -> bool:
    """Whether a delete without an answer may count as accepted: its object was ending already."""
    operation = item.operation
    return operation.verb == DELETE and any(
        (life.kind, life.namespace, life.name)
        == (operation.kind, operation.namespace, operation.name)
        and life.deleting_ns is not None
        and truth.seconds(life.deleting_ns) <= item.begun
        for life in truth.lives.values()
    )


def of_machines(
    truth: Happened, creates: Sequence[Request], machines: Sequence[tuple[str, Life]]
) -> Iterator[Claim]:
    """From a VM's create to its VMI and to ready."""
    first = {uid: next(iter(truth.owned(uid)), (None, None))[1] for uid, _ in machines}
    uids = {id(life): uid for uid, life in machines}
    if truth.kind is Kind.VM and creates:
        took = [
            exactly(item.answered - item.begun) for item in creates if item.answered is not None
        ]
        yield from quantiles("vm_creation_to_accepted_seconds", took)
        done = [(item, item.life) for item in creates if item.life is not None]
        vmis = [first.get(uids.get(id(life), "")) for _, life in done]
        yield from quantiles(
            "vm_creation_to_vmi_created_seconds",
            [
                _added(truth, vmi).minus(exactly(item.begun))
                for (item, _), vmi in zip(done, vmis, strict=True)
            ],
        )
        yield from quantiles(
            "vm_creation_to_ready_seconds",
            [truth.seen(life.ready_ns, truth.measured).minus(exactly(item.begun))
             for item, life in done],
        )  # fmt: skip
    added = [_added(truth, first[uid]).minus(truth.seen(life.added_ns)) for uid, life in machines]
    yield from quantiles("vm_added_to_vmi_created_seconds", added)
    ready = [
        truth.seen(life.ready_ns, truth.measured).minus(truth.phase(vmi, RUNNING))
        for uid, life in machines
        if (vmi := first[uid]) is not None and truth.phase(vmi, RUNNING).is_sure
    ]
    yield from quantiles("vmi_running_to_vm_ready_seconds", ready)


def _of_pools(truth: Happened, creates: Sequence[Request], since: float) -> Iterator[Claim]:
    added = [truth.seen(life.added_ns) for life in truth.of_kind(VMS.kind).values()]
    begun = min(item.begun for item in creates)
    yield (
        ("pool_time_to_first_vm_seconds", "value"),
        _known(earliest(added).minus(exactly(begun))),
    )
    if len(creates) > 1:
        load = Load(since, len(creates), answered_moments(creates))
        yield ("pool_creation_rate", "mean"), throughput([load])


def _created(truth: Happened, creates: Sequence[Request], since: float) -> Load:
    if not TRAITS[truth.kind].is_group:
        return Load(since, len(creates), answered_moments(creates))
    kind = VMS.kind if truth.kind is Kind.VMPOOL else VMIS.kind
    added = [truth.seen(life.added_ns) for life in truth.of_kind(kind).values()]
    return Load(since, truth.scenario.workload.count, added)


def _deletions(truth: Happened) -> Iterator[Claim]:
    """From the delete that was carried out, the VMI's or its owner's, to the VMI being gone."""
    carried = {
        id(item.life): item for item in truth.of_stage(RAMP_DOWN, DELETE) if item.life is not None
    }
    samples = []
    for uid, life in truth.vmis.items():
        item = carried.get(id(life)) or carried.get(id(truth.lives[truth.root(uid)]))
        if item is not None:
            samples.append(truth.gone(life).minus(exactly(item.begun)))
    yield from quantiles("vmi_deletion_to_gone_seconds", samples)


def _maker(truth: Happened, uid: str, creates: Sequence[Request]) -> Request | None:
    """The create that led to a VMI: its own, or its owner's."""
    lives = {id(truth.lives[uid]), id(truth.lives[truth.root(uid)])}
    return next((item for item in creates if id(item.life) in lives), None)


def _added(truth: Happened, life: Life | None) -> Span:
    return truth.seen(None if life is None else life.added_ns)


def _begun(item: Request) -> float:
    return item.begun


def _intended(item: Request) -> float:
    return item.intended


def _known(span: Span) -> Span | None:
    return None if span.low == NEVER else span
