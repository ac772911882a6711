"""A checkup on a cluster that refuses whatever the shipped Role does not grant, in virtual time."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import yaml

from virtslo.app.cluster.checkup_map import CheckupMap
from virtslo.base.errors import ClusterError, Conflict, Forbidden, ScenarioError
from virtslo.base.virtual_time import VirtualClock, run_in_virtual_time
from virtslo.cli.running.checkup_run import run_checkup
from virtslo.cli.wiring import simulated_cluster
from virtslo.model.kubernetes import resources
from virtslo.model.simulated.target import SimulatedTarget
from virtslo.ports.kube_api import Call, KubeApi, Selection, Transport, WatchEvent

DEPLOY = Path(__file__).parents[2] / "deploy" / "checkup.yaml"
DOCUMENTS = list(yaml.safe_load_all(DEPLOY.read_text(encoding="utf-8")))
NAMESPACE = "team"
NAME = "virtslo-checkup"
EVERYBODY = ("kubevirt.io", "kubevirts", "list")
"""What KubeVirt's own role kubevirt.io:default allows to every account, in all namespaces."""


class RoleTransport:
    """Carries what the shipped Role grants in the namespace; all else is answered 403."""

    def __init__(self, inner: Transport) -> None:
        self._inner = inner
        (role,) = [each for each in DOCUMENTS if each["kind"] == "Role"]
        self._rules = role["rules"]

    async def send(self, call: Call) -> Mapping[str, Any]:
        """One call."""
        self._check(call)
        return await self._inner.send(call)

    @asynccontextmanager
    async def open_watch(self, call: Call) -> AsyncIterator[AsyncIterator[WatchEvent]]:
        """One watch."""
        self._check(call)
        async with self._inner.open_watch(call) as events:
            yield events

    async def read_raw(self, path: str, query: Mapping[str, str]) -> bytes:
        """Paths that every account may read."""
        if path != "/version":
            raise Forbidden(f"GET {path}")
        return await self._inner.read_raw(path, query)

    def _check(self, call: Call) -> None:
        asked = (call.resource.group, call.resource.plural, call.verb)
        is_itself = call.resource is resources.NAMESPACES and call.name == NAMESPACE
        if asked == EVERYBODY:
            return
        if call.namespace == NAMESPACE or is_itself:
            for rule in self._rules:
                names = rule.get("resourceNames")
                if (
                    asked[0] in rule["apiGroups"]
                    and asked[1] in rule["resources"]
                    and asked[2] in rule["verbs"]
                    and (names is None or call.name in names)
                ):
                    return
        raise Forbidden(f"{asked} in {call.namespace}")


def carried_out(tmp_path: Path, data: dict[str, str]) -> tuple[int | None, dict[str, str], int]:
    """The exit code, or None where it raised; the ConfigMap's data; objects that are left."""

    async def main(clock: VirtualClock) -> tuple[int | None, dict[str, str], int]:
        async with simulated_cluster(SimulatedTarget("ci", 1, 2), clock) as admin:
            space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
            await admin.create(resources.NAMESPACES, space)
            body = {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"name": NAME, "namespace": NAMESPACE},
                "data": data,
            }
            await admin.create(resources.CONFIG_MAPS, body)
            api = KubeApi(RoleTransport(admin.transport))
            code: int | None = None
            with suppress(ScenarioError, ClusterError):
                code = await run_checkup(api, clock, CheckupMap(api, NAMESPACE, NAME), tmp_path)
            found = await admin.get(resources.CONFIG_MAPS, NAME, namespace=NAMESPACE)
            left = await admin.list_objects(resources.VMIS, Selection(NAMESPACE))
            return code, dict(found["data"]), len(left.items)

    return run_in_virtual_time(main)


def test_a_checkup_that_passed(tmp_path: Path) -> None:
    (shipped,) = [each for each in DOCUMENTS if each["kind"] == "ConfigMap"]
    objectives = tmp_path / "objectives.yaml"
    objectives.write_text(shipped["data"]["objectives.yaml"])
    data = {**shipped["data"], "spec.param.objectives": str(objectives)}

    code, written, left = carried_out(tmp_path / "runs", data)

    assert (code, left) == (0, 0)
    assert written["status.succeeded"] == "true"
    assert written["status.failureReason"] == ""
    assert written["status.result.verdict"] == "met"
    assert written["status.result.objectivesMet"] == "2 of 2"
    assert written["status.result.objects"] == "20"
    assert written["status.result.simulated"] == "true"
    assert 5 < float(written["status.result.allRunningSeconds"]) < 120
    assert written["status.startTimestamp"] < written["status.completionTimestamp"]
    assert written["objectives.yaml"] == shipped["data"]["objectives.yaml"]


def test_a_checkup_whose_promise_was_broken(tmp_path: Path) -> None:
    objectives = tmp_path / "objectives.yaml"
    objectives.write_text(
        "{apiVersion: virtslo/v1, kind: Objectives, name: strict, objectives: [{name: at once, "
        "indicator: vmi_intent_to_running_seconds, statistic: p95, atMost: 1s}]}"
    )
    data = {
        "spec.timeout": "15m", "spec.param.count": "25", "spec.param.kind": "vm",
        "spec.param.objectives": str(objectives),
    }  # fmt: skip

    code, written, left = carried_out(tmp_path / "runs", data)

    assert (code, left) == (1, 0)
    assert written["status.succeeded"] == "false"
    assert written["status.failureReason"].startswith("violated: at once: ")
    assert written["status.result.verdict"] == "violated"


def test_a_checkup_that_takes_too_long_is_ended_and_cleaned_up(tmp_path: Path) -> None:
    code, written, left = carried_out(tmp_path, {"spec.timeout": "25s", "spec.param.count": "100"})

    assert (code, left) == (4, 0)
    assert written["status.succeeded"] == "false"
    assert written["status.failureReason"] == "not finished within the checkup's timeout of 25s"
    assert written["status.result.verdict"] == "inconclusive"
    assert "status.completionTimestamp" in written


def test_a_wrong_request_is_written_where_its_author_looks(tmp_path: Path) -> None:
    code, written, left = carried_out(
        tmp_path, {"spec.timeout": "5m", "spec.param.kind": "vmx", "spec.param.count": "-1"}
    )

    assert (code, left) == (None, 0)
    assert written["status.succeeded"] == "false"
    assert "spec.param.kind: expected one of" in written["status.failureReason"]
    assert "spec.param.count: expected at least 1" in written["status.failureReason"]
    assert "status.startTimestamp" not in written
    assert not list(tmp_path.iterdir())


async def test_a_status_is_written_beside_what_others_write() -> None:
    class Racing:
        """Refuses the first update, since another was faster."""

        def __init__(self) -> None:
            self.refusals = 1
            self.data = {"spec.timeout": "1m"}

        async def send(self, call: Call) -> Mapping[str, Any]:
            if call.verb == "get":
                return {"metadata": {"name": NAME, "namespace": NAMESPACE}, "data": self.data}
            if self.refusals:
                self.refusals -= 1
                self.data = {**self.data, "theirs": "2"}
                raise Conflict("another was faster")
            self.data = call.body["data"]
            return {}

    racing: Any = Racing()
    checkup_map = CheckupMap(KubeApi(racing), NAMESPACE, NAME)
    await checkup_map.write({"status.succeeded": "true"})

    assert racing.data == {"spec.timeout": "1m", "theirs": "2", "status.succeeded": "true"}
    racing.refusals = 100
    with pytest.raises(ClusterError, match="others wrote it 5 times"):
        await checkup_map.write({"status.succeeded": "false"})
