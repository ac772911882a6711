"""A history of one build and then of a worse one, by a simulated run of each."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from support.cli import only_run, virtslo
from support.stored_runs import START
from virtslo.app.history.store_runs import runs_of
from virtslo.model.history.runs import HistoryRun
from virtslo.store.history.database import open_history
from virtslo.store.records import read_record

PER_SIDE = 12
"""Runs of each build."""


def worsened_history(root: Path, *, count: int) -> tuple[str, str]:
    """Twelve runs of a build and twelve of a worse one, each `count` VMIs; the option for it."""
    runs: list[HistoryRun] = []
    for profile in ("ci", "regressed"):
        done = virtslo("run", "burst", "--count", str(count), "--simulate", profile, "--seed", "1",
                       "--repeat", "1", "--runs", str(root / profile), "--quiet")  # fmt: skip
        assert done.code == 0, done.err
        (run,) = runs_of(read_record(only_run(root / profile)))
        runs += [
            replace(run, run_id=f"{run.run_id}-{number}", lineage="burst", seed=1 + number,
                    ended_at=START + timedelta(hours=len(runs) + number))
            for number in range(PER_SIDE)
        ]  # fmt: skip
    where = root / "history.db"
    store = open_history(str(where))
    store.put(runs)
    store.close()
    return ("--history", str(where))
