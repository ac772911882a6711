"""`virtslo cost`: two sides measured on planes of their own, and the card of their costs."""

import asyncio
import shlex
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from virtslo.base.errors import Problem, ScenarioError
from virtslo.cli.cost.sides import Side, sides_of
from virtslo.cli.options import format_option, runs_option
from virtslo.cli.output import OutputFile
from virtslo.cli.plane.options import PlaneOptions, plane_options, spec_of
from virtslo.cli.printing import say, show
from virtslo.model.vocabulary import KIND_TITLES

if TYPE_CHECKING:
    from virtslo.cli.cost.measuring import Budget, SideAtWork
    from virtslo.cli.running.run_once import Execution
    from virtslo.model.cost.card import CostCard, CostSide
    from virtslo.model.plan.scenario import Scenario
    from virtslo.plane.running import PlaneSpec

INCONCLUSIVE: Final = 4
LONGEST_HOLD: Final = 86_400.0
LONGEST_BUDGET: Final = 31 * 86_400.0
"""The most that --hold and --budget may be, seconds."""
HOLLOW: Final = (
    "nodes are hollow (no guest, no real virt-handler or kubelet): what those call is not here",
    "seconds are of this machine, which the generator and both planes share",
)
OF_CLUSTERS: Final = ("both clusters are taken as they are: what differs between them is in it",)


@click.command("cost")
@click.argument("base")
@click.argument("candidate")
@plane_options
@click.option(
    "--kind",
    type=click.Choice(list(KIND_TITLES)),
    default="vmi",
    show_default=True,
    help="Kind of the objects.",
)
@click.option(
    "--count",
    type=click.IntRange(10, 5000),
    default=50,
    show_default=True,
    help="Number of objects of each run.",
)
@click.option(
    "--hold", default="5s", show_default=True, help="Time that the objects are left alone."
)
@click.option("--budget", default="10m", show_default=True, help="Time for all runs.")
@click.option(
    "--precision",
    type=click.FloatRange(0, 10),
    default=0.02,
    show_default=True,
    help="Calls per object, either way, at which measuring ends early.",
)
@click.option(
    "--at-most",
    "bounds",
    multiple=True,
    metavar="'WHAT +X'",
    help="Bound on a difference, such as 'PATCH nodes per node and hour +0'.",
)
@click.option(
    "--kubeconfig",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Kubeconfig of context:NAME.",
)
@click.option("--yes", is_flag=True, help="Load real clusters without asking.")
@runs_option
@format_option("text", "markdown", "json", "html", text="Format of the card.")
@click.option("-o", "--output", "outputs", multiple=True, type=OutputFile(),
              help="File for the card; .md, .json and .html name their format.")  # fmt: skip
def command(base: str, candidate: str, **options: Any) -> int:
    """Measure what CANDIDATE costs the control plane beside BASE.

    Each is a source tree of KubeVirt, a folder of programs, a program of virt-controller, a commit
    of --kubevirt SOURCE, gate:NAME, config:FIELD=VALUE, context:NAME, or default (as the other
    options have it). Each side gets a plane of its own; runs alternate, A B B A, with the same seed
    and plan, until every count is precise or the budget is spent.

    Exit code 1 where a bound of --at-most is violated, 4 where it cannot be decided.

    \b
    virtslo cost main ./my-branch --kubevirt ~/src/kubevirt
    virtslo cost default gate:VmiMemoryOverheadReport --at-most 'PATCH pods per VMI +0' -o card.md
    """
    from virtslo.cli.cost.measuring import Budget
    from virtslo.cli.durations import read_duration
    from virtslo.regress.cost_objectives import parse_bound

    for text in options["bounds"]:
        parse_bound(text)
    problems: list[Problem] = []
    hold = read_duration("--hold", options["hold"], problems, least=0.0, most=LONGEST_HOLD)
    budget_seconds = read_duration(
        "--budget", options["budget"], problems, least=1.0, most=LONGEST_BUDGET
    )
    if problems:
        raise ScenarioError("command line", problems)
    sides = sides_of(base, candidate, PlaneOptions.of(options))
    scenario = _scenario(options["kind"], options["count"], hold)
    budget = Budget(budget_seconds, options["precision"])
    measured = _measured(sides, scenario, budget, options)
    card = _card(measured, scenario, options, is_plane=sides[0].plane is not None)
    _write(card, options["form"], options["outputs"])
    verdicts = {each.verdict for each in card.objectives}
    return 1 if "violated" in verdicts else INCONCLUSIVE if "inconclusive" in verdicts else 0


def _scenario(kind: str, count: int, hold: float) -> "Scenario":
    from virtslo.config.scenario_file import scenario_from_mapping
    from virtslo.slo.catalog.catalog import CATALOG

    document = {
        "apiVersion": "virtslo/v1",
        "name": f"cost-{kind}-{count}",
        "workload": {"kind": kind, "count": count, "template": "cirros"},
        "load": {"pattern": "burst", "hold": f"{hold:g}s"},
    }
    return scenario_from_mapping(
        document, source="command line", base=Path.cwd(), places={}, indicators=CATALOG
    )


def _measured(
    sides: tuple[Side, Side], scenario: "Scenario", budget: "Budget", options: dict[str, Any]
) -> "tuple[SideAtWork, SideAtWork]":
    """Both sides with their runs. Raises ClusterError, ScenarioError."""
    from virtslo.cli.cost.measuring import require_runs
    from virtslo.cli.progress.live_progress import open_progress
    from virtslo.cli.running.run_once import Execution

    progress = open_progress(quiet=True)
    execution = Execution(options["runs"], tuple(sys.argv[1:]), progress)
    try:
        if sides[0].plane is None:
            found = asyncio.run(_on_clusters(sides, scenario, execution, budget, options))
        else:
            specs = [spec_of(side.plane, _tell) for side in sides if side.plane is not None]
            found = asyncio.run(_on_planes(sides, specs, scenario, execution, budget))
    except asyncio.CancelledError:
        raise click.Abort from None
    finally:
        progress.close()
    require_runs(found)
    return found


async def _on_planes(
    sides: tuple[Side, Side],
    specs: "Sequence[PlaneSpec]",
    scenario: "Scenario",
    execution: "Execution",
    budget: "Budget",
) -> "tuple[SideAtWork, SideAtWork]":
    from virtslo.base.clock import SystemClock
    from virtslo.cli.cost.measuring import measure, planes_at_work

    _end_on_signals()
    places = [Path(tempfile.mkdtemp(prefix="virtslo-plane-")) for _ in sides]
    try:
        wanted = [
            (side.name, spec, place) for side, spec, place in zip(sides, specs, places, strict=True)
        ]
        async with planes_at_work(wanted, _tell) as (first, second):
            await measure((first, second), scenario, execution, budget, SystemClock(), _tell)
    finally:
        for place in places:
            shutil.rmtree(place, ignore_errors=True)
    return first, second


async def _on_clusters(
    sides: tuple[Side, Side],
    scenario: "Scenario",
    execution: "Execution",
    budget: "Budget",
    options: dict[str, Any],
) -> "tuple[SideAtWork, SideAtWork]":
    from virtslo.base.clock import SystemClock
    from virtslo.cli.cost.measuring import SideAtWork, measure
    from virtslo.cli.targets import require_agreement
    from virtslo.cli.wiring import RealTarget, describe_target

    require_agreement(is_agreed=options["yes"])
    targets = [RealTarget(options["kubeconfig"], side.context) for side in sides]
    for target in targets:
        _tell(f"target: {describe_target(target)}")
    if not options["yes"]:
        words = f"create and delete {scenario.workload.count} objects there, again and again?"
        click.confirm(words, abort=True, err=True)
    _end_on_signals()
    first, second = (
        SideAtWork(side.name, target) for side, target in zip(sides, targets, strict=True)
    )
    await measure((first, second), scenario, execution, budget, SystemClock(), _tell)
    return first, second


def _end_on_signals() -> None:
    """Have a signal end everything that was started here."""
    from virtslo.cli.signals import heeded

    task = asyncio.current_task()
    assert task is not None
    for number in heeded():
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)


def _card(
    sides: "tuple[SideAtWork, SideAtWork]",
    scenario: "Scenario",
    options: dict[str, Any],
    *,
    is_plane: bool,
) -> "CostCard":
    from virtslo.model.cost.card import CostCard
    from virtslo.regress.cost_card import cost_rows
    from virtslo.regress.cost_objectives import judge

    base, candidate = sides
    rows = cost_rows(base.runs, candidate.runs)
    nodes = base.runs[0].nodes
    load = (
        f"bursts of {scenario.workload.count} x {scenario.workload.kind.value}, "
        f"{nodes} {'hollow ' if is_plane else ''}nodes, then {scenario.load.hold:g} s at rest"
    )
    return CostCard(
        base=_side(base),
        candidate=_side(candidate),
        rows=rows,
        load=load,
        source=base.runs[0].source,
        command=shlex.join(["virtslo", *sys.argv[1:]]),
        limits=(*(HOLLOW if is_plane else OF_CLUSTERS), *_without_data(sides)),
        objectives=tuple(judge(text, rows) for text in options["bounds"]),
    )


def _without_data(sides: "tuple[SideAtWork, SideAtWork]") -> tuple[str, ...]:
    """What the lines leave out, since a component's calls were not all known."""
    return tuple(
        f"no data of {component}, {part.value}, in {count} of {len(side.runs)} runs of {side.name}"
        for side in sides
        for (part, component), count in sorted(
            Counter(each for run in side.runs for each in run.unknown).items()
        )
    )


def _side(side: "SideAtWork") -> "CostSide":
    from virtslo.model.cost.card import CostSide

    versions = {f"KubeVirt {run.kubevirt}" for run in side.runs if run.kubevirt}
    versions.update(f"Kubernetes {run.kubernetes}" for run in side.runs if run.kubernetes)
    return CostSide(
        name=side.name,
        versions=tuple(sorted(versions, reverse=True)),
        runs=tuple(run.run_id for run in side.runs),
        telemetry=side.runs[-1].telemetry,
    )


def _write(card: "CostCard", form: str, outputs: Sequence[Path]) -> None:
    from virtslo.cli.output import write_file
    from virtslo.cli.wiring.cost import cost_card_text

    forms = {".md": "markdown", ".json": "json", ".html": "html", ".txt": "text"}
    for path in outputs:
        write_file(path, cost_card_text(card, forms.get(path.suffix, form)))
        say(f"written: {path}", err=True)
    if not outputs:
        show(cost_card_text(card, form))


def _tell(text: str) -> None:
    say(text, err=True, lines=True)
    sys.stderr.flush()
