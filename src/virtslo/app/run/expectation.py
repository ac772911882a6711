"""What a run is expected to take, before it is run: time and calls, for a dry run.

Invariant: pure; the same plan and profile give the same expectation. It adds up the steps' own
durations, drawn from a profile, and virt-controller's usual calls through its client limit; waiting
for an API server is not in it, and where a profile shares cores nothing is expected.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Final

from virtslo.app.run.call_counters import idle_seconds
from virtslo.base.clock import to_seconds
from virtslo.base.units import format_duration
from virtslo.hollow.process.delays import (
    BOOT,
    DOMAIN_DEFINE,
    POD_CREATE,
    POD_START,
    POD_STOP,
    SCHEDULE,
    SHUTDOWN,
    draw,
)
from virtslo.load.churn import churn_seconds
from virtslo.load.plan import Plan
from virtslo.model.kubernetes.client_limits import ClientLimit
from virtslo.model.kubernetes.components import VIRT_CONTROLLER
from virtslo.model.plan.actions import Action
from virtslo.model.plan.ceiling import usual_calls_of
from virtslo.model.plan.scenario import Scenario
from virtslo.model.simulated.profile import ZERO, Profile, Step

START: Final = (SCHEDULE, POD_CREATE, POD_START, DOMAIN_DEFINE, BOOT)
STOP: Final = (SHUTDOWN, POD_STOP)
MOST_DRAWS: Final = 4000
"""Objects that are drawn, in all: for fewer objects several times over, for more a part of them."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """Of one run."""

    all_running: float
    """Seconds from the first intended create to the last VMI Running."""
    whole_run: float
    """Seconds from the first request to the end of clean-up."""
    requests: int
    """Creates, deletes and patches of our own."""
    controller_calls: int
    """virt-controller's for one burst of the objects, as counted on a real control plane."""


def expect(plan: Plan, scenario: Scenario, profile: Profile) -> Expectation | None:
    """What to expect on nodes as the profile has them; None where its cores are shared."""
    if profile.server.cores or profile.node_work or profile.pod_work:
        return None
    count = scenario.workload.count
    rng = Random(f"{profile.name}:{count}")
    last = to_seconds(plan.offsets_ns[-1]) if plan.offsets_ns else 0.0
    calls_end = max(last, plan.usual_seconds)
    running = _mean(_last(count, profile, START, rng, spread=calls_end))
    gone = _mean(_last(count, profile, STOP, rng, spread=plan.usual_seconds))
    one = _mean(_last(1, profile, (*START, *STOP), rng, spread=0.0))
    settle = scenario.load.settle
    warm_up = one + settle if plan.warm_up else 0.0
    churn = churn_seconds(scenario) + settle if plan.cycles else scenario.load.hold
    return Expectation(
        all_running=running,
        whole_run=idle_seconds(scenario, plan)
        + warm_up
        + running
        + churn
        + _actions(scenario, running, gone)
        + gone
        + 2 * settle,
        requests=2 * len(plan.objects)
        + 2 * len(plan.warm_up)
        + sum(len(cycle.operations) for cycle in plan.cycles)
        + sum(len(step.operations) for step in plan.steps),
        controller_calls=round(usual_calls_of(scenario)),
    )


def _actions(scenario: Scenario, running: float, gone: float) -> float:
    """Seconds of the steps: what starts or stops takes as long as at first, the rest no time."""
    seconds = 0.0
    for step in scenario.load.actions:
        seconds += step.delay
        seconds += running if step.action in {Action.START, Action.RESTART} else 0.0
        seconds += gone if step.action in {Action.STOP, Action.RESTART} else 0.0
    return seconds + (scenario.load.settle if scenario.load.actions else 0.0)


def limit_of(profile: Profile) -> ClientLimit | None:
    """virt-controller's client limit on a simulated cluster; None: KubeVirt's default."""
    found = profile.limits.get(VIRT_CONTROLLER)
    return None if found is None else ClientLimit(found.qps, found.burst, "simulated KubeVirt CR")


def expectation_lines(
    found: Expectation | None, plan: Plan, profile: str, *, is_real: bool
) -> list[str]:
    """The expectation in words, for a dry run."""
    if found is None:
        return [f"expected: no estimate: profile {profile} shares cores, and only a run can tell"]
    alone = ""
    if round(plan.least_seconds, 1) > 0:
        alone = f"; the client limit alone would allow {format_duration(plan.least_seconds)}"
    where = f" if nodes take as long as in profile {profile}" if is_real else ""
    return [
        f"expected: all Running after {_about(found.all_running)}{where}{alone}",
        (
            f"expected: {_about(found.whole_run)} in all, {found.requests} creates, deletes "
            f"and patches; ramp-up: about {found.controller_calls} calls of virt-controller"
        ),
    ]


def _last(
    count: int, profile: Profile, steps: tuple[Step, ...], rng: Random, *, spread: float
) -> Iterator[float]:
    """When the last of `count` objects is through these steps, drawn several times: they enter one
    after another over `spread` seconds."""
    drawn = min(count, MOST_DRAWS)
    for _ in range(max(1, min(50, MOST_DRAWS // drawn))):
        yield max(
            spread * (index + 1) / drawn
            + sum(draw(profile.delays.get(step, ZERO), rng) for step in steps)
            for index in range(drawn)
        )


def _mean(values: Iterator[float]) -> float:
    found = list(values)
    return sum(found) / len(found)


def _about(seconds: float) -> str:
    """A duration with two digits: it is an estimate."""
    if seconds < 1:
        return "less than 1s"
    if seconds >= 100:
        return f"about {format_duration(10 * round(seconds / 10))}"
    return f"about {format_duration(float(f'{seconds:.2g}'))}"
