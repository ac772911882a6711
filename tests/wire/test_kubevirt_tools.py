"""KubeVirt's own virtctl and load generator, unchanged, against `virtslo simulate`.

`tools/released_kubevirt.py --tools` builds them; they are looked for on PATH.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.kubectl import KUBECTL, WHY_NOT, Kubectl, machine
from support.simulate_process import simulate_process

VIRTCTL = shutil.which("virtctl")
LOAD_GENERATOR = shutil.which("perfscale-load-generator")
EXAMPLES = Path(__file__).parents[2] / "examples" / "perfscale"
pytestmark = [pytest.mark.slow, pytest.mark.skipif(KUBECTL is None, reason=WHY_NOT)]
COUNT = 10
WAIT = "--timeout=300s"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    place = tmp_path_factory.mktemp("simulate")
    with simulate_process(place, "--nodes", "4", "--audit-log", str(place / "audit.log")):
        yield place


@pytest.fixture
def kubectl(folder: Path) -> Kubectl:
    return Kubectl(folder / "kubeconfig", "default")


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "KUBECONFIG": str(folder / "kubeconfig"), "HOME": str(folder)}
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, timeout=600
    )


@pytest.mark.skipif(VIRTCTL is None, reason="virtctl is not on PATH")
def test_virtctl_leads_a_machine_through_its_life(folder: Path, kubectl: Kubectl) -> None:
    def virtctl(*arguments: str) -> str:
        done = run(folder, str(VIRTCTL), *arguments)
        said = done.stdout + done.stderr
        return said if done.returncode == 0 else f"refused: {said}"

    def until(status: str) -> None:
        kubectl("wait", "vm/one", f"--for=jsonpath={{.status.printableStatus}}={status}", WAIT)

    vm = {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachine",
        "metadata": {"name": "one"},
        "spec": {"runStrategy": "Halted", "template": {"spec": machine()}},
    }
    kubectl("apply", "-f", "-", body=vm)
    until("Stopped")

    assert "Server Version" in virtctl("version")
    assert "scheduled to start" in virtctl("start", "one", "--paused")
    until("Paused")
    assert "scheduled to unpause" in virtctl("unpause", "vm", "one")
    until("Running")
    assert "already running" in virtctl("start", "one")
    for asked in ("guestosinfo", "fslist", "userlist"):
        assert "does not have guest agent connected" in virtctl(asked, "one")
    assert "runStrategy: Always" in virtctl("expand", "--vm", "one")
    assert "scheduled to migrate" in virtctl("migrate", "one")
    kubectl("wait", "vmim", "--all", "--for=jsonpath={.status.phase}=Succeeded", WAIT)
    assert "scheduled to soft-reboot" in virtctl("soft-reboot", "one")
    assert "scheduled to stop" in virtctl("stop", "one")
    until("Stopped")
    assert "VM is not running" in virtctl("stop", "one")

    events = map(json.loads, (folder / "audit.log").read_text().splitlines())
    asked_of = {
        reference["subresource"]
        for event in events
        if (reference := event.get("objectRef", {})).get("apiGroup") == "subresources.kubevirt.io"
    }
    assert {"start", "unpause", "migrate", "stop", "guestosinfo"} <= asked_of


@pytest.mark.skipif(LOAD_GENERATOR is None, reason="perfscale-load-generator is not on PATH")
def test_the_load_generator_runs_a_burst_from_set_up_to_clean_up(
    folder: Path, kubectl: Kubectl, tmp_path: Path
) -> None:
    shutil.copytree(EXAMPLES / "templates", tmp_path / "templates")
    workload = tmp_path / "burst.yaml"
    burst = (EXAMPLES / "burst.yaml").read_text().replace("count: 100", f"count: {COUNT}")
    workload.write_text(burst)

    done = run(folder, str(LOAD_GENERATOR), "-verbose", "2", "-delete", "-workload", str(workload))

    events = map(json.loads, (folder / "audit.log").read_text().splitlines())
    created = [
        event["responseStatus"]["code"]
        for event in events
        if event["verb"] == "create"
        and event["objectRef"]["resource"] == "virtualmachineinstances"
        and event["objectRef"]["namespace"] == "density"
    ]
    assert done.returncode == 0, done.stdout + done.stderr
    assert "All workloads for job have been deleted" in done.stdout + done.stderr
    assert created == [201] * COUNT
    assert kubectl("get", "vmi", "-A", "-o", "name") == ""
