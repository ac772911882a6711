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
from virtslo.cli.printing import say
from virtslo.cli.wiring import RealTarget
from virtslo.config.faults import parse_faults
from virtslo.model.plan.scenario import Scenario, Simulation
from virtslo.model.run.environment import Environment
from virtslo.model.simulated.target import SimulatedTarget

VMIS_PER_NODE = 100
NOTHING_ASKED = Simulation()


def real_target(options: TargetOptions, faults: tuple[str, ...] = ()) -> RealTarget | None:
    """The real cluster the options name; None means the simulated one. Raises ScenarioError."""
    kubeconfig, context, in_cluster = options.kubeconfig, options.context, options.in_cluster
    named = options.is_real
    problems = [
        Problem(name, "an empty text", "a name", "a variable that is not set, perhaps")
        for name, value in (("--kubeconfig", kubeconfig), ("--context", context))
        if value == ""
    ]
    if named and (options.profile or options.faults or options.nodes or options.settings):
        problems.append(
            Problem(
                "--simulate, --nodes, --fault, --set",
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
    if problems:
        raise ScenarioError("command line", problems)
    if not named:
        return None
    return RealTarget(Path(kubeconfig) if kubeconfig else None, context, in_cluster)


def simulated_target(
    options: TargetOptions,
    *,
    seed: int,
    count: int,
    faults: tuple[str, ...] = (),
    asked: Simulation = NOTHING_ASKED,
    option: str = "--simulate",
) -> SimulatedTarget:
    """A simulated cluster with nodes enough for `count` VMIs where their number is not given.

    `faults` and `asked` are those of the scenario; options win. Raises ScenarioError with every
    problem of faults, of the profile that `option` names, and of settings.
    """
    from virtslo.config.profiles import choose_profile, profile_with
    from virtslo.config.profiles.simulation import (
        DEFAULT_PROFILE,
        contradictions,
        read_assignments,
    )

    problems: list[Problem] = []
    name, document = asked.profile or DEFAULT_PROFILE, asked.document
    try:
        parse_faults((*faults, *options.faults))
    except ScenarioError as error:
        problems += error.problems
    if options.profile is not None:
        try:
            name, document = choose_profile(options.profile, option=option)
        except ScenarioError as error:
            problems += error.placed
    settings = {**asked.settings, **read_assignments(options.settings, problems)}
    if not problems:
        problems += contradictions(name, document, settings)
    if problems:
        raise ScenarioError("command line", problems)
    least = profile_with(name, document, settings).nodes.count
    wanted = options.nodes or asked.nodes
    if wanted is None:
        is_set = any(key.endswith("nodes.count") for key in settings)
        wanted = least if is_set else max(least, -(-count // VMIS_PER_NODE))
    return SimulatedTarget(
        profile=name,
        seed=seed,
        nodes=wanted,
        faults=(*faults, *options.faults),
        settings=settings,
        document=document,
    )


def simulated_run_target(options: RunOptions, scenarios: Sequence[Scenario]) -> SimulatedTarget:
    """The simulated cluster of `virtslo run`, for scenarios of one file."""
    first = scenarios[0]
    return simulated_target(
        options.target,
        seed=options.seed,
        count=max(scenario.peak for scenario in scenarios),
        faults=first.faults,
        asked=first.simulated or NOTHING_ASKED,
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
    profile = f"profile {target.description}"
    return f"the simulated cluster ({profile}, {target.nodes} nodes, {seed}{faults})"


def require_agreement(*, is_agreed: bool) -> None:
    """Refuse to go on where no terminal can ask and `--yes` was not given. Raises ScenarioError."""
    if is_agreed or sys.stdin.isatty():
        return
    problem = Problem(
        "--yes",
        "no terminal to ask on",
        "--yes with --context NAME, --kubeconfig PATH or --in-cluster",
        "virtslo preflight shows what there is; then add --yes",
    )
    raise ScenarioError("command line", [problem])


def ask(scenario: Scenario, environment: Environment | None, *, is_agreed: bool) -> None:
    """Show what will be done to the cluster, and ask. Raises click.Abort on no."""
    workload = scenario.workload
    version = environment.kubevirt_version if environment is not None else None
    say(
        f"this will create {workload.count} x {scenario.kind_name} with KubeVirt "
        f"{version or 'of unknown version'}, at most {scenario.load.max_in_flight} requests in "
        "flight, and delete them again",
        err=True,
    )
    if not is_agreed:
        click.confirm("go on?", abort=True, err=True)
