"""The true pace of an open-loop load: what was offered, accepted and came to Running.

Invariant: rates are over the second half of the load; a moment at either end of it is half in.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from support.swarm.truth.happened import Happened, Request
from support.swarm.truth.spans import ANYTHING, NEVER, Claim, Span, earliest, exactly, quantile
from virtslo.model.plan.scenario import ArrivalProcess, Pattern
from virtslo.model.plan.workload import TRAITS, Kind
from virtslo.model.run.operations import CREATE

ENOUGH: Final = 19.5
"""Objects that the second half must offer before anything is said of the system's pace."""


def of_loads(truth: Happened) -> Iterator[Claim]:
    """The figures of a load that sets its own pace; none of any other."""
    load, creates = truth.scenario.load, truth.of_stage(truth.measured, CREATE)
    is_open = load.pattern is Pattern.CONSTANT_CHURN
    if not load.pattern.has_churn:
        is_open = load.arrival.process is not ArrivalProcess.BURST
    if not is_open or TRAITS[truth.kind].is_group or not creates:
        return
    start = min(item.intended for item in creates)
    end = max(item.intended for item in creates)
    names = ("offered_rate", "accepted_rate", "running_rate", "backlog_slope")
    if end <= start:
        yield from (((name, "mean"), None) for name in names)
        return
    half = (start + end) / 2
    offered, accepted, running = (
        _rate(moments, half, end)
        for moments in (
            [exactly(item.intended) for item in creates],
            [exactly(NEVER if item.answered is None else item.answered) for item in creates],
            [_running(truth, item) for item in creates],
        )
    )
    yield ("offered_rate", "mean"), offered
    yield ("accepted_rate", "mean"), accepted
    if offered.low * (end - half) < ENOUGH:
        yield from (((name, "mean"), None) for name in names[2:])
        yield ("kept_up", "value"), None
        return
    early = start + (end - start) / 4
    latency = quantile(
        [
            _running(truth, item).minus(exactly(item.intended))
            for item in creates
            if item.intended <= early
        ],
        0.9,
    )
    if latency is not None and latency.low > end - half:
        yield from (((name, "mean"), None) for name in names[2:])
        yield ("kept_up", "value"), None
        return
    if latency is None or latency.high > end - half:
        running = ANYTHING
    yield ("running_rate", "mean"), running
    slope = Span(offered.low - running.high, offered.high - running.low)
    yield ("backlog_slope", "mean"), slope
    is_sure = slope.high <= 0.1 * offered.low
    yield ("kept_up", "value"), exactly(1) if is_sure else Span(0, 1)


def _running(truth: Happened, item: Request) -> Span:
    """When the VMI of a create may have been seen Running first."""
    if item.life is None:
        return Span(NEVER, NEVER)
    lives = [item.life]
    if truth.kind is not Kind.VMI:
        uid = next(uid for uid, life in truth.lives.items() if life is item.life)
        lives = [life for _, life in truth.owned(uid)]
    return earliest([truth.phase(life, "Running") for life in lives])


def _rate(moments: Sequence[Span], half: float, end: float) -> Span:
    """How many moments lie in the second half, by the second: surely, and at most."""
    least = most = 0.0
    for moment in moments:
        shares = [_share(at, half, end) for at in moment]
        inside = moment.low <= end and moment.high >= half
        crosses = moment.low < half or moment.high > end
        least += min(shares)
        most += 1.0 if inside and crosses and moment.low != moment.high else max(shares)
    return Span(least / (end - half), most / (end - half))


def _share(at: float, half: float, end: float) -> float:
    if not half - 1e-9 < at < end + 1e-9:
        return 0.0
    return 0.5 if min(abs(at - half), abs(at - end)) < 1e-9 else 1.0
