"""`virtslo preflight`: what a run needs, looked at before it touches anything."""

from typing import TYPE_CHECKING, Any

import click

from virtslo.cli.options import scenario_options, target_options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from virtslo.app.preflight.examine import Examination
    from virtslo.cli.wiring import RealTarget
    from virtslo.model.scenario import Scenario

COULD_NOT_RUN = 3
MARKS = {"ok": "ok", "warning": "WARNING", "failed": "FAILED", "unknown": "unknown"}


@click.command("preflight")
@click.argument("what", metavar="burst|FILE", default="burst")
@scenario_options
@target_options
def command(what: str, **options: Any) -> int:
    """Look at everything a run needs, and change nothing.

    Permissions for exactly what the scenario does, KubeVirt and its health, room on the nodes,
    quotas, the template by a dry run on the server, counters, leftovers, client limits. WHAT and
    its options are those of virtslo run. Exit code 3: the run would not work.

    \b
    virtslo preflight --context my-cluster
    virtslo preflight burst --kind vm --count 1000 --context my-cluster
    """
    from virtslo.base.errors import Problem, ScenarioError
    from virtslo.cli.scenarios import read_scenario
    from virtslo.cli.targets import real_target

    nothing_simulated = {"profile": None, "faults": (), "nodes": None, "yes": False}
    target = real_target({**options, **nothing_simulated})
    if target is None:
        problem = Problem(
            "--context, --kubeconfig, --in-cluster", "none of them", "a cluster to look at"
        )
        raise ScenarioError("command line", [problem])
    examination = look_at(read_scenario(what, options), target)
    return 0 if examination.is_possible else COULD_NOT_RUN


def look_at(scenario: "Scenario", target: "RealTarget") -> "Examination":
    """Examine a cluster for a scenario and print every finding on standard error."""
    import asyncio

    from virtslo.app.preflight.examine import examine
    from virtslo.base.clock import SystemClock
    from virtslo.cli.wiring import describe_target, open_cluster

    click.echo(f"target: {describe_target(target)}", err=True)

    async def main() -> "Examination":
        clock = SystemClock()
        async with open_cluster(target, clock) as api:
            return await examine(api, clock, scenario)

    examination = asyncio.run(main())
    for check in examination.checks:
        click.echo(f"  {MARKS[check.outcome.value]:<8} {check.name}: {check.found}", err=True)
        if check.advice:
            click.echo(f"           do: {check.advice}", err=True)
    return examination


def look_and_ask(
    scenarios: "Sequence[Scenario]", target: "RealTarget", *, is_agreed: bool, runs: int = 1
) -> None:
    """Examine the cluster for each of these, then ask once, about the largest.

    Raises ClusterError where a run would not work.
    """
    from virtslo.base.errors import ClusterError
    from virtslo.cli.targets import ask, require_agreement

    require_agreement(is_agreed=is_agreed)
    examinations = [(scenario, look_at(scenario, target)) for scenario in scenarios]
    if not all(examination.is_possible for _, examination in examinations):
        raise ClusterError(
            "this run would not work on that cluster: see FAILED above; nothing was touched",
            hint="virtslo preflight looks again, and changes nothing",
        )
    if runs > 1:
        click.echo(f"{runs} runs, one after another; the largest:", err=True)
    largest, examination = max(examinations, key=lambda pair: pair[0].workload.count)
    ask(largest, examination.environment, is_agreed=is_agreed)
