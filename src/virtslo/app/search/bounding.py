"""What bounded a search, and the bounds in closed form beside the result.

Invariant: a cause is named from what was measured in the trials at the bounds; where that does not
tell, it says so.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from virtslo.app.search.assess import ANSWERS, QUEUES
from virtslo.app.search.controller import Bounds
from virtslo.model.kubernetes.client_limits import ClientLimit
from virtslo.model.kubernetes.components import VIRT_CONTROLLER
from virtslo.model.plan.ceiling import usual_calls
from virtslo.model.plan.scenario import Scenario
from virtslo.model.run.environment import Environment
from virtslo.model.simulated.profile import MigrationLimits
from virtslo.model.whatif.search import Ceiling, Quantity, Trial, TrialOutcome

USED = 0.95
"""The share of a token bucket from which on it bounds."""
SLOWER = 2.0
"""How many times as long answers take under a load that the API server bounds."""
LEAST_GROWTH = 0.05
"""Seconds by which the wait in work queues must grow to be named."""


@dataclass(frozen=True, slots=True)
class Slots:
    """How many migrations there may be at once, and why."""

    count: int
    text: str


def slots_of(limits: MigrationLimits, nodes: int) -> Slots:
    """The migrations that may be at once: by the limit of the cluster, and of all nodes."""
    outbound = limits.parallel_outbound_per_node * nodes
    if outbound < limits.parallel_per_cluster:
        each = limits.parallel_outbound_per_node
        return Slots(outbound, f"{nodes} nodes of {each} outbound migrations")
    return Slots(limits.parallel_per_cluster, "parallelMigrationsPerCluster")


def bounded_by(
    trials: Sequence[Trial],
    bounds: Bounds,
    limit: ClientLimit | None,
    quantity: Quantity,
    *,
    noun: str = "VMI",
    slots: Slots | None = None,
) -> str:
    """What bounded the load, by the first bad trial, in words.

    In this order, since what comes first makes the others wait: the token bucket, the migrations
    that may be at once, the API server, threads.
    """
    bad = _of(trials, bounds.first_bad, TrialOutcome.BAD)
    if bad is None:
        return "nothing that was tried"
    calls, is_rate = calls_of(trials, bounds), quantity is Quantity.RATE
    if is_rate and limit is not None and limit.qps > 0 and calls is not None:
        used = bad.load * calls / limit.qps
        if used >= USED:
            return (
                f"virt-controller's token bucket: {calls:.3g} calls a {noun} ask for {used:.0%} of "
                f"its {limit.qps:g} requests/s at the first bad load"
            )
    seconds = seconds_of(trials)
    if slots is not None and seconds is not None and bad.load * seconds >= USED * slots.count:
        return (
            f"the {slots.count} migrations that may be at once ({slots.text}): of {seconds:.3g} s "
            f"each, {bad.load * seconds:.3g} would be under way at the first bad load"
        )
    if not bad.waits:
        why = bad.not_counted or "virt-controller's counters were not read"
        return f"not known: what virt-controller waited for was not measured ({why})"
    least = min(trials, key=lambda trial: trial.load)
    answers, before = bad.waits.get(ANSWERS), least.waits.get(ANSWERS)
    if answers is not None and before and answers >= SLOWER * before and least is not bad:
        return (
            f"the API server (its cores and request queue): virt-controller waited {answers:.3g} s "
            f"for answers for each {noun} at the first bad load, {before:.3g} s at {least.load:g}"
        )
    return _by_queues(bad, _of(trials, bounds.last_good, TrialOutcome.GOOD), noun)


def _by_queues(bad: Trial, good: Trial | None, noun: str) -> str:
    queues = bad.waits.get(QUEUES, 0.0)
    before = good.waits.get(QUEUES, 0.0) if good is not None else 0.0
    if queues - before < LEAST_GROWTH:
        return "steps outside virt-controller: no wait that it counts grew"
    beside = "" if good is None else f", {before:.3g} s at the last good one"
    return (
        f"virt-controller's threads: keys waited {queues:.3g} s for each {noun} in its work queues "
        f"at the first bad load{beside}"
    )


def calls_of(trials: Sequence[Trial], bounds: Bounds) -> float | None:
    """Calls for each object at the last good load, or else at the first bad one.

    Under more than what is absorbed what happens to an object is written together, in fewer calls,
    and under little load more of what follows Running is counted: neither is what bounds it.
    """
    for load in (bounds.last_good, bounds.first_bad):
        calls = [trial.calls_per_object for trial in trials if trial.load == load]
        known = [each for each in calls if each is not None]
        if known:
            return min(known)
    return None


def seconds_of(trials: Sequence[Trial]) -> float | None:
    """How long one takes where none waits for another: the least mean of all trials."""
    means = [trial.mean_seconds for trial in trials if trial.mean_seconds]
    return min(means, default=None)


def _of(trials: Sequence[Trial], load: float | None, outcome: TrialOutcome) -> Trial | None:
    return next(
        (trial for trial in trials if trial.load == load and trial.outcome is outcome), None
    )


def ceilings_of(
    scenario: Scenario,
    environment: Environment,
    trials: Sequence[Trial],
    bounds: Bounds,
    quantity: Quantity,
    *,
    noun: str = "VMI",
    slots: Slots | None = None,
) -> Iterator[Ceiling]:
    """The bounds in closed form: virt-controller's token bucket by measured and by known calls, and
    the migrations that may be at once."""
    if quantity is not Quantity.RATE:
        return
    limit, seconds = environment.client_limits.get(VIRT_CONTROLLER), seconds_of(trials)
    if slots is not None and seconds is not None:
        yield Ceiling(
            "migrations that may be at once, each as long as measured",
            slots.count / seconds,
            f"{slots.count} ({slots.text}) / {seconds:.3g} s a {noun}",
        )
    if limit is None or limit.qps <= 0:
        return
    calls = calls_of(trials, bounds)
    if calls is not None:
        yield Ceiling(
            "virt-controller's token bucket, calls as measured",
            limit.qps / calls,
            f"{limit.qps:g} requests/s / {calls:.3g} calls a {noun}",
        )
    if scenario.load.actions:
        return
    known = usual_calls(scenario.workload.kind)
    yield Ceiling(
        "virt-controller's token bucket, calls as in a burst on a real plane",
        limit.qps / known,
        f"{limit.qps:g} requests/s / {known:.3g} calls a {noun}",
    )
