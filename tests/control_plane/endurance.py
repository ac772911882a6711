"""A run on a real control plane to which something happens, and what must hold afterwards.

Invariant: what was recorded is compared with the API server's audit log, name by name: nothing
lost, nothing twice. A run is valid, or inconclusive with a reason, and nothing of it is left.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from control_plane.clusters import labelled
from control_plane.commands import Shown, start
from control_plane.flow_control import ACCOUNT
from support.processes import current_header
from virtslo.cli.wiring import read_record
from virtslo.model.run.record import RunRecord
from virtslo.plane.control_plane import ControlPlane

LOG = logging.getLogger(__name__)
COUNT: Final = 10
STAGES: Final = ("warm_up", "ramp_up", "churn", "ramp_down")
BURST: Final[dict[str, Any]] = {"pattern": "burst"}
PACED: Final[dict[str, Any]] = {
    "pattern": "burst",
    "arrival": {"process": "constant", "rate": "0.5/s"},
}
STEADY: Final[dict[str, Any]] = {
    "pattern": "steady-state",
    "churn": {"objects": 2, "cycles": 2, "every": "4s"},
}
VMIS: Final = "virtualmachineinstances"
Happening = Callable[[Path], Awaitable[None]]
"""What happens to the cluster during a run; told the run's folder."""


@dataclass(frozen=True, slots=True, repr=False)
class Outcome:
    """How a run ended."""

    shown: Shown
    record: RunRecord
    findings: dict[str, str]
    """Details by code."""
    doubts: frozenset[str] = frozenset()
    """Codes of what makes it inconclusive."""

    def __repr__(self) -> str:
        if self.shown.code == 3:
            return f"could not run: {self.shown.err.splitlines()[-1]}"
        word = "valid" if self.shown.code == 0 else "inconclusive"
        return f"{word}: {', '.join(sorted(self.findings)) or 'no finding'}"


def folder_with(
    kubeconfig: Path,
    folder: Path,
    *,
    load: dict[str, Any],
    count: int = COUNT,
    rest_calls: str = "none",
    deadline: str = "90s",
) -> Path:
    """A folder for one run: the kubeconfig, and a scenario that looks at the watch alone, or
    counts REST calls too."""
    folder.mkdir(parents=True)
    (folder / "account.yaml").write_bytes(kubeconfig.read_bytes())
    scenario = {
        "apiVersion": "virtslo/v1",
        "name": "endure",
        "workload": {"kind": "vmi", "count": count},
        "load": {**load, "settle": "2s"},
        "deadlines": {"running": deadline, "gone": deadline},
        "observe": {"restCalls": rest_calls},
    }
    (folder / "scenario.yaml").write_text(yaml.safe_dump(scenario))
    return folder


async def endure(plane: ControlPlane, folder: Path, happening: Happening) -> Outcome:
    """One run to which something happens; checks what must hold whatever it is."""
    arguments = ("run", "scenario.yaml", "--yes", "--format", "json")
    process = await start(folder / "account.yaml", *arguments)
    try:
        await happening(folder)
        out, err = await process.communicate()
    except BaseException:
        process.kill()
        raise
    assert process.returncode is not None
    shown = Shown(process.returncode, out.decode(), err.decode())

    place = f"{folder}: {shown.err[-3000:]}"
    header = current_header(folder)
    async with plane.admin() as api:
        left = await labelled(api)
    assert left == [], f"{place}\n{header['left_behind']}"
    assert header["left_behind"] == [], place
    assert shown.code in {0, 3, 4}, place
    (directory,) = (folder / "runs").iterdir()
    record = read_record(directory)
    assert_nothing_lost_or_counted_twice(plane, record)
    if shown.code == 3:
        assert header["status"] == "failed", place
        return Outcome(shown, record, {})
    findings: dict[str, str] = {}
    for each in shown.document["data_quality"]:
        known = findings.get(each["code"])
        findings[each["code"]] = f"{known}; {each['detail']}" if known else each["detail"]
    reasons = [each for each in shown.document["data_quality"] if each["inconclusive"]]
    assert bool(reasons) == (shown.code == 4), f"inconclusive for no reason, or valid: {place}"
    return Outcome(shown, record, findings, frozenset(each["code"] for each in reasons))


def assert_nothing_lost_or_counted_twice(plane: ControlPlane, record: RunRecord) -> None:
    """By name: the server made what was recorded, once, and what is unsure is recorded as such."""
    operations = [each for each in record.operations if each.verb == "create"]
    asked = [(each.namespace, each.name) for each in operations]
    answered = {(each.namespace, each.name) for each in operations if each.error is None}
    made = [key for key in created(plane) if key in set(asked)]
    assert len(set(made)) == len(made), f"made twice: {sorted(made)}"
    assert len(set(asked)) == len(asked), f"asked for twice: {sorted(asked)}"
    assert answered <= set(made), f"recorded, but never made: {answered - set(made)}"
    unsure = {
        (each.namespace, each.name) for each in operations if each.code is None or each.code >= 500
    }
    assert set(made) - answered <= unsure, f"made, but not recorded: {set(made) - answered}"


def created(plane: ControlPlane) -> list[tuple[str, str]]:
    """Namespace and name of the VMIs that virtslo's account created, by the audit log."""
    return [
        (event["objectRef"]["namespace"], event["objectRef"]["name"])
        for event in plane.audited()
        if event["user"]["username"] == ACCOUNT
        and event["verb"] == "create"
        and event["objectRef"]["resource"] == VMIS
        and "dryRun=All" not in event["requestURI"]
        and event["responseStatus"]["code"] == 201
    ]


def in_every_stage(stages: Sequence[str], strike: Callable[[], Awaitable[None]]) -> Happening:
    """Something that is done in the middle of each stage."""

    async def happening(folder: Path) -> None:
        for stage in stages:
            header = await until_stage(folder, stage)
            LOG.info("struck in %s", header["stages"][-1]["name"])
            await strike()

    return happening


async def until_stage(folder: Path, name: str) -> dict[str, Any]:
    """Wait until the run of a folder has begun a stage; returns its record's header."""
    for _ in range(2400):
        header = current_header(folder)
        if any(each["name"] == name for each in header.get("stages", ())):
            return header
        await asyncio.sleep(0.05)
    raise AssertionError(f"no run got to {name}: {current_header(folder)}")
