"""What bounded a search, and the bounds in closed form beside the result.

Invariant: a cause is named from what was measured in the trials at the bounds; where that does not
tell, it says so.
"""

from collections.abc import Iterator, Sequence

from virtslo.app.search.assess import ANSWERS, QUEUES
from virtslo.app.search.controller import Bounds
from virtslo.model.kubernetes.client_limits import ClientLimit
from virtslo.model.kubernetes.components import VIRT_CONTROLLER
from virtslo.model.plan.ceiling import usual_calls
from virtslo.model.plan.scenario import Scenario
from virtslo.model.run.environment import Environment
from virtslo.model.whatif.search import Ceiling, Quantity, Trial, TrialOutcome

USED = 0.95
"""The share of a token bucket from which on it bounds."""
SLOWER = 2.0
"""How many times as long answers take under a load that the API server bounds."""
LEAST_GROWTH = 0.05
"""Seconds by which the wait in work queues must grow to be named."""


def bounded_by(
    trials: Sequence[Trial], bounds: Bounds, limit: ClientLimit | None, quantity: Quantity
) -> str:
    """What bounded the load, by the first bad trial, in words.

    In this order, since what comes first makes the others wait: the token bucket, the API server,
    threads.
    """
    bad = _of(trials, bounds.first_bad, TrialOutcome.BAD)
    if bad is None:
        return "nothing that was tried"
    calls = calls_of(trials)
    if quantity is Quantity.RATE and limit is not None and limit.qps > 0 and calls is not None:
        used = bad.load * calls / limit.qps
        if used >= USED:
            return (
                f"virt-controller's token bucket: {calls:.3g} calls a VMI ask for {used:.0%} of "
                f"its {limit.qps:g} requests/s at the first bad load"
            )
    if not bad.waits:
        why = bad.not_counted or "virt-controller's counters were not read"
        return f"not known: what virt-controller waited for was not measured ({why})"
    least = min(trials, key=lambda trial: trial.load)
    answers, before = bad.waits.get(ANSWERS), least.waits.get(ANSWERS)
    if answers is not None and before and answers >= SLOWER * before and least is not bad:
        return (
            f"the API server (its cores and request queue): virt-controller waited {answers:.3g} s "
            f"for answers for each VMI at the first bad load, {before:.3g} s at {least.load:g}"
        )
    return _by_queues(bad, _of(trials, bounds.last_good, TrialOutcome.GOOD))


def _by_queues(bad: Trial, good: Trial | None) -> str:
    queues = bad.waits.get(QUEUES, 0.0)
    before = good.waits.get(QUEUES, 0.0) if good is not None else 0.0
    if queues - before < LEAST_GROWTH:
        return "steps outside virt-controller: no wait that it counts grew"
    return (
        f"virt-controller's threads: keys waited {queues:.3g} s for each VMI in its work queues at "
        f"the first bad load, {before:.3g} s at the last good one"
    )


def calls_of(trials: Sequence[Trial]) -> float | None:
    """Calls for each VMI: the least of all trials, where the window held little else."""
    return min((trial.calls_per_object for trial in trials if trial.calls_per_object), default=None)


def _of(trials: Sequence[Trial], load: float | None, outcome: TrialOutcome) -> Trial | None:
    return next(
        (trial for trial in trials if trial.load == load and trial.outcome is outcome), None
    )


def ceilings_of(
    scenario: Scenario, environment: Environment, trials: Sequence[Trial], quantity: Quantity
) -> Iterator[Ceiling]:
    """The bounds in closed form: virt-controller's token bucket, by measured and by known calls."""
    limit = environment.client_limits.get(VIRT_CONTROLLER)
    if limit is None or limit.qps <= 0 or quantity is not Quantity.RATE:
        return
    calls = calls_of(trials)
    if calls is not None:
        yield Ceiling(
            "virt-controller's token bucket, calls as measured",
            limit.qps / calls,
            f"{limit.qps:g} requests/s / {calls:.3g} calls a VMI",
        )
    known = usual_calls(scenario.workload.kind)
    yield Ceiling(
        "virt-controller's token bucket, calls as in a burst on a real plane",
        limit.qps / known,
        f"{limit.qps:g} requests/s / {known:.3g} calls a VMI",
    )
