"""`virtslo plan`: how many runs show a difference, from runs that were made before."""

from typing import TYPE_CHECKING

import click

from virtslo.cli.history.options import history_option
from virtslo.cli.options import format_option
from virtslo.cli.printing import show

if TYPE_CHECKING:
    from collections.abc import Sequence


@click.command("plan")
@click.argument("runs", nargs=-1, required=True)
@history_option
@click.option(
    "--detect",
    metavar="SHARE",
    default="10%",
    show_default=True,
    help="The relative difference that is to be detected.",
)
@click.option(
    "--indicator",
    "indicators",
    multiple=True,
    metavar="NAME[:STAT]",
    help="Indicator to plan for, in place of the headlines and rates.",
)
@format_option("table", "json")
def command(
    runs: tuple[str, ...],
    location: str | None,
    detect: str,
    indicators: tuple[str, ...],
    form: str,
) -> int:
    """Say how many runs show a difference, and which difference a number of runs can show.

    RUNS were made before: records, folders of records, or a selection of the history, as
    `virtslo compare` takes them. Three of a scenario are needed to say how much runs differ; more
    say it better.

    \b
    virtslo plan runs/ID --detect 10%
    virtslo plan history:e2e@2024-10-10..2024-11-04 --detect 5%
    """
    from virtslo.base.units import parse_share
    from virtslo.cli.history.compare import samples_of
    from virtslo.cli.wiring import detection_text
    from virtslo.regress.detection import detection_plans

    try:
        wanted = parse_share(detect)
    except ValueError as error:
        raise click.UsageError(f"--detect: expected {error}, found {detect!r}") from error
    if not wanted:
        raise click.UsageError("--detect: expected more than 0%")
    keys = _keys(indicators)
    samples = [sample for text in runs for sample in samples_of(text, location)]
    plans = detection_plans(samples, keys, wanted=wanted)
    show(detection_text(plans, form))
    return 0


def _keys(given: "Sequence[str]") -> list[tuple[str, str]]:
    """The indicators that are meant. Raises ScenarioError with every problem."""
    from virtslo.base.errors import Problem, ScenarioError
    from virtslo.config.problems import nearest
    from virtslo.slo.catalog.catalog import CATALOG

    if not given:
        return _usual()
    found, problems = [], []
    for text in given:
        name, _, statistic = text.partition(":")
        definition = CATALOG.get(name)
        if definition is None:
            hint = nearest(name, list(CATALOG))
            problems.append(Problem("--indicator", repr(name), "the name of an indicator", hint))
            continue
        statistic = statistic or definition.statistics[0]
        if not definition.has(statistic):
            known = ", ".join(definition.statistics)
            problems.append(Problem("--indicator", repr(text), f"a statistic of {name}: {known}"))
        found.append((name, statistic))
    if problems:
        raise ScenarioError("command line", problems)
    return found


def _usual() -> list[tuple[str, str]]:
    """The headlines of both tests, and throughput."""
    from virtslo.model.identifiers import RUNNING
    from virtslo.slo.catalog.churn import CYCLE_RECOVERY, REPLACEMENT, TIME_BELOW_CAPACITY
    from virtslo.slo.catalog.vmis import INTENT_TO_RUNNING, OF_PHASE, TIME_TO_ALL_RUNNING

    return [
        (INTENT_TO_RUNNING.name, "p50"),
        (INTENT_TO_RUNNING.name, "p95"),
        (TIME_TO_ALL_RUNNING.name, "value"),
        (REPLACEMENT.name, "p50"),
        (REPLACEMENT.name, "p95"),
        (CYCLE_RECOVERY.name, "p50"),
        (TIME_BELOW_CAPACITY.name, "value"),
        (OF_PHASE[RUNNING].rate.name, "mean"),
    ]
