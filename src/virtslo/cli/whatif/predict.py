"""`virtslo predict`: what recorded runs of a cluster say of a larger load."""

from collections.abc import Sequence
from pathlib import Path

import click

from virtslo.cli.printing import say, show
from virtslo.cli.whatif.calibrate import BASE, hold_out_option


@click.command("predict")
@click.argument("records", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--count", type=click.IntRange(1, 1_000_000), help="Number of objects to predict.")
@click.option("--kind", help="Kind to predict; by default that of the largest burst.")
@click.option("--nodes", type=click.IntRange(1, 20_000), help="Number of nodes.")
@click.option(
    "--seeds", type=click.IntRange(1, 100), default=3, show_default=True, help="Number of seeds."
)
@click.option(
    "--base",
    type=click.Choice(BASE),
    default="auto",
    show_default=True,
    help="Built-in profile to scale; auto: the one that fits best.",
)
@hold_out_option
@click.option("--quiet", is_flag=True, help="Show no progress.")
def command(
    records: Sequence[Path],
    count: int | None,
    kind: str | None,
    nodes: int | None,
    seeds: int,
    base: str,
    judges: Sequence[Path],
    *,
    quiet: bool,
) -> int:
    """Predict a burst from recorded runs of one cluster: calibrate, then simulate over seeds.

    Each figure stands with its interval over seeds and, apart from that, with the model's error on
    records that were held out. What is assumed is printed; beyond the largest burst, how far it
    extrapolates, and more than 100 times its objects are refused.

    \b
    virtslo predict runs/A runs/B --count 1000
    """
    from virtslo.cli.whatif.calibration_run import BASES
    from virtslo.cli.whatif.prediction_run import Wanted, predict
    from virtslo.cli.whatif.recorded_runs import read_recorded
    from virtslo.cli.wiring.whatif import prediction_text

    def note(words: str) -> None:
        if not quiet:
            say(f"virtslo: {words}", err=True)

    recorded, judging = read_recorded(records, judges, command="predict")
    bases = BASES if base == "auto" else (base,)
    wanted = Wanted(count, kind, nodes, tuple(range(1, seeds + 1)))
    prediction = predict(recorded, wanted, judges=judging, bases=bases, note=note)
    show(prediction_text(prediction))
    return 0
