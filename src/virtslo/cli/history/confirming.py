"""`virtslo history confirm`: how many runs settle a finding, and what they came to."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from virtslo.cli.history.changes import BAD, change_text, finding_head
from virtslo.cli.history.options import choose_lineage, history_option, opened, remembered
from virtslo.cli.options import runs_option
from virtslo.cli.printing import say, show_json
from virtslo.model.history.changes import HistoryFinding
from virtslo.model.history.confirmation import Confirmation, Needed, Settled
from virtslo.model.report.figures import LEAST_RUNS

if TYPE_CHECKING:
    from virtslo.model.history.runs import Lineage
    from virtslo.ports.history_store import HistoryStore
    from virtslo.regress.checkpoints import Checkpoints

OPEN: Final = 4


@click.command("confirm")
@click.argument("finding")
@history_option
@click.option("--job", metavar="NAME", help="The job or scenario, or a part of its name.")
@click.option(
    "--power",
    metavar="SHARE",
    default="80%",
    show_default=True,
    help="Probability with which the new runs show a change of this size.",
)
@click.option("--metric", metavar="TEXT", help="Only series whose name contains this.")
@click.option("--make", "is_made", is_flag=True, help="Make the runs and judge them.")
@click.option(
    "--base",
    metavar="TARGET",
    default="recorded",
    show_default=True,
    help="Cluster of the base: recorded, simulated:PROFILE or context:NAME.",
)
@click.option(
    "--candidate",
    metavar="TARGET",
    default="recorded",
    show_default=True,
    help="Cluster of the candidate, likewise.",
)
@click.option(
    "--most",
    type=click.IntRange(LEAST_RUNS, 200),
    default=20,
    show_default=True,
    help="Runs a side that are made at most.",
)
@click.option(
    "--kubeconfig",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Kubeconfig of context:NAME.",
)
@click.option("--yes", is_flag=True, help="Load real clusters without asking.")
@runs_option
@click.option(
    "--log",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("virtslo-confirmed.jsonl"),
    show_default=True,
    help="File that gets a line of JSON with what was confirmed and cleared.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="The output's format.",
)
def command(finding: str, location: str | None, job: str | None, **options: Any) -> int:
    """Say how many new runs settle FINDING, an id of `history changes`, and make them.

    The number follows from the wanted power, the size of each change and the spread of the runs
    at both levels. With --make, base and candidate run in turn, with seeds that the history does
    not have: the simulated clusters that the runs on both sides of the finding recorded, or those
    that are named. Each change is then confirmed, cleared or open.

    Exit code 1 if a finding that is worse, mixed or telemetry lost is confirmed, 4 if the new runs
    leave it open, else 0.

    \b
    virtslo history confirm 3f2a90c1
    virtslo history confirm 3f2a90c1 --make
    virtslo history confirm 3f2a90c1 --make --base context:old --candidate context:new --yes
    """
    power = _power(options["power"])
    with opened(location) as store:
        lineage = store.load(choose_lineage(store, job))
        with remembered(store, lineage.name) as checkpoints:
            chosen = _chosen(lineage, finding, options["metric"], checkpoints)
        from virtslo.regress.confirmation import needed_for

        needed = needed_for(lineage, chosen, power=power)
        side = _runs_a_side(needed)
        if not options["is_made"]:
            _print_needed(lineage, chosen, needed, side, options)
            return 0
        if side is None:
            raise click.UsageError(f"no number of runs settles {finding}: see it without --make")
        _log(options["log"], "")
        if side > options["most"]:
            say(f"{side} runs a side are needed, --most allows {options['most']}", err=True)
        confirmation = _made(store, lineage, chosen, min(side, options["most"]), options)
    return _concluded(lineage, chosen, confirmation, needed, options)


def _power(text: str) -> float:
    """Raises UsageError."""
    from virtslo.base.units import parse_share

    try:
        power = parse_share(text)
    except ValueError as error:
        raise click.UsageError(f"--power: expected {error}, found {text!r}") from error
    if not 0.05 < power < 1:
        raise click.UsageError(f"--power: expected more than 5% and less than 100%, found {text}")
    return power


def _chosen(
    lineage: "Lineage", wanted: str, metric: str | None, checkpoints: "Checkpoints"
) -> HistoryFinding:
    """The finding that is meant, with the series that are. Raises UsageError."""
    from dataclasses import replace

    from virtslo.regress.findings import examine

    found = {item.id: item for item in examine(lineage, checkpoints=checkpoints).findings}
    if wanted not in found:
        raise click.UsageError(
            f"no finding {wanted!r} of {lineage.name}: virtslo history changes lists them"
        )
    chosen = found[wanted]
    if metric is None:
        return chosen
    mine = tuple(item for item in chosen.changes if metric.lower() in item.key.label.lower())
    if not mine:
        raise click.UsageError(f"no series of {wanted} contains {metric!r}")
    return replace(chosen, changes=mine)


def _runs_a_side(needed: Sequence[Needed]) -> int | None:
    """Those that settle every series for which a number is known."""
    return max((item.runs for item in needed if item.runs is not None), default=None)


def _made(
    store: "HistoryStore",
    lineage: "Lineage",
    finding: HistoryFinding,
    count: int,
    options: dict[str, Any],
) -> Confirmation:
    """New runs, judged. Raises StoreError, ScenarioError, ClusterError."""
    from virtslo.cli.history.confirmation_runs import Wanted, new_runs
    from virtslo.regress.confirmation import settle

    wanted = Wanted(
        targets=(options["base"], options["candidate"]),
        count=count,
        runs=options["runs"],
        kubeconfig=options["kubeconfig"],
        is_agreed=options["yes"],
    )
    base, candidate = new_runs(store, lineage, finding, wanted)
    return settle(finding, base, candidate)


def _print_needed(
    lineage: "Lineage",
    finding: HistoryFinding,
    needed: Sequence[Needed],
    side: int | None,
    options: dict[str, Any],
) -> None:
    if options["form"] == "json":
        show_json(json.dumps(_plan(lineage, finding, needed, side, options), indent=2))
        return
    for line in finding_head(lineage, finding):
        say(line)
    width = max(len(item.change.key.label) for item in needed)
    for item in needed:
        say(f"    {item.change.key.label:<{width}}  {_needed_text(item)}")
    least = min((item.runs for item in needed if item.runs is not None), default=None)
    if side is None:
        say("no number of runs is known to settle it")
        return
    power = f"{100 * _power(options['power']):g} % power at 5 % error"
    clearest = "" if side == least else f"; {least} show the clearest one"
    say(f"{side} runs a side show every change that has a number with {power}{clearest}")


def _needed_text(item: Needed) -> str:
    if item.runs is None:
        return f"no number of runs: {item.reason}"
    if item.spread is None or item.difference is None:
        return f"{item.change.kind.value}: {item.runs} runs a side"
    return f"{change_text(item.change)}, spread {item.spread:.1%}: {item.runs} runs a side"


def _plan(
    lineage: "Lineage",
    finding: HistoryFinding,
    needed: Sequence[Needed],
    side: int | None,
    options: dict[str, Any],
) -> dict[str, Any]:
    return {
        "schema": "virtslo.confirmation-plan/v1",
        "lineage": lineage.name,
        "finding": finding.id,
        "power": options["power"],
        "runs_a_side": side,
        "series": [
            {
                **item.change.key._asdict(),
                "difference": item.difference,
                "spread": item.spread,
                "runs": item.runs,
                "reason": item.reason,
            }
            for item in needed
        ],
    }


def _concluded(
    lineage: "Lineage",
    finding: HistoryFinding,
    confirmation: Confirmation,
    needed: Sequence[Needed],
    options: dict[str, Any],
) -> int:
    """Print and log; returns the exit code."""
    document = _document(lineage, finding, confirmation, needed, options)
    _log(options["log"], json.dumps(document, ensure_ascii=False) + "\n")
    say(f"logged: {options['log']}", err=True)
    if options["form"] == "json":
        show_json(json.dumps(document, indent=2))
    else:
        for line in _lines(finding, confirmation):
            say(line)
    if confirmation.standing is Settled.OPEN:
        return OPEN
    is_bad = confirmation.standing is Settled.CONFIRMED and finding.kind in BAD
    return 1 if is_bad else 0


def _lines(finding: HistoryFinding, confirmation: Confirmation) -> Iterator[str]:
    base, candidate = len(confirmation.base), len(confirmation.candidate)
    yield (
        f"{finding.id}  {finding.kind.value.upper()}: {confirmation.standing.value} by {base} "
        f"against {candidate} new runs"
    )
    width = max(len(item.change.key.label) for item in confirmation.changes)
    for item in confirmation.changes:
        yield f"    {item.change.key.label:<{width}}  {item.standing.value}: {item.why}"
        yield f"    {'':<{width}}    history: {change_text(item.change)}"
        row = item.compared
        if row is not None:
            interval = row.interval
            ends = "" if interval is None else f", ratio {interval[0]:.3f} to {interval[1]:.3f}"
            yield (
                f"    {'':<{width}}    new runs: {row.base:.5g} → {row.candidate:.5g}{ends} "
                f"({row.test})"
            )


def _document(
    lineage: "Lineage",
    finding: HistoryFinding,
    confirmation: Confirmation,
    needed: Sequence[Needed],
    options: dict[str, Any],
) -> dict[str, Any]:
    return {
        "schema": "virtslo.confirmation/v1",
        "lineage": lineage.name,
        "finding": finding.id,
        "kind": finding.kind.value,
        "standing": confirmation.standing.value,
        "power": options["power"],
        "runs_a_side": _runs_a_side(needed),
        "base": {"target": options["base"], "runs": list(confirmation.base)},
        "candidate": {"target": options["candidate"], "runs": list(confirmation.candidate)},
        "series": [
            {
                **item.change.key._asdict(),
                "standing": item.standing.value,
                "why": item.why,
                "base": None if item.compared is None else item.compared.base,
                "candidate": None if item.compared is None else item.compared.candidate,
                "interval": None if item.compared is None else item.compared.interval,
            }
            for item in confirmation.changes
        ],
    }


def _log(path: Path, text: str) -> None:
    """Append a text. Raises StoreError."""
    from virtslo.base.errors import StoreError

    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise StoreError(f"{path}: cannot be written: {error.strerror}") from error
