"""`virtslo sweep`: a grid of simulated runs, what each knob does, a table, a page."""

import secrets
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from virtslo.base.paths import is_folder
from virtslo.cli.options import (
    SCENARIO_OPTIONS,
    SEEDS,
    TargetOptions,
    folder_option,
    parameter_of,
    scenario_options,
    settings_option,
)
from virtslo.cli.printing import say, show

if TYPE_CHECKING:
    from virtslo.cli.whatif.executors import Executor
    from virtslo.cli.whatif.points import Request
    from virtslo.model.whatif.sweep import SweepOutcome, SweepRecord

INTERRUPTED = 130
FAILED = 3
INCONCLUSIVE = 4
SWEEPS = Path("sweeps")


@click.command("sweep")
@click.argument("what", metavar="[burst|steady-state|constant-churn|FILE]", default="burst")
@click.option(
    "--vary",
    "vary",
    multiple=True,
    metavar="NAME=VALUE,VALUE",
    help="Field of the scenario, profile or setting to vary, with its values.",
)
@click.option("--seeds", type=click.IntRange(1, 1000), help="Number of seeds of each point.")
@click.option("--seed", type=SEEDS, default=1, show_default=True, help="First seed.")
@scenario_options
@click.option(
    "--simulate", "profile", metavar="PROFILE|FILE", help="Built-in timing profile, or path to one."
)
@click.option("--nodes", type=click.IntRange(1, 20_000), help="Number of hollow nodes.")
@click.option(
    "--fault", "faults", multiple=True, metavar="NAME[:KEY=VALUE,...]", help="Fault to inject."
)
@settings_option
@click.option("--workers", type=click.IntRange(1, 1024), help="Number of processes.")
@click.option(
    "--scheduler", metavar="ADDRESS", help="Dask scheduler to run on, such as tcp://host:8786."
)
@folder_option("sweeps", "for sweeps")
@click.option(
    "--resume",
    type=click.Path(file_okay=False, path_type=Path),
    help="Continue the interrupted sweep in this folder.",
)
@click.option("--parquet", is_flag=True, help="Write the table as Parquet too.")
@click.option("--dry-run", is_flag=True, help="Print the points and run none.")
@click.option("--quiet", is_flag=True, help="Show no progress.")
def command(what: str, **options: Any) -> int:
    """Run a grid of simulated runs and show what each setting does.

    Every combination of the values is run with every seed, each on a simulated cluster of its own,
    in parallel. A FILE is a scenario with a section `sweep: {vary: {NAME: [VALUE, ...]}, seeds:
    N}`.

    \b
    virtslo sweep --vary count=100,300,1000 --vary kubevirt.virtController.qps=20,200,400 --seeds 5
    virtslo sweep steady-state --kind vm --vary churn=5,10 --vary simulate=ci,two-core
    virtslo sweep --resume sweeps/ID
    """
    from virtslo.cli.running.folder_lock import locked_folder
    from virtslo.cli.wiring.whatif import require_parquet

    if options["parquet"]:
        require_parquet()
    resume: Path | None = options["resume"]
    if resume is not None:
        sweep, directory = _resumed(resume, what, options)
    else:
        sweep, directory = _new(what, options)
    if options["dry_run"]:
        return _print_points(sweep)
    with locked_folder(directory):
        return _carry_out(sweep, directory, options)


def _new(what: str, options: Mapping[str, Any]) -> "tuple[SweepRecord, Path]":
    """The sweep that the command line and a file ask for. Raises ScenarioError."""
    from virtslo.base.clock import SystemClock
    from virtslo.cli.whatif.points import sweep_of
    from virtslo.cli.wiring.whatif import write_sweep

    stamp = f"{SystemClock().wall():%Y%m%d-%H%M%S}"
    request = _request(what, options)
    sweep = sweep_of(request, identity=lambda name: f"{stamp}-{name[:40]}-{secrets.token_hex(2)}")
    directory = options["sweeps"] / sweep.id
    if not options["dry_run"]:
        write_sweep(directory, sweep)
    return sweep, directory


def _request(what: str, options: Mapping[str, Any]) -> "Request":
    from virtslo.cli.whatif.points import Request

    names = [parameter_of(option) for option, _, _ in SCENARIO_OPTIONS]
    target = TargetOptions(
        profile=options["profile"],
        nodes=options["nodes"],
        faults=options["faults"],
        settings=options["settings"],
    )
    return Request(
        what=what,
        vary=options["vary"],
        scenario={name: options[name] for name in names},
        target=target,
        first_seed=options["seed"],
        seeds=options["seeds"],
    )


def _resumed(folder: Path, what: str, options: Mapping[str, Any]) -> "tuple[SweepRecord, Path]":
    """A sweep that was begun. Raises ScenarioError where something else is asked for."""
    from virtslo.base.errors import Problem, ScenarioError
    from virtslo.cli.wiring.whatif import read_sweep

    directory = folder if is_folder(folder) else SWEEPS / folder
    sweep = read_sweep(directory)
    names = [parameter_of(option) for option, _, _ in SCENARIO_OPTIONS]
    others = ("vary", "seeds", "profile", "nodes", "faults", "settings")
    given = [name for name in (*others, *names) if options[name]]
    given += [repr(what)] if what != "burst" else []
    problems = [
        Problem(name, "an option beside --resume", "none: the sweep says") for name in given
    ]
    if problems:
        raise ScenarioError("command line", problems)
    return sweep, directory


def _carry_out(sweep: "SweepRecord", directory: Path, options: Mapping[str, Any]) -> int:
    from virtslo.cli.progress.point_progress import PointProgress
    from virtslo.cli.whatif.sweep_run import carry_out_sweep
    from virtslo.cli.wiring.whatif import sweep_text

    executor = _executor(options)
    progress = PointProgress(quiet=options["quiet"])
    outcome, is_interrupted = carry_out_sweep(sweep, directory, executor, progress)
    written = _write(outcome, directory, is_parquet=options["parquet"])
    show(sweep_text(outcome))
    say(f"written: {', '.join(str(path) for path in written)}", err=True)
    if len(outcome.results) < len(sweep.points):
        say(f"  go on: virtslo sweep --resume {directory}", err=True)
    return INTERRUPTED if is_interrupted else _code(outcome)


def _executor(options: Mapping[str, Any]) -> "Executor":
    from virtslo.cli.whatif.executors import DaskExecutor, LocalExecutor

    made_by = tuple(sys.argv[1:])
    if options["scheduler"] is not None:
        return DaskExecutor(options["scheduler"], made_by)
    return LocalExecutor(made_by, workers=options["workers"])


def _write(outcome: "SweepOutcome", directory: Path, *, is_parquet: bool) -> Sequence[Path]:
    """Write the table and the page; their paths."""
    from virtslo.app.sweep.table import columns_of, rows_of, table_text
    from virtslo.cli.output import write_file
    from virtslo.cli.wiring.whatif import sweep_page, write_parquet

    knobs, results = outcome.sweep.knobs, outcome.results
    table, page = directory / "points.csv", directory / "sweep.html"
    write_file(table, table_text(knobs, results))
    write_file(page, sweep_page(outcome))
    if not is_parquet:
        return table, page
    parquet = directory / "points.parquet"
    write_parquet(parquet, columns_of(knobs, results), rows_of(knobs, results))
    return table, parquet, page


def _code(outcome: "SweepOutcome") -> int:
    from virtslo.model.whatif.sweep import PointStatus

    statuses = {item.status for item in outcome.results}
    if PointStatus.FAILED in statuses:
        return FAILED
    return INCONCLUSIVE if PointStatus.INCONCLUSIVE in statuses else 0


def _print_points(sweep: "SweepRecord") -> int:
    for point in sweep.points:
        values = ", ".join(f"{name}={value}" for name, value in point.values.items())
        say(f"{point.index}: {values or sweep.name}, seed {point.seed}")
    say(f"{len(sweep.points)} points; nothing was run: this was a dry run")
    return 0
