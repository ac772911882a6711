"""Which cluster a run is aimed at, and the question before a real one.

Invariant: a real cluster is never loaded without a question answered, or `--yes` with a target
named; without a target it is the simulated cluster, and it says so.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from virtslo.base.errors import Problem, ScenarioError
from virtslo.cli.options import RunOptions, TargetOptions
from virtslo.cli.wiring import RealTarget
from virtslo.config.faults import parse_faults
from virtslo.config.profiles import load_profile
from virtslo.model.environment import Environment, SimulatedTarget
from virtslo.model.scenario import Scenario

DEFAULT_PROFILE = "ci"
VMIS_PER_NODE = 100


def real_target(options: TargetOptions, faults: tuple[str, ...] = ()) -> RealTarget | None:
    """The real cluster the options name; None means the simulated one. Raises ScenarioError."""
    kubeconfig, context, in_cluster = options.kubeconfig, options.context, options.in_cluster
    named = bool(kubeconfig or context or in_cluster)
    problems: list[Problem] = []
    if named and (options.profile or options.faults or options.nodes):
        problems.append(
            Problem(
                "--simulate, --nodes, --fault",
                "options of the simulated cluster beside a real target",
                "one or the other",
                "leave out --context, --kubeconfig and --in-cluster, or leave out these",
            )
        )
    if named and faults:
        problems.append(
            Problem(
                "faults",
                f"{faults[0]!r} on a real target",
                "no faults in the scenario of a real cluster",
                "only the simulated cluster plays faults",
            )
        )
    if in_cluster and (kubeconfig or context):
        problems.append(
            Problem("--in-cluster", "a kubeconfig or context beside it", "one target", "choose one")
        )
    if options.is_agreed and named and not (context or in_cluster):
        problems.append(
            Problem(
                "--yes",
                "a target that is not named",
                "--context NAME or --in-cluster beside --yes",
                "a load test must be aimed: name the context",
            )
        )
    if problems:
        raise ScenarioError("command line", problems)
    if not named:
        return None
    return RealTarget(Path(kubeconfig) if kubeconfig else None, context, in_cluster)


def simulated_target(
    *,
    profile: str,
    seed: int,
    nodes: int | None,
    faults: tuple[str, ...],
    count: int,
    option: str = "--simulate",
) -> SimulatedTarget:
    """A simulated cluster with nodes enough for `count` VMIs where their number is not given.

    Raises ScenarioError for a fault, or for the profile that `option` names.
    """
    parse_faults(faults)
    least = load_profile(profile, option=option).nodes.count
    wanted = nodes if nodes is not None else max(least, -(-count // VMIS_PER_NODE))
    return SimulatedTarget(profile=profile, seed=seed, nodes=wanted, faults=faults)


def simulated_run_target(
    options: RunOptions, *, count: int, faults: tuple[str, ...] = ()
) -> SimulatedTarget:
    """The simulated cluster of `virtslo run`; `faults` are those of the scenario."""
    target = options.target
    return simulated_target(
        profile=target.profile or DEFAULT_PROFILE,
        seed=options.seed,
        nodes=target.nodes,
        faults=(*faults, *target.faults),
        count=count,
    )


def refuse_stages(faults: tuple[str, ...]) -> None:
    """Refuse faults of stages where no run has any. Raises ScenarioError."""
    problems = [
        Problem(
            f"--fault {fault.name}:stage",
            repr(fault.stage),
            "no stage: a cluster that is served has none",
            "say at=, for= and every= from its start, or play the fault in virtslo run",
        )
        for fault in parse_faults(faults)
        if fault.stage is not None
    ]
    if problems:
        raise ScenarioError("command line", problems)


def describe_simulated(target: SimulatedTarget, seeds: Sequence[int] = ()) -> str:
    """The simulated cluster, for people; with several seeds, one a seed."""
    seed = f"seeds {seeds[0]} to {seeds[-1]}" if len(seeds) > 1 else f"seed {target.seed}"
    faults = f", faults {', '.join(target.faults)}" if target.faults else ""
    return f"the simulated cluster (profile {target.profile}, {target.nodes} nodes, {seed}{faults})"


def require_agreement(*, is_agreed: bool) -> None:
    """Refuse to go on where no terminal can ask and `--yes` was not given. Raises ScenarioError."""
    if is_agreed or sys.stdin.isatty():
        return
    problem = Problem(
        "--yes",
        "no terminal to ask on",
        "--yes with --context NAME or --in-cluster",
        "virtslo preflight shows what there is; then add --yes",
    )
    raise ScenarioError("command line", [problem])


def ask(scenario: Scenario, environment: Environment | None, *, is_agreed: bool) -> None:
    """Show what will be done to the cluster, and ask. Raises click.Abort on no."""
    workload = scenario.workload
    version = environment.kubevirt_version if environment is not None else None
    click.echo(
        f"this will create {workload.count} x {workload.kind.value} with KubeVirt "
        f"{version or 'of unknown version'}, at most {scenario.load.max_in_flight} requests in "
        "flight, and delete them again",
        err=True,
    )
    if not is_agreed:
        click.confirm("go on?", abort=True, err=True)
