"""`virtslo run suite`, suites from files, and repetitions: several runs and one set of tables.

Invariant: what is asked of a suite is checked for every part before the first part begins; a suite
that is resumed is the one that was begun, on the kind of cluster it was begun on.
"""

import sys
from dataclasses import replace
from pathlib import Path

from virtslo.app.repetitions import LEAST
from virtslo.base.errors import Problem, ScenarioError, VirtsloError
from virtslo.cli.options import SCENARIO_OPTIONS, RunOptions, parameter_of
from virtslo.cli.preflight_dialog import look_and_ask
from virtslo.cli.printing import say
from virtslo.cli.progress.live_progress import open_progress
from virtslo.cli.record_names import locate
from virtslo.cli.records import INTERRUPTED, conclude
from virtslo.cli.running.folder_lock import locked_folder
from virtslo.cli.running.parallel_runs import run_side_by_side
from virtslo.cli.running.run_once import Execution
from virtslo.cli.running.series import RunSeries, new_suite_id
from virtslo.cli.scenarios import Keyed
from virtslo.cli.targets import describe_simulated, real_target, simulated_run_target
from virtslo.cli.wiring import RealTarget, describe_target, read_suite
from virtslo.config.until import until_of
from virtslo.model.plan.suite import Order, SuiteRecord, Until, repeated
from virtslo.model.report.figures import LEAST_RUNS
from virtslo.slo.catalog.catalog import CATALOG

OF_THE_CLUSTER = (
    ("--simulate", "profile"),
    ("--nodes", "nodes"),
    ("--fault", "faults"),
    ("--set", "settings"),
)


def run_series(scenarios: Keyed, options: RunOptions, *, name: str) -> int:
    """Run these one after another, each as often as it says; returns the exit code."""
    times = scenarios[0][1].repeat
    _refuse_to_keep(options)
    until = _until(options, times)
    target = real_target(options.target)
    order = _order(options, is_repeated_for_real=target is not None and times > 1)
    once = [(key, replace(scenario, repeat=1)) for key, scenario in scenarios]
    simulated = None
    if target is None:
        simulated = simulated_run_target(options, [scenario for _, scenario in once])
    suite = SuiteRecord(
        id=new_suite_id(name),
        name=name,
        seed=options.seed,
        parts=repeated(
            once,
            times if until is None else min(LEAST, times),
            seed=None if target is not None else options.seed,
            order=order,
            order_seed=options.seed,
            is_open=until is not None,
        ),
        simulated=simulated,
        order=order,
        until=until,
        target="" if target is None else describe_target(target),
    )
    directory = options.runs / suite.id
    with locked_folder(directory):
        return _carry_out(suite, options, directory=directory, target=target)


def resume_series(directory: Path, options: RunOptions) -> int:
    """Run the parts of a suite that are still to be run; returns the exit code.

    Raises StoreError where another process runs it.
    """
    directory = locate(directory)
    read_suite(directory)  # a folder that holds no suite is said to be none, not locked
    with locked_folder(directory):
        return _resume(directory, read_suite(directory), options)


def _resume(directory: Path, suite: SuiteRecord, options: RunOptions) -> int:
    given = [option for option, _, _ in SCENARIO_OPTIONS if options.scenario[parameter_of(option)]]
    given += [option for option, name in OF_THE_CLUSTER if getattr(options.target, name)]
    given += [f"--{name}" for name in ("until", "order") if getattr(options, name) is not None]
    problems = [Problem(option, "an option beside --resume", "none: the suite says") for option in
                given]  # fmt: skip
    target = real_target(options.target)
    if (target is None) != (suite.simulated is not None):
        found = "the simulated cluster" if target is None else "a real cluster"
        expected = "the simulated cluster" if target is not None else suite.target
        problems.append(Problem("--resume", found, f"{expected}, where it was begun"))
    if problems:
        raise ScenarioError("command line", problems)
    _refuse_to_keep(options)
    if suite.is_complete:
        say(f"{directory}: every part is complete; nothing was run again", err=True)
    return _carry_out(suite, options, directory=directory, target=target)


def _until(options: RunOptions, most: int) -> Until | None:
    """When repetitions end. Raises ScenarioError."""
    if options.until is None:
        return None
    until, problems = until_of(options.until, most, CATALOG)
    if most < LEAST_RUNS:
        problems.append(Problem("--repeat", repr(most), f"{LEAST_RUNS} or more beside --until"))
    if problems:
        raise ScenarioError("command line", problems)
    return until


def _order(options: RunOptions, *, is_repeated_for_real: bool) -> Order:
    if options.order is not None:
        return Order(options.order)
    return Order.RANDOM if is_repeated_for_real else Order.STATED


def _seeds(suite: SuiteRecord) -> set[int]:
    return {suite.seed if part.seed is None else part.seed for part in suite.pending()}


def _refuse_to_keep(options: RunOptions) -> None:
    if options.keep:
        problem = Problem(
            "--keep",
            "objects kept between parts",
            "no --keep with several runs",
            "what one part leaves would disturb the next",
        )
        raise ScenarioError("command line", [problem])


def _most(suite: SuiteRecord) -> int:
    """How many runs are left at most."""
    if suite.until is None:
        return len(suite.pending())
    once = sum(part.repetition == 1 for part in suite.parts)
    return len(suite.pending()) + once * max(0, suite.until.most - suite.repetitions)


def _carry_out(
    suite: SuiteRecord, options: RunOptions, *, directory: Path, target: RealTarget | None
) -> int:
    pending = suite.pending()
    if target is not None and pending:
        by_kind = {part.scenario.workload.kind: part.scenario for part in pending}
        look_and_ask(
            list(by_kind.values()), target, is_agreed=options.target.is_agreed, runs=_most(suite)
        )
    progress = open_progress(quiet=options.quiet, is_virtual=target is None)
    execution = Execution(options.runs, tuple(sys.argv[1:]), progress)
    series = RunSeries(
        suite, execution, directory=directory, where=target, side_by_side=run_side_by_side
    )
    try:
        if suite.simulated is not None:
            where = describe_simulated(suite.simulated, seeds=sorted(_seeds(suite)))
            progress.note(f"{len(pending)} runs on {where}, in virtual time")
        if suite.order is Order.RANDOM:
            progress.note(f"kinds in random order, drawn from seed {suite.seed}")
        records = series.carry_out()
    except VirtsloError:
        say(f"virtslo: what is complete is kept; go on: {series.resume_command()}", err=True)
        raise
    finally:
        progress.close()
    if not series.suite.is_complete:
        done = len(series.suite.parts) - len(series.suite.pending())
        say(f"suite: {directory} ({done} of {len(series.suite.parts)} parts complete)", err=True)
        say(f"  go on: {series.resume_command()}", err=True)
    for width in series.too_wide:
        say(f"--until was not reached: {width}", err=True)
    code = conclude(records, options.wanted, suite=series.suite, history=options.history)
    if series.suite.is_complete:
        return code
    return INTERRUPTED if series.is_interrupted else code
