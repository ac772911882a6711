"""Measure how far deletions on one real plane differ from run to run, and keep it.

`deletion_spread.py N` makes N runs (5 or more) of each column on a plane of its own and writes what
virt-controller sent per object to tests/support/real_deletions.json, after each. A run takes up to
a minute; the control plane must be built (make control-plane), and the machine at rest.
"""

import asyncio
import json
import sys
import tempfile
from pathlib import Path

from control_plane.deletion_runs import COLUMNS, deletion_runs
from support.real_deletions import KEPT, LEAST_RUNS


def main() -> None:
    """Do what the command line says."""
    match sys.argv[1:]:
        case [number] if number.isdecimal() and int(number) >= LEAST_RUNS:
            asyncio.run(_measure(int(number)))
        case _:
            sys.exit(__doc__)


async def _measure(number: int) -> None:
    runs: dict[str, list[dict[str, float]]] = {column: [] for column in COLUMNS}
    with tempfile.TemporaryDirectory() as folder:
        async for column, calls in deletion_runs(Path(folder), list(COLUMNS) * number):
            rows = {_row(call): round(each, 3) for call, each in calls.items()}
            runs[column].append(rows)
            KEPT.write_text(json.dumps(runs, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
            sys.stdout.write(f"{column}: {rows}\n")
            sys.stdout.flush()


def _row(call: str) -> str:
    """`VERB resource|code` as the comparison has it."""
    verb, rest = call.split(" ", 1)
    return f"{verb.lower()} {rest.replace('|', ' ')}"


if __name__ == "__main__":
    main()
