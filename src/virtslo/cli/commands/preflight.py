"""`virtslo preflight`: what a run needs, looked at before it touches anything."""

from typing import Any

import click

from virtslo.cli.options import TargetOptions, scenario_options, target_options

COULD_NOT_RUN = 3


@click.command("preflight")
@click.argument("what", metavar="burst|FILE", default="burst")
@scenario_options
@target_options
def command(what: str, **options: Any) -> int:
    """Check the cluster prerequisites of a run without changing anything.

    Checks permissions for the scenario's requests, KubeVirt and its health, node capacity, quotas,
    the template (server-side dry run), counters, leftovers and client limits. WHAT and its options
    are those of virtslo run. Exit code 3: the run would fail.

    \b
    virtslo preflight --context my-cluster
    virtslo preflight burst --kind vm --count 1000 --context my-cluster
    """
    from virtslo.base.errors import Problem, ScenarioError
    from virtslo.cli.preflight_dialog import look_at
    from virtslo.cli.scenarios import read_scenario
    from virtslo.cli.targets import real_target

    target = real_target(TargetOptions.of_real(options))
    if target is None:
        problem = Problem(
            "--context, --kubeconfig, --in-cluster", "none of them", "a cluster to look at"
        )
        raise ScenarioError("command line", [problem])
    examination = look_at(read_scenario(what, options), target)
    return 0 if examination.is_possible else COULD_NOT_RUN
