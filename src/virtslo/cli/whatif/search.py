"""`virtslo search`: the highest load at which objectives hold, with its bounds."""

import secrets
import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from virtslo.cli.options import (
    SEEDS,
    TargetOptions,
    folder_option,
    format_option,
    settings_option,
    target_options,
)
from virtslo.cli.printing import say, show, show_json

if TYPE_CHECKING:
    from virtslo.app.search.controller import Limits
    from virtslo.base.errors import Problem
    from virtslo.cli.whatif.search_run import Order
    from virtslo.cli.wiring import RealTarget
    from virtslo.model.plan.scenario import Scenario
    from virtslo.model.simulated.target import SimulatedTarget
    from virtslo.model.whatif.search import Goal, SearchResult

INTERRUPTED = 130
INCONCLUSIVE = 4
LONGEST = 86_400.0
"""The most that --within and --duration may be, seconds."""
MOST = 1_000_000.0
"""Of a load: more objects, in all or a second, than an API server takes."""
LOAD = click.FloatRange(min=0, max=MOST, min_open=True)
GUARDS = ("lost", "backlog", "refused", "objectives")


@click.command("search")
@click.option(
    "--kind", default="vmi", show_default=True, help="Kind: vmi, vm, vmpool, vmirs or migration."
)
@click.option(
    "--of",
    "quantity",
    type=click.Choice(["rate", "count"]),
    default="rate",
    show_default=True,
    help="Load that is raised: arrival rate, or number of objects of a burst.",
)
@click.option(
    "--members",
    type=click.IntRange(1, 1000),
    help="Members of each pool that arrives. Default: 10.",
)
@click.option(
    "--within", default="60s", show_default=True, help="Time in which to be Running, or migrated."
)
@click.option("--loss", default="0%", show_default=True, help="Share of objects that may be lost.")
@click.option("--width", default="5%", show_default=True, help="Distance of the bounds at the end.")
@click.option(
    "--trials", type=click.IntRange(1, 100), default=1, show_default=True, help="Trials a load."
)
@click.option(
    "--duration", default="120s", show_default=True, help="Length of the arrivals of a trial."
)
@click.option(
    "--arrival",
    type=click.Choice(["constant", "poisson"]),
    default="constant",
    show_default=True,
    help="Arrival process of a rate.",
)
@click.option("--objectives", metavar="CATALOG|FILE", help="Objectives that must hold as well.")
@click.option("--template", metavar="NAME|FILE", help="Built-in template, or path to one.")
@click.option("--start", type=LOAD, help="First load.")
@click.option("--at-least", type=LOAD, help="Lowest load to try.")
@click.option("--at-most", type=LOAD, help="Highest load to try.")
@click.option(
    "--guard",
    "guard",
    type=click.Choice(GUARDS),
    multiple=True,
    help="Kind of bad trial that ends the search at once.",
)
@click.option(
    "--simulate", "profile", metavar="PROFILE|FILE", help="Built-in timing profile, or path to one."
)
@click.option("--nodes", type=click.IntRange(1, 20_000), help="Number of hollow nodes.")
@settings_option
@click.option("--seed", type=SEEDS, default=1, show_default=True, help="Random seed.")
@target_options
@click.option(
    "--plane",
    is_flag=False,
    flag_value="default",
    metavar="[NAME]",
    help="Plane of virtslo plane up.",
)
@click.option("--yes", is_flag=True, help="Load a real cluster without asking.")
@folder_option("searches", "for searches")
@format_option("text", "json", text="Format of the result on standard output.")
@click.option("--quiet", is_flag=True, help="Show no progress.")
def command(**options: Any) -> int:
    """Find the highest load at which objectives hold.

    Trials of a load, each drained before the next: raised twofold while they are good, then
    bisected. A load is bad if more objects than --loss are not Running within --within, if latency
    or the number that waits grows, if creates are refused, or if an objective is violated.
    Migrations are of VMs that run, each once; members of pools arrive --members at a time.

    \b
    virtslo search --kind vm --simulate two-core
    virtslo search --of count --within 60s --set kubevirt.virtController.qps=400
    virtslo search --context my-cluster --at-most 10 --guard lost
    """
    from virtslo.base.errors import ScenarioError
    from virtslo.cli.plane.target import on_plane
    from virtslo.cli.whatif.search_loads import problems_of_load, scenario_of

    options = dict(on_plane(options))
    problems: list[Problem] = problems_of_load(options)
    goal, within, duration = _goal(options, problems)
    target = _target(options)
    where = _where(target, options, problems)
    try:
        scenario = scenario_of(options, 1.0, duration)
    except ScenarioError as error:
        problems += error.problems
        scenario = None
    limits = _limits(options, target, scenario, where, problems)
    if problems or scenario is None or limits is None:
        raise ScenarioError("command line", problems)
    result = _new(options, goal, within, is_simulated=where is None)
    return _carry_out(result, options, target=target, where=where, limits=limits, duration=duration)


def _goal(options: Mapping[str, Any], problems: "list[Problem]") -> "tuple[Goal, float, float]":
    """The goal, the objective in seconds and the length of a trial."""
    from virtslo.base.errors import Problem
    from virtslo.base.units import parse_share
    from virtslo.cli.durations import read_duration
    from virtslo.model.whatif.search import Goal

    def share(name: str, least: float, most: float) -> float:
        try:
            value = parse_share(options[name])
        except ValueError as error:
            problems.append(Problem(f"--{name}", repr(options[name]), str(error)))
            return least
        if not least <= value <= most:
            expected = f"at least {least:.1%} and at most {most:.0%}"
            problems.append(Problem(f"--{name}", repr(options[name]), expected))
            return least
        return value

    def seconds(name: str, least: float) -> float:
        return read_duration(f"--{name}", options[name], problems, least=least, most=LONGEST)

    loss, width = share("loss", 0.0, 0.99), share("width", 0.001, 1.0)
    within, duration = seconds("within", 0.001), seconds("duration", 1.0)
    return Goal(loss, width, options["trials"]), within, duration


def _target(options: Mapping[str, Any]) -> TargetOptions:
    real = TargetOptions.of_real(options)
    return replace(
        real, profile=options["profile"], nodes=options["nodes"], settings=options["settings"]
    )


def _where(
    target: TargetOptions, options: Mapping[str, Any], problems: "list[Problem]"
) -> "RealTarget | None":
    """The real cluster that is meant; it needs a highest load."""
    from virtslo.base.errors import Problem, ScenarioError
    from virtslo.cli.targets import real_target

    try:
        where = real_target(target)
    except ScenarioError as error:
        problems += error.problems
        return None
    if where is not None and options["at_most"] is None:
        words = "the highest load that this cluster may be given"
        problems.append(Problem("--at-most", "nothing, with a real cluster", words))
    return where


def _simulated(
    target: TargetOptions, scenario: "Scenario", seed: int, *, most: int | None = None
) -> "SimulatedTarget":
    from virtslo.cli.targets import simulated_target

    count = scenario.workload.count if most is None else most
    return simulated_target(target, seed=seed, count=count)


def _limits(
    options: Mapping[str, Any],
    target: TargetOptions,
    scenario: "Scenario | None",
    where: "RealTarget | None",
    problems: "list[Problem]",
) -> "Limits | None":
    """Between which loads is searched. The search begins at a share of what the bucket allows."""
    from virtslo.app.search.controller import Limits
    from virtslo.base.errors import Problem, ScenarioError

    try:
        if where is None and scenario is not None:
            _simulated(target, scenario, options["seed"])
    except ScenarioError as error:
        problems += error.problems
        return None
    if scenario is None:
        return None
    is_count = options["quantity"] == "count"
    most = options["at_most"] or (100_000.0 if is_count else 1000.0)
    predicted = _predicted(options, target, scenario, where)
    start = options["start"] or min(most, predicted)
    least = options["at_least"] or min(start, 1.0 if is_count else start / 64)
    if not least <= start <= most:
        found = f"{least:g} to {most:g}, beginning at {start:g}"
        problems.append(
            Problem("--at-least, --start, --at-most", found, "in this order, none above the next")
        )
    return Limits(start, least, most, whole=is_count)


def _predicted(
    options: Mapping[str, Any],
    target: TargetOptions,
    scenario: "Scenario",
    where: "RealTarget | None",
) -> float:
    """Where to begin: a share of the rate that virt-controller's client limit allows."""
    from virtslo.cli.whatif.search_loads import first_load
    from virtslo.model.kubernetes.components import VIRT_CONTROLLER
    from virtslo.model.plan.ceiling import DEFAULT_LIMIT

    qps = DEFAULT_LIMIT.qps
    if where is None:
        from virtslo.config.profiles import profile_of_target

        profile = profile_of_target(_simulated(target, scenario, 1))
        limits = profile.limits.get(VIRT_CONTROLLER)
        qps = limits.qps if limits is not None and limits.qps > 0 else qps
    return first_load(options, scenario, qps)


def _new(
    options: Mapping[str, Any], goal: "Goal", within: float, *, is_simulated: bool
) -> "SearchResult":
    from virtslo.base.clock import SystemClock
    from virtslo.cli.whatif.search_loads import noun_of
    from virtslo.model.whatif.search import Quantity, SearchResult

    stamp = f"{SystemClock().wall():%Y%m%d-%H%M%S}"
    return SearchResult(
        id=f"{stamp}-{options['kind'][:20]}-{options['quantity']}-{secrets.token_hex(2)}",
        quantity=Quantity(options["quantity"]),
        goal=goal,
        within=within,
        trials=(),
        objects=noun_of(options["kind"]),
        simulated=is_simulated,
    )


def _carry_out(
    result: "SearchResult",
    options: Mapping[str, Any],
    *,
    target: TargetOptions,
    where: "RealTarget | None",
    limits: "Limits",
    duration: float,
) -> int:
    import msgspec

    from virtslo.cli.preflight_dialog import look_and_ask
    from virtslo.cli.progress.live_progress import open_progress
    from virtslo.cli.whatif.search_loads import scenario_of
    from virtslo.cli.whatif.search_run import Search
    from virtslo.cli.wiring.whatif import search_text

    if where is not None:
        largest = scenario_of(options, limits.most, duration)
        look_and_ask([largest], where, is_agreed=options["yes"])
    progress = open_progress(quiet=True)
    directory = options["searches"] / result.id
    order = _order(options, target, where, limits, duration, progress)
    search = Search(result, order, directory)
    try:
        found = search.carry_out()
    finally:
        progress.close()
    if options["form"] == "json":
        show_json(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
    else:
        show(search_text(found))
    say(f"search: {directory}", err=True)
    if search.is_interrupted:
        return INTERRUPTED
    return 0 if found.last_good is not None and found.first_bad is not None else INCONCLUSIVE


def _order(
    options: Mapping[str, Any],
    target: TargetOptions,
    where: "RealTarget | None",
    limits: "Limits",
    duration: float,
    progress: Any,
) -> "Order":
    from virtslo.cli.whatif.search_loads import scenario_of
    from virtslo.cli.whatif.search_run import Order

    seed: int = options["seed"]

    def note(words: str) -> None:
        if not options["quiet"]:
            say(f"virtslo: {words}", err=True)

    def simulated(scenario: "Scenario", number: int) -> "SimulatedTarget":
        return _simulated(target, scenario, seed + number - 1)

    return Order(
        limits=limits,
        scenario_at=lambda load: scenario_of(options, load, duration),
        target_at=simulated if where is None else None,
        where=where,
        guard=frozenset(options["guard"]),
        command=tuple(sys.argv[1:]),
        note=note,
        progress=progress,
    )
