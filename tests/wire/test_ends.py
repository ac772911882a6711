"""However a run ends, and in whichever stage: what is left is known, and there is a way to it."""

import asyncio
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from support.cli import virtslo, virtslo_in_thread
from support.clusters import Served, connected, hollow_served
from support.processes import current_header, finish, kubeconfig_of, start, until_stage
from support.relay import relayed
from virtslo.model.identifiers import RUN_LABEL, SCHEDULING
from virtslo.model.kubernetes.resources import NAMESPACES, VMIS
from virtslo.model.run.operations import CREATE
from virtslo.model.stage_names import RAMP_UP
from virtslo.ports.kube_api import Selection
from virtslo.store.records import read_record

STAGES = [
    pytest.param("warm_up", marks=pytest.mark.slow),
    "ramp_up",
    pytest.param("churn", marks=pytest.mark.slow),
    pytest.param("ramp_down", marks=pytest.mark.slow),
]
STEADY = {"pattern": "steady-state", "churn": {"objects": 2, "cycles": 3, "every": "2s"}}


def run_with(stage: str, folder: Path) -> tuple[str, ...]:
    """A run that gets to a stage, and looks at nothing but its objects."""
    scenario = {
        "apiVersion": "virtslo/v1",
        "name": "ends",
        "workload": {"kind": "vmi", "count": 5},
        "load": {**(STEADY if stage == "churn" else {"pattern": "burst"}), "settle": "2s"},
        "observe": {"restCalls": "none"},
    }
    (folder / "scenario.yaml").write_text(yaml.safe_dump(scenario))
    return ("run", "scenario.yaml", "--yes", "--quiet")


def port_of(there: Served) -> int:
    port = urlsplit(there.url).port
    assert port is not None
    return port


IDLE = """
apiVersion: virtslo/v1
name: idle
workload: {kind: vmi, count: 5, template: nowhere.yaml.j2}
load: {pattern: burst}
observe: {restCalls: none}
warmUp: {objects: 0}
"""
"""A run of a few objects that no node is fit for: it waits, and nothing happens."""
NOWHERE = """
apiVersion: kubevirt.io/v1
kind: VirtualMachineInstance
metadata: {name: "{{ name }}"}
spec:
  nodeSelector: {where: nowhere}
  domain: {devices: {}, resources: {requests: {memory: 90Mi}}}
"""


async def labelled(there: Served) -> list[str]:
    selection = Selection(label_selector=RUN_LABEL)
    async with connected(there) as api:
        found = [await api.list_objects(resource, selection) for resource in (VMIS, NAMESPACES)]
    return [item["metadata"]["name"] for page in found for item in page.items]


@pytest.mark.parametrize("stage", STAGES)
async def test_sigterm_cleans_up_and_keeps_the_record(tmp_path: Path, stage: str) -> None:
    async with hollow_served(nodes=2) as there:
        where = ("--kubeconfig", str(kubeconfig_of(there, tmp_path)), "--context", "mine")
        process = await start(tmp_path, *run_with(stage, tmp_path), *where)
        await until_stage(tmp_path, stage)
        process.send_signal(signal.SIGTERM)
        shown = await finish(process)

        assert shown.code == 130, shown.err
        assert await labelled(there) == []
        header = current_header(tmp_path)
        assert header["status"] == "interrupted"
        assert header["left_behind"] == []


@pytest.mark.parametrize("stage", STAGES)
async def test_after_sigkill_the_record_leads_to_what_is_left(tmp_path: Path, stage: str) -> None:
    async with hollow_served(nodes=2) as there:
        where = ("--kubeconfig", str(kubeconfig_of(there, tmp_path)), "--context", "mine")
        process = await start(tmp_path, *run_with(stage, tmp_path), *where)
        await until_stage(tmp_path, stage)
        process.kill()
        await process.wait()
        (record,) = (tmp_path / "runs").iterdir()
        told = virtslo("report", str(record))
        command = f"virtslo clean --run {current_header(tmp_path)['run_label']}"
        assert command in told.out + told.err
        assert told.code == 4, "a run that did not end never counts as a pass"

        cleaned = await virtslo_in_thread(*command.split()[1:], *where, "--yes")
        assert cleaned.code == 0, cleaned.err
        assert await labelled(there) == []


async def test_what_was_recorded_before_an_idle_stage_survives_sigkill(tmp_path: Path) -> None:
    async def scheduling(there: Served) -> int:
        async with connected(there) as api:
            found = await api.list_objects(VMIS, Selection(label_selector=RUN_LABEL))
        return sum(item.get("status", {}).get("phase") == SCHEDULING for item in found.items)

    (tmp_path / "idle.yaml").write_text(IDLE)
    (tmp_path / "nowhere.yaml.j2").write_text(NOWHERE)
    async with hollow_served(nodes=2) as there:
        where = ("--kubeconfig", str(kubeconfig_of(there, tmp_path)), "--context", "mine")
        process = await start(
            tmp_path, "run", str(tmp_path / "idle.yaml"), "--yes", "--quiet", *where
        )
        await until_stage(tmp_path, RAMP_UP)
        for _ in range(6000):
            if await scheduling(there) == 5:
                break
            await asyncio.sleep(0.1)
        await asyncio.sleep(3)
        process.kill()
        await process.wait()
    (folder,) = (tmp_path / "runs").iterdir()
    record = read_record(folder)
    made = [each for each in record.operations if (each.stage, each.verb) == (RAMP_UP, CREATE)]
    seen = Counter(each.phase for each in record.observations if each.kind == VMIS.kind)

    assert len(made) == 5
    assert seen[SCHEDULING] == 5


@pytest.mark.parametrize("stage", STAGES)
async def test_after_the_connection_is_lost_for_good_the_record_leads_to_what_is_left(
    tmp_path: Path, stage: str
) -> None:
    async with hollow_served(nodes=2) as there, relayed(port_of(there)) as relay:
        far = kubeconfig_of(replace(there, url=relay.url), tmp_path)
        where = ("--kubeconfig", str(far), "--context", "mine")
        process = await start(tmp_path, *run_with(stage, tmp_path), *where)
        await until_stage(tmp_path, stage)
        await relay.cut()
        process.send_signal(signal.SIGTERM)
        await asyncio.sleep(1)
        assert process.returncode is None, "clean-up goes on trying"
        process.send_signal(signal.SIGTERM)
        shown = await finish(process)

        header = current_header(tmp_path)
        command = f"virtslo clean --run {header['run_label']}"
        assert shown.code == 130, shown.err
        assert command in shown.err
        (record,) = (tmp_path / "runs").iterdir()
        told = virtslo("report", str(record))
        assert told.code == 4, "a run that did not end never counts as a pass"
        assert command in told.out + told.err
        assert await labelled(there) != []

        await relay.open()
        cleaned = await virtslo_in_thread(*command.split()[1:], *where, "--yes")
        assert cleaned.code == 0, cleaned.err
        assert await labelled(there) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_served_cluster_ends_by_a_signal_that_was_ignored_when_it_began(
    tmp_path: Path, number: signal.Signals
) -> None:
    """A shell without job control starts what runs in the background with SIGINT ignored."""
    process = subprocess.Popen(
        [sys.executable, "-m", "virtslo", "simulate", "--kubeconfig", str(tmp_path / "config")],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),  # noqa: PLW1509
    )  # fmt: skip
    assert process.stdout is not None
    while "Ctrl-C ends it" not in (line := process.stdout.readline()):
        assert line, "it ended before it served"
    while not _is_caught(process.pid, number) and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(number)
    _, err = process.communicate(timeout=300)

    assert (process.returncode, err.strip().splitlines()[-1:]) == (0, ["stopped"])


def _is_caught(pid: int, number: signal.Signals) -> bool:
    """Whether a process has a handler for a signal, as the kernel says."""
    status = Path(f"/proc/{pid}/status").read_text()
    caught = int(status.split("SigCgt:")[1].split()[0], 16)
    return bool(caught >> (number - 1) & 1)
