"""Preflight before a run: every finding on standard error, then one question.

Invariant: nothing on the cluster is changed, and no run begins before the question is answered.
"""

from typing import TYPE_CHECKING

from virtslo.cli.printing import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from virtslo.app.preflight.examine import Examination
    from virtslo.cli.wiring import RealTarget
    from virtslo.model.plan.scenario import Scenario

MARKS = {"ok": "ok", "warning": "WARNING", "failed": "FAILED", "unknown": "unknown"}


def look_at(scenario: "Scenario", target: "RealTarget") -> "Examination":
    """Examine a cluster for a scenario and print every finding on standard error."""
    import asyncio

    from virtslo.app.preflight.examine import examine
    from virtslo.base.clock import SystemClock
    from virtslo.cli.wiring import describe_target, open_cluster

    say(f"target: {describe_target(target)}", err=True)

    async def main() -> "Examination":
        clock = SystemClock()
        async with open_cluster(target, clock) as api:
            return await examine(api, clock, scenario)

    examination = asyncio.run(main())
    for check in examination.checks:
        say(f"  {MARKS[check.outcome.value]:<8} {check.name}: {check.found}", err=True)
        if check.advice:
            say(f"           do: {check.advice}", err=True)
    return examination


def look_and_ask(
    scenarios: "Sequence[Scenario]", target: "RealTarget", *, is_agreed: bool, runs: int = 1
) -> None:
    """Examine the cluster for each of these, then ask once, about the largest.

    Raises ClusterError where a run would not work.
    """
    from virtslo.base.errors import ClusterError
    from virtslo.cli.targets import ask, require_agreement
    from virtslo.cli.wiring import describe_target

    describe_target(target)  # what is wrong with the target is said before what else is missing
    require_agreement(is_agreed=is_agreed)
    examinations = [(scenario, look_at(scenario, target)) for scenario in scenarios]
    if not all(examination.is_possible for _, examination in examinations):
        raise ClusterError(
            "this run would not work on that cluster: see FAILED above; nothing was touched",
            hint="virtslo preflight looks again, and changes nothing",
        )
    if runs > 1:
        say(f"{runs} runs, one after another; the largest:", err=True)
    largest, examination = max(examinations, key=lambda pair: pair[0].workload.count)
    ask(largest, examination.environment, is_agreed=is_agreed)
