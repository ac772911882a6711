"""Count the findings of cost cards whose two sides are the same programs.

    python tools/card_false_alarms.py 20 --count 10 --budget 1m

Every finding of such a card is false. It prints each card's lines and findings, then the share of
false lines and of cards with one, each with its 95 % interval (Clopper and Pearson). Takes the
budget and about half a minute a card; the control plane must be built (make control-plane).
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import click

CANNOT_TELL = "cannot tell"
NONE = "no difference found"


@click.command()
@click.argument("cards", type=click.IntRange(1, 200))
@click.option("--count", default=10, help="Objects of each run.")
@click.option("--kind", default="vmi", help="Kind of the objects.")
@click.option("--hold", default="10s", help="Time that the objects are left alone.")
@click.option("--budget", default="1m", help="Time for the runs of a card.")
def main(cards: int, count: int, kind: str, hold: str, budget: str) -> None:
    """Make CARDS cards and print what they found."""
    judged = false = alarmed = made = 0
    for number in range(1, cards + 1):
        with tempfile.TemporaryDirectory() as folder:
            options = ("--kind", kind, "--count", str(count), "--hold", hold, "--budget", budget)
            card = _card(Path(folder), options)
        if card is None:
            click.echo(f"card {number}: none was made")
            continue
        verdicts = [row["verdict"] for row in card["costs"]]
        found = [row for row in card["costs"] if row["verdict"] not in {CANNOT_TELL, NONE}]
        told = sum(verdict != CANNOT_TELL for verdict in verdicts)
        runs = len(card["base"]["runs"])
        made, judged, false = made + 1, judged + told, false + len(found)
        alarmed += bool(found)
        click.echo(
            f"card {number}: {len(verdicts)} lines, {told} judged, {len(found)} findings, "
            f"{runs} runs a side"
        )
        for row in found:
            click.echo(f"  {json.dumps(row, ensure_ascii=False)}")
    click.echo(f"cards: {alarmed} of {made} with a finding {_interval(alarmed, made)}")
    click.echo(f"lines: {false} of {judged} {_interval(false, judged)}")


def _card(folder: Path, options: tuple[str, ...]) -> dict[str, Any] | None:
    output = folder / "card.json"
    command = [sys.executable, "-m", "virtslo", "cost", "default", "default", *options]
    done = subprocess.run(
        [*command, "--runs", str(folder / "runs"), "-o", str(output)],
        capture_output=True, text=True, check=False, timeout=1800,
    )  # fmt: skip
    if not output.exists():
        click.echo(done.stderr[-800:], err=True)
        return None
    card: dict[str, Any] = json.loads(output.read_text())
    return card


def _interval(found: int, of: int) -> str:
    from scipy.stats import binomtest

    if not of:
        return "(no data)"
    interval = binomtest(found, of).proportion_ci(0.95, "exact")
    return f"({100 * interval.low:.2f} to {100 * interval.high:.2f} %)"


if __name__ == "__main__":
    main()
