"""KubeVirt's own API, as virtctl calls it: machines are started, stopped, restarted and paused."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from support.raw_api import Answer, RawApi, simulated_api

TRIES = 6000
"""Only what hangs ends here: a busy machine takes its time."""


@pytest.fixture(scope="module")
def api() -> Iterator[RawApi]:
    with simulated_api(has_controllers=True) as found:
        yield found


@pytest.fixture
def space(api: RawApi) -> str:
    body = {"metadata": {"generateName": "lifecycle-"}}
    name: str = api.call("POST", "/api/v1/namespaces", body).document["metadata"]["name"]
    return name


class Machine:
    """A VM in a namespace."""

    def __init__(self, api: RawApi, space: str, strategy: str) -> None:
        self._api, self._space = api, space
        domain = {"devices": {}, "resources": {"requests": {"memory": "64Mi"}}}
        body = {
            "apiVersion": "kubevirt.io/v1",
            "kind": "VirtualMachine",
            "metadata": {"name": "one"},
            "spec": {"runStrategy": strategy, "template": {"spec": {"domain": domain}}},
        }
        assert api.call("POST", self._path("virtualmachines", name=False), body).code == 201

    def _path(self, plural: str, *, name: bool = True) -> str:
        base = f"/apis/kubevirt.io/v1/namespaces/{self._space}/{plural}"
        return f"{base}/one" if name else base

    def vm(self) -> Any:
        return self._api.call("GET", self._path("virtualmachines")).document

    def vmi(self) -> Any:
        answer = self._api.call("GET", self._path("virtualmachineinstances"))
        return answer.document if answer.code == 200 else None

    def ask(self, action: str, plural: str = "virtualmachines", **options: Any) -> Answer:
        group = "/apis/subresources.kubevirt.io/v1"
        path = f"{group}/namespaces/{self._space}/{plural}/one/{action}"
        return self._api.call("PUT", path, options or None)

    def until(self, condition: Callable[[], bool]) -> None:
        for _ in range(TRIES):
            if condition():
                return
            time.sleep(0.05)
        raise AssertionError(self.vm())

    def until_status(self, word: str) -> None:
        self.until(lambda: self.vm().get("status", {}).get("printableStatus") == word)


def test_a_halted_machine_is_started_and_stopped(api: RawApi, space: str) -> None:
    machine = Machine(api, space, "Halted")
    machine.until_status("Stopped")

    started = machine.ask("start")
    machine.until_status("Running")
    again = machine.ask("start")
    stopped = machine.ask("stop")
    machine.until_status("Stopped")

    assert (started.code, started.body) == (202, b"")
    assert again.code == 409
    assert again.message.endswith("VM is already running")
    assert stopped.code == 202
    assert machine.vm()["spec"]["runStrategy"] == "Halted"


def test_a_manual_machine_keeps_its_strategy(api: RawApi, space: str) -> None:
    machine = Machine(api, space, "Manual")
    machine.until_status("Stopped")

    early = machine.ask("stop")
    assert machine.ask("start").code == 202
    machine.until_status("Running")
    assert machine.ask("stop").code == 202
    machine.until_status("Stopped")

    assert early.code == 409
    assert early.message.endswith("VM is not running")
    assert machine.vm()["spec"]["runStrategy"] == "Manual"


def test_a_restart_brings_another_instance(api: RawApi, space: str) -> None:
    machine = Machine(api, space, "Always")
    machine.until_status("Running")
    before = machine.vmi()["metadata"]["uid"]

    refused = machine.ask("start")
    assert machine.ask("restart").code == 202
    machine.until(
        lambda: (
            (found := machine.vmi()) is not None
            and found["metadata"]["uid"] != before
            and found["status"]["phase"] == "Running"
        )
    )

    assert refused.code == 409


def test_an_instance_is_paused_and_goes_on(api: RawApi, space: str) -> None:
    machine = Machine(api, space, "Always")
    machine.until_status("Running")

    def paused() -> bool:
        conditions = machine.vmi()["status"]["conditions"]
        return any(each["type"] == "Paused" for each in conditions)

    assert machine.ask("pause", "virtualmachineinstances").code == 200
    was_paused, again = paused(), machine.ask("pause", "virtualmachineinstances")
    assert machine.ask("unpause", "virtualmachineinstances").code == 200

    assert was_paused
    assert again.code == 409
    assert not paused()


def test_a_machine_is_started_paused(api: RawApi, space: str) -> None:
    machine = Machine(api, space, "Halted")
    machine.until_status("Stopped")

    started = machine.ask("start", paused=True)
    machine.until_status("Paused")

    assert started.code == 202
    assert machine.vmi()["spec"]["startStrategy"] == "Paused"
    assert machine.vmi()["status"]["phase"] == "Running"
    machine.until(lambda: machine.vm()["status"].get("ready") is True)
    assert machine.ask("softreboot", "virtualmachineinstances").code == 409
    assert machine.ask("unpause", "virtualmachineinstances").code == 200
    machine.until_status("Running")


def test_a_running_machine_is_migrated(api: RawApi, space: str) -> None:
    machine = Machine(api, space, "Always")
    machine.until_status("Running")
    before = machine.vmi()["status"]["nodeName"]

    asked = machine.ask("migrate")
    machine.until(lambda: machine.vmi()["status"]["nodeName"] != before)

    path = f"/apis/kubevirt.io/v1/namespaces/{space}/virtualmachineinstancemigrations"
    (made,) = api.call("GET", path).document["items"]
    assert asked.code == 202
    assert made["metadata"]["name"].startswith("kubevirt-migrate-vm-")
    assert made["spec"] == {"vmiName": "one"}


def test_a_dry_run_changes_nothing(api: RawApi, space: str) -> None:
    machine = Machine(api, space, "Halted")
    machine.until_status("Stopped")
    before = machine.vm()

    assert machine.ask("start", dryRun=["All"]).code == 202
    assert machine.ask("start", dryRun=["All"], paused=True).code == 202
    assert machine.vm() == before


@pytest.mark.parametrize("asked", ["guestosinfo", "userlist", "filesystemlist"])
def test_no_guest_agent_answers(api: RawApi, space: str, asked: str) -> None:
    machine = Machine(api, space, "Always")
    machine.until_status("Running")
    path = f"/apis/subresources.kubevirt.io/v1/namespaces/{space}/virtualmachineinstances"

    of_one, of_none = (api.call("GET", f"{path}/{name}/{asked}") for name in ("one", "none"))

    assert (of_one.code, of_none.code) == (500, 500)
    assert of_one.body.decode().endswith("VMI does not have guest agent connected")
    assert of_none.body.decode() == 'virtualmachineinstance.kubevirt.io "none" not found'


def test_a_guest_that_is_reset_goes_on(api: RawApi, space: str) -> None:
    machine = Machine(api, space, "Always")
    machine.until_status("Running")
    before = machine.vmi()

    assert machine.ask("reset", "virtualmachineinstances").code == 200
    assert machine.ask("softreboot", "virtualmachineinstances").code == 200
    assert machine.vmi()["metadata"]["uid"] == before["metadata"]["uid"]


def test_the_whole_spec_of_a_machine_is_its_own(api: RawApi, space: str) -> None:
    machine = Machine(api, space, "Halted")
    machine.until_status("Stopped")
    base = "/apis/subresources.kubevirt.io/v1"

    whole = api.call("GET", f"{base}/namespaces/{space}/virtualmachines/one/expand-spec")
    version = api.call("GET", f"{base}/version").document

    assert whole.document == machine.vm()
    assert version["gitVersion"].startswith("v1.")


def test_what_is_not_there_is_told(api: RawApi, space: str) -> None:
    path = f"/apis/subresources.kubevirt.io/v1/namespaces/{space}/virtualmachines/none/start"

    missing = api.call("PUT", path)

    assert missing.code == 404
    assert missing.message == 'virtualmachine.kubevirt.io "none" not found'


def test_the_group_is_discovered(api: RawApi) -> None:
    names = [each["name"] for each in api.call("GET", "/apis").document["groups"]]
    listed = api.call("GET", "/apis/subresources.kubevirt.io/v1").document["resources"]

    assert "subresources.kubevirt.io" in names
    assert "virtualmachines/restart" in [each["name"] for each in listed]
