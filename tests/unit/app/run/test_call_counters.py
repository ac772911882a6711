"""Reading counters through the API server, also where it refuses, fails or has no pods."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from support.scenarios import planned, scenario
from support.scripted_transport import ScriptedTransport, list_object
from virtslo.app.run.call_counters import READS_AT_ONCE, Counting, idle_seconds
from virtslo.base.clock import Clock
from virtslo.base.errors import ClusterError, Forbidden
from virtslo.base.virtual_time import run_in_virtual_time
from virtslo.model.identifiers import Object
from virtslo.model.run.rest_calls import API_SERVER, COMPONENTS, CounterRead, Moment
from virtslo.ports.kube_api import Call, KubeApi

METRICS = (
    'kubevirt_rest_client_requests_total{code="201",method="POST",resource="pods",verb="CREATE"}'
)
SERVER = 'apiserver_request_total{code="201",resource="pods",verb="POST",subresource=""}'


class Serving:
    """The two calls that counting makes, served from texts; the rest is not there to be called."""

    def __init__(self, pods: list[Object], clock: Clock) -> None:
        self.pods = pods
        self.clock = clock
        self.texts: dict[str, str | ClusterError] = {}
        self.servers: list[str] = [f"{SERVER} 7\nprocess_start_time_seconds 1\n"]
        self.slices = 1
        self.transport = ScriptedTransport(self._answer, raw=self._read)
        self.api = KubeApi(self.transport)
        self.at_once = 0
        self.most_at_once = 0

    async def _answer(self, call: Call) -> Object:
        assert (call.verb, call.resource.plural) == ("list", "pods")
        return list_object(*self.pods)

    async def _read(self, path: str) -> bytes:
        if path.startswith("/apis/discovery"):
            addresses = [f"10.0.0.{index}" for index in range(self.slices)]
            items = ",".join(f'{{"addresses":["{address}"]}}' for address in addresses)
            return f'{{"items":[{{"endpoints":[{items}]}}]}}'.encode()
        if path == "/metrics":
            self.servers.append(self.servers.pop(0))
            return self.servers[0].encode()
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await self.clock.sleep_until(self.clock.now_ns() + 1_000_000)
        self.at_once -= 1
        name = path.split("/https:")[1].split(":", maxsplit=1)[0]
        found = self.texts.get(name, f"{METRICS} 5\nprocess_start_time_seconds 1\n")
        if isinstance(found, ClusterError):
            raise found
        return found.encode()


def pod(name: str, *, phase: str = "Running", port: int | None = None) -> Object:
    ports = [{"name": "metrics", "containerPort": port}] if port else []
    return {
        "metadata": {
            "name": name,
            "namespace": "kubevirt",
            "labels": {"kubevirt.io": "-".join(name.split("-")[:2])},
        },
        "spec": {"containers": [{"name": "c", "ports": ports}]},
        "status": {"phase": phase},
    }


def reads_of(
    pods: list[Object], prepare: Any = None, *, source: str = COMPONENTS
) -> tuple[Serving, list[CounterRead]]:
    async def main(clock: Clock) -> tuple[Serving, list[CounterRead]]:
        serving = Serving(pods, clock)
        if prepare is not None:
            prepare(serving)
        counting = Counting(serving.api, clock, origin_ns=clock.now_ns())
        await counting.begin()
        await counting.read("ramp_up", Moment.AFTER)
        return serving, [read for read in counting.reads if read.source == source]

    return run_in_virtual_time(main)


def test_every_running_pod_is_read_once_and_few_at_a_time() -> None:
    names = [f"virt-handler-{index:03d}" for index in range(100)]

    serving, reads = reads_of([pod(name) for name in names])

    assert [read.pod for read in reads] == names
    assert all(read.counters == (("CREATE", "pods", "201", 5),) for read in reads)
    assert serving.most_at_once == READS_AT_ONCE
    assert len([path for path in serving.transport.paths if "proxy" in path]) == 100


def test_a_pod_that_does_not_run_is_not_read() -> None:
    _, reads = reads_of([pod("virt-api-a"), pod("virt-api-b", phase="Pending")])

    assert [read.pod for read in reads] == ["virt-api-a"]


def test_the_port_that_a_pod_names_metrics_is_read() -> None:
    serving, _ = reads_of([pod("virt-api-a", port=9000)])

    path = "/api/v1/namespaces/kubevirt/pods/https:virt-api-a:9000/proxy/metrics"
    assert path in serving.transport.paths


def test_a_refused_read_says_which_permission_is_missing() -> None:
    def refuse(serving: Serving) -> None:
        serving.texts["virt-api-a"] = Forbidden('pods "https:virt-api-a:8443" is forbidden')

    _, (first, second) = reads_of([pod("virt-api-a"), pod("virt-api-b")], refuse)

    assert first.error == "no permission for pods/proxy"
    assert first.counters == ()
    assert second.error is None


def test_an_answer_that_is_no_exposition_is_a_failed_read() -> None:
    def spoil(serving: Serving) -> None:
        serving.texts["virt-api-a"] = "<html>login</html>"

    _, (read,) = reads_of([pod("virt-api-a")], spoil)

    assert read.error is not None
    assert "no component's metrics" in read.error


def test_without_pods_that_is_a_failed_read_and_not_zero_calls() -> None:
    _, (read,) = reads_of([])

    assert read.error is not None
    assert "no running pods" in read.error


def test_every_api_server_behind_one_address_is_found() -> None:
    def three(serving: Serving) -> None:
        serving.slices = 3
        serving.servers = [f"{SERVER} {n}\nprocess_start_time_seconds {n}\n" for n in (1, 2, 3)]

    _, reads = reads_of([pod("virt-api-a")], three, source=API_SERVER)

    assert [read.process_start for read in reads] == [1, 2, 3]
    assert all(read.error is None for read in reads)


def test_an_api_server_that_never_answered_makes_the_read_fail() -> None:
    def hidden(serving: Serving) -> None:
        serving.slices = 2

    _, reads = reads_of([pod("virt-api-a")], hidden, source=API_SERVER)

    assert [read.error for read in reads] == [None, "1 of 2 API servers could be read"]


async def test_a_run_that_counts_nothing_reads_nothing(clock: Clock) -> None:
    serving = Serving([pod("virt-api-a")], clock)
    counting = Counting(serving.api, clock, origin_ns=0, is_off=True)
    await counting.begin()
    await counting.at_rest("ramp_up", Moment.BEFORE)
    await counting.at_rest("ramp_up", Moment.AFTER)
    await asyncio.sleep(0)

    assert [*serving.transport.paths, *(call.verb for call in serving.transport.calls)] == []


@pytest.mark.parametrize(
    ("pattern", "load", "expected"),
    [
        ("burst", {}, 10.0),
        ("burst", {"arrival": {"process": "constant", "rate": "1/s"}}, 24.0),
        ("steady-state", {"churn": {"objects": 2, "cycles": 2, "every": "20s"}}, 45.0),
        ("steady-state", {"churn": {"objects": 2, "cycles": 5, "every": "60s"}}, 60.0),
        ("constant-churn", {"churn": {"rate": "1/s", "duration": "30s"}}, 35.0),
    ],
)
def test_idle_time_is_as_long_as_the_measured_window_is_at_least(
    pattern: str, load: Mapping[str, Any], expected: float
) -> None:
    given = scenario("vmi", 20, pattern, load=load)

    assert idle_seconds(given, planned(given)) == expected


async def test_idle_time_is_looked_at_before_the_first_stage_alone(clock: Clock) -> None:
    serving = Serving([pod("virt-api-a")], clock)
    counting = Counting(serving.api, clock, origin_ns=clock.now_ns(), idle_seconds=10)
    for stage in ("warm_up", "ramp_up", "churn", "ramp_down"):
        await counting.at_rest(stage, Moment.BEFORE)
        await counting.at_rest(stage, Moment.AFTER)

    assert (
        [
            (read.stage, read.moment, round(read.started_ns / 1e9))
            for read in counting.reads
            if read.source == COMPONENTS
        ]
    ) == [
        ("idle", "before", 0),
        ("idle", "after", 10),
        ("ramp_up", "after", 10),
        ("churn", "after", 10),
        ("ramp_down", "after", 10),
    ]
