"""The hollow virt-controller beside the real one: what no timing changes is the same."""

import asyncio
from pathlib import Path

import pytest

from control_plane.side_by_side import KINDS, measure

COUNT = 3
CERTAIN = {
    "created": {
        "CREATE controllerrevisions|201",
        "CREATE events|201",
        "CREATE pods|201",
        "CREATE virtualmachineinstances|201",
        "PATCH pods/status|200",
        "PATCH pods|200",
        "PATCH virtualmachineinstances|200",
        "PATCH virtualmachines|200",
        "UPDATE virtualmachines|200",
    },
    "deleted": {
        "CREATE events|201",
        "DELETE virtualmachineinstances|200",
        "PATCH virtualmachines|200",
        "UPDATE virtualmachines/status|404",
    },
}
"""Calls that are made once, or twice, for each VM however things fall; both parts of its life."""


@pytest.mark.timeout(600)
def test_a_vm_costs_the_same_calls_under_either_controller(tmp_path: Path) -> None:
    kinds = [kind for kind in KINDS if kind[0] == "vm"]
    runs = {}
    for hollow in (False, True):
        folder = tmp_path / str(hollow)
        folder.mkdir()
        runs[hollow] = asyncio.run(measure(folder, hollow=hollow, kinds=kinds, count=COUNT))["vm"]

    for part, rows in CERTAIN.items():
        real, played = ({row: run[part].get(row) for row in rows} for run in runs.values())
        assert played == real, part
        assert None not in real.values(), part
    for run in runs.values():
        patches = run["deleted"]["PATCH virtualmachineinstances|200"]
        assert patches >= 1.0, "the VM controller takes its finalizer off each VMI"
