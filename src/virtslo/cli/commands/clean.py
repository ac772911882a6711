"""`virtslo clean`: everything labelled by a run, on a context."""

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from virtslo.base.errors import ClusterError, Problem, ScenarioError
from virtslo.cli.options import target_options
from virtslo.cli.printing import say

if TYPE_CHECKING:
    from virtslo.cli.wiring import RealTarget


@click.command("clean")
@click.option(
    "--run", "run_label", metavar="ID", help="Remove only the objects of this run (its run label)."
)
@click.option(
    "--all", "everything", is_flag=True, help="Remove the objects of every run of virtslo."
)
@target_options
@click.option("--yes", is_flag=True, help="Remove without asking.")
def command(
    run_label: str | None,
    everything: bool,
    kubeconfig: str | None,
    context: str | None,
    in_cluster: bool,
    yes: bool,
) -> int:
    """Remove objects that runs left: only objects and namespaces with a run's label."""
    from virtslo.cli.wiring import RealTarget, describe_target

    if bool(run_label) == everything:
        problem = Problem("--run, --all", "both or neither", "one of them", "--run ID or --all")
        raise ScenarioError("command line", [problem])
    if yes and not (context or in_cluster or kubeconfig):
        problem = Problem(
            "--yes",
            "a target that is not named",
            "--context NAME, --kubeconfig PATH or --in-cluster beside --yes",
            "without --yes the current context is shown, and you are asked",
        )
        raise ScenarioError("command line", [problem])
    target = RealTarget(Path(kubeconfig) if kubeconfig else None, context, in_cluster)
    say(f"target: {describe_target(target)}", err=True)
    return asyncio.run(_clean(target, run_label, is_agreed=yes))


async def _clean(target: "RealTarget", run_label: str | None, *, is_agreed: bool) -> int:
    from virtslo.app.cluster.clean_up import clean_up, find_leftovers
    from virtslo.base.clock import SystemClock
    from virtslo.cli.wiring import open_cluster

    clock = SystemClock()
    async with open_cluster(target, clock) as api:
        leftovers = await find_leftovers(api, run_label)
        if leftovers.is_empty:
            say("nothing to remove")
            return 0
        for line in leftovers.describe():
            say(line, err=True)
        if not is_agreed:
            if not sys.stdin.isatty():
                problem = Problem("--yes", "no terminal to ask on", "--yes", "add --yes")
                raise ScenarioError("command line", [problem])
            click.confirm("remove all of it?", abort=True, err=True)
        left = await clean_up(api, clock, run_label=run_label, limit=600.0, tell=say)
    if left:
        raise ClusterError("could not remove: " + ", ".join(left), hint="try again later")
    say("removed")
    return 0
