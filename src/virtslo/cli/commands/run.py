"""`virtslo run`: one test, on a real cluster or on the simulated one."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from virtslo.cli.completing import words
from virtslo.cli.formats import check_before_run, report_format_option
from virtslo.cli.options import (
    SEEDS,
    RunOptions,
    repetition_options,
    runs_option,
    scenario_options,
    settings_option,
    tables_option,
    target_options,
)
from virtslo.cli.plane.target import counted_on_plane, on_plane
from virtslo.cli.printing import say
from virtslo.cli.scenarios import PATTERNS, SUITE, Keyed, read_scenarios

if TYPE_CHECKING:
    from collections.abc import Sequence

    from virtslo.base.errors import Problem
    from virtslo.model.plan.scenario import Scenario

REPEATED = ("burst", SUITE)
"""What is repeated on the simulated cluster, where repetitions cost little."""
REPETITIONS = 5
MOST_REPETITIONS = 30
"""At which `--until` gives up, where --repeat says nothing."""


@click.command("run")
@click.argument(
    "what",
    metavar="burst|steady-state|constant-churn|idle|replay|suite|FILE",
    shell_complete=words(*PATTERNS, SUITE, is_file_too=True),
)
@scenario_options
@click.option(
    "--user-data",
    type=click.Path(dir_okay=False),
    help="Path to values for the template of a kube-burner workload, as kube-burner has it.",
)
@click.option(
    "--simulate",
    "profile",
    metavar="PROFILE|FILE",
    shell_complete=words(
        "ci", "instant", "reference", "regressed", "two-core", "two-core-shared", is_file_too=True
    ),
    help="Simulated cluster: built-in timing profile, or path to one.",
)
@click.option(
    "--nodes", type=click.IntRange(1, 20_000), help="Simulated cluster: number of hollow nodes."
)
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="NAME[:KEY=VALUE,...]",
    help="Simulated cluster: fault to inject.",
)
@settings_option
@repetition_options
@click.option(
    "--seed",
    type=SEEDS,
    default=1,
    show_default=True,
    help="Random seed; the first of several repetitions.",
)
@target_options
@click.option(
    "--plane",
    is_flag=False,
    flag_value="default",
    metavar="[NAME]",
    help="Plane of virtslo plane up; its audit log is counted too.",
)
@runs_option
@report_format_option
@tables_option
@click.option(
    "--resume",
    type=click.Path(file_okay=False, path_type=Path),
    help="Continue the interrupted suite in this folder.",
)
@click.option("--dry-run", is_flag=True, help="Print the plan and create nothing.")
@click.option("--keep", is_flag=True, help="Leave the objects on the cluster.")
@click.option("--yes", is_flag=True, help="Load a real cluster without asking.")
@click.option(
    "--history",
    metavar="[PATH|URL]",
    is_flag=False,
    flag_value="",
    help="Store the run when it ends, in the history given or in the default one.",
)
@click.option("--quiet", is_flag=True, help="Show no progress.")
def command(what: str, **options: Any) -> int:
    """Run a test: a load pattern, the suite, or a file.

    Patterns are burst, steady-state, constant-churn, idle (a burst that is then left alone) and
    replay (a trace of virtslo record).

    Without --context, --kubeconfig or --in-cluster, the test runs on the simulated cluster, in
    virtual time: burst and suite five times, with a seed each, so that figures have an interval.

    FILE is a scenario of virtslo, or a workload of perfscale-load-generator or
    kube-burner that creates VMs, VMIs or replica sets.

    \b
    virtslo run burst --count 1000 --simulate ci
    virtslo run burst --kind vmi --arrival poisson --rate 20/s
    virtslo run steady-state --kind vm --count 200 --churn 5% --cycles 5 --every 60s
    virtslo run suite --count 100
    virtslo run burst --until ci=5%
    virtslo run replay --trace day.jsonl --speed 10
    virtslo run burst --format html -o page.html
    virtslo run scenario.yaml --context my-cluster
    """
    given = RunOptions.of(on_plane(options))
    check_before_run(given.wanted.form, is_simulated=not given.target.is_real)
    if given.resume is not None:
        _try_history(given)
        return _resume(what, given.resume, given)
    if given.scenario["repeat"] is None and given.until is not None:
        given = replace(given, scenario={**given.scenario, "repeat": str(MOST_REPETITIONS)})
    elif given.scenario["repeat"] is None and what in REPEATED and not given.target.is_real:
        given = replace(given, scenario={**given.scenario, "repeat": str(REPETITIONS)})
    scenarios, name = _read_all(what, given)
    scenarios = counted_on_plane(scenarios, options["plane"])
    if given.is_dry:
        return _print_plans(scenarios, given)
    _try_history(given)
    if len(scenarios) == 1 and scenarios[0][1].repeat == 1 and given.until is None:
        return _run(scenarios[0][1], given)
    from virtslo.cli.running.suite import run_series

    return run_series(scenarios, given, name=name)


def _read_all(what: str, options: RunOptions) -> tuple[Keyed, str]:
    """The scenarios that are meant; problems of the simulated cluster are reported with theirs."""
    from virtslo.base.errors import ScenarioError

    try:
        read = read_scenarios(what, options.scenario)
    except ScenarioError as error:
        others = _target_problems(options)
        raise ScenarioError(error.source, [*error.problems, *others]) from error
    return read


def _target_problems(options: RunOptions) -> "Sequence[Problem]":
    """What is wrong with the options of the simulated cluster."""
    from virtslo.base.errors import ScenarioError
    from virtslo.cli.targets import simulated_target

    try:
        if not options.target.is_real:
            simulated_target(options.target, seed=options.seed, count=0)
    except ScenarioError as error:
        return error.problems
    return ()


def _resume(what: str, folder: Path, options: RunOptions) -> int:
    """Go on with a suite. Raises ScenarioError where something else is asked for."""
    from virtslo.base.errors import Problem, ScenarioError
    from virtslo.cli.running.suite import resume_series

    if what != SUITE or options.is_dry:
        found = repr(what) if what != SUITE else "--dry-run"
        problem = Problem("--resume", found, "virtslo run suite --resume FOLDER")
        raise ScenarioError("command line", [problem])
    return resume_series(folder, options)


def _run(scenario: "Scenario", options: RunOptions) -> int:
    """Run the scenario on its target, print the report, return the exit code."""
    from virtslo.cli.preflight_dialog import look_and_ask
    from virtslo.cli.progress.live_progress import open_progress
    from virtslo.cli.records import conclude
    from virtslo.cli.running.run_once import Execution, run_on_cluster, run_simulated
    from virtslo.cli.targets import describe_simulated, real_target, simulated_run_target

    target = real_target(options.target, scenario.faults)
    if target is not None:
        look_and_ask([scenario], target, is_agreed=options.target.is_agreed)
    progress = open_progress(quiet=options.quiet, is_virtual=target is None)
    execution = Execution(options.runs, tuple(sys.argv[1:]), progress, keep=options.keep)
    try:
        if target is None:
            simulated = simulated_run_target(options, [scenario])
            why = "" if options.target.profile else "no cluster was named: "
            progress.note(f"{why}running on {describe_simulated(simulated)}, in virtual time")
            record = run_simulated(scenario, simulated, execution)
        else:
            record = run_on_cluster(scenario, target, execution)
    finally:
        progress.close()
    return conclude([record], options.wanted, history=options.history)


def _try_history(options: RunOptions) -> None:
    """Open the history before anything is loaded. Raises StoreError where it cannot be used."""
    if options.history is None:
        return
    from virtslo.cli.history.options import opened

    with opened(options.history):
        pass


def _print_plans(scenarios: Keyed, options: RunOptions) -> int:
    """Say what every run would do; do none of it."""
    for number, (key, scenario) in enumerate(scenarios, start=1):
        if len(scenarios) > 1:
            say(f"part {number} of {len(scenarios)}: {key}")
        _print_plan(scenario, options)
    say("nothing was created: this was a dry run")
    return 0


def _print_plan(scenario: "Scenario", options: RunOptions) -> None:
    """Say what would be created where and when, and what that is expected to take."""
    from virtslo.app.run.expectation import expect, expectation_lines, limit_of
    from virtslo.app.run.prepare import prepare_plan
    from virtslo.cli.targets import describe_simulated, real_target, simulated_run_target
    from virtslo.cli.wiring import describe_target
    from virtslo.config.profiles import load_profile, profile_of_target
    from virtslo.config.profiles.simulation import DEFAULT_PROFILE
    from virtslo.load.describe import describe_plan

    target = real_target(options.target, scenario.faults)
    if target is None:
        simulated = simulated_run_target(options, [scenario])
        profile, name = profile_of_target(simulated), describe_simulated(simulated)
        limit = limit_of(profile)
    else:
        profile, name, limit = load_profile(DEFAULT_PROFILE), describe_target(target), None
    plan = prepare_plan(scenario, run_label="dry-run", seed=options.seed, limit=limit)
    found = expect(plan, scenario, profile)
    expected = expectation_lines(found, plan, profile.name, is_real=target is not None)
    for line in (f"target: {name}", *describe_plan(plan, scenario), *expected):
        say(line)
