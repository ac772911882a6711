"""`virtslo calibrate`: a profile that is like one's own cluster, from its records."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from virtslo.cli.output import OutputFile
from virtslo.cli.printing import say, show

BASE = ("auto", "two-core", "two-core-shared", "ci", "instant")


def hold_out_option(function: Any) -> Any:
    """The option that names records which judge a calibration."""
    option = click.option(
        "--hold-out",
        "judges",
        multiple=True,
        type=click.Path(path_type=Path),
        help="Record that is predicted, never fitted: what the model's error is of. Repeatable.",
    )
    return option(function)


@click.command("calibrate")
@click.argument("records", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("-o", "--output", type=OutputFile(), help="Profile to write.")
@click.option(
    "--base",
    type=click.Choice(BASE),
    default="auto",
    show_default=True,
    help="Built-in profile to scale; auto: the one that fits best.",
)
@click.option(
    "--seeds", type=click.IntRange(1, 20), default=1, show_default=True, help="Seeds a simulation."
)
@hold_out_option
@click.option("--quiet", is_flag=True, help="Show no progress.")
def command(
    records: Sequence[Path],
    output: Path | None,
    base: str,
    seeds: int,
    judges: Sequence[Path],
    *,
    quiet: bool,
) -> int:
    """Fit a profile to recorded runs of one cluster.

    A built-in profile is scaled (capacity and times of requests; starting, booting and stopping
    steps) until simulated runs of the records' own scenarios take as long in each phase. Constant
    churn at a low rate tells the steps and requests, a burst the capacity; a factor that the
    records do not tell is "not identified". The error is that on --hold-out records; without any,
    from three records on, each is predicted from the others.

    \b
    virtslo run constant-churn --context C --count 20 --churn 1/s --duration 60s
    virtslo run burst --context C --count 100
    virtslo calibrate runs/A runs/B -o mine.yaml
    virtslo calibrate runs/A runs/B --hold-out runs/LARGER
    virtslo run burst --count 1000 --simulate ./mine.yaml
    """
    from virtslo.cli.output import write_file
    from virtslo.cli.whatif.calibration_run import BASES, calibrate, profile_file
    from virtslo.cli.whatif.recorded_runs import read_recorded
    from virtslo.cli.wiring.whatif import calibration_text

    def note(words: str) -> None:
        if not quiet:
            say(f"virtslo: {words}", err=True)

    recorded, judging = read_recorded(records, judges, command="calibrate")
    bases = BASES if base == "auto" else (base,)
    numbers = tuple(range(1, seeds + 1))
    calibration = calibrate(recorded, judges=judging, seeds=numbers, bases=bases, note=note)
    show(calibration_text(calibration))
    if output is not None:
        write_file(output, profile_file(calibration))
        say(f"written: {output}", err=True)
    return 0
