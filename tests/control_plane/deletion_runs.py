"""Deletions on a real plane, made again and again: how far runs of one plane differ.

Invariant: virt-controller, virt-api and Kubernetes are the real ones; nodes are hollow, as many as
the reference had, and each step of theirs takes as long as the reference recorded it. A run is what
virt-controller sent, counted from the audit log.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from control_plane.side_by_side import loaded, make_run
from support.calls_table import RUNS
from support.reference_calls import DELETE_COLUMNS, UNDETERMINED
from virtslo.config.profiles import load_profile
from virtslo.model.simulated.profile import Distribution, Profile
from virtslo.plane.hollow_nodes import REFERENCE

COLUMNS: Final = {
    column: run
    for column, run in zip(DELETE_COLUMNS, RUNS, strict=True)
    if column in dict(UNDETERMINED)
}
"""Kind, count, and seconds between creates, by each column in which a cell is undetermined."""
NODES: Final = 50
RECORDED: Final = {
    "pod_start": (0.19, 0.43),
    "domain_define": (0.08, 0.24),
    "boot": (0.08, 0.24),
    "shutdown": (0.25, 0.41),
    "pod_stop": (0.52, 0.87),
}
"""Seconds, from the shortest to the longest that was recorded one at a time."""
LONGEST_SECONDS: Final = 600


def recorded_profile() -> Profile:
    """Nodes whose steps take as long as the recorded ones."""
    profile = load_profile(REFERENCE)
    delays = {
        name: Distribution(shape="uniform", low=low, high=high)
        for name, (low, high) in RECORDED.items()
    }
    return replace(profile, delays={**profile.delays, **delays})


async def deletion_runs(
    folder: Path, columns: Sequence[str]
) -> AsyncIterator[tuple[str, Mapping[str, float]]]:
    """Make a run for each name of a column, in this order, on one plane."""
    profile = recorded_profile()
    async with loaded(folder, nodes=NODES, hollow=False, profile=profile) as (api, log):
        for column in columns:
            async with asyncio.timeout(LONGEST_SECONDS):
                calls = await make_run(api, log, *COLUMNS[column])
            yield column, calls["deleted"]
