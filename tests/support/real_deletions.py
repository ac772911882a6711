"""What deletions on one real plane cost, run by run: by how much a single run may mislead.

Kubernetes and KubeVirt's own virt-api and virt-controller on two cores, with hollow nodes whose
steps take as long as the reference recorded them; measured by `tools/deletion_spread.py`.
"""

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final

KEPT: Final = Path(__file__).with_suffix(".json")
LEAST_RUNS: Final = 5
"""Of each column; fewer show no range."""


@cache
def _runs() -> dict[str, list[dict[str, float]]]:
    kept: dict[str, list[dict[str, float]]] = json.loads(KEPT.read_text(encoding="utf-8"))
    return kept


def real_runs(column: str, call: str) -> Sequence[float]:
    """virt-controller's calls per object (`verb resource code`) in each run of a column."""
    return [run.get(call, 0.0) for run in _runs()[column]]
