"""The audit log says of every request what a real one says at level Metadata."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import pytest

from support.bodies import config_map, machine
from support.clusters import USER
from support.coroutines import OnLoop, TestLoop
from support.faulty_clusters import faulty_server
from virtslo.base.errors import ApiError
from virtslo.model.kubernetes import resources
from virtslo.ports.kube_api import KubeApi, Selection
from virtslo.sim.direct import DirectTransport


@pytest.fixture
def lines() -> list[Any]:
    """The audit log."""
    return []


@pytest.fixture
def api(request: pytest.FixtureRequest, lines: list[Any]) -> OnLoop[KubeApi]:
    """A connection to a server that writes `lines`, under the faults of the mark `faults`."""
    mark = request.node.get_closest_marker("faults")

    def write(line: bytes) -> None:
        assert line.endswith(b"\n")
        lines.append(json.loads(line))

    @asynccontextmanager
    async def connect(loop: TestLoop) -> AsyncIterator[KubeApi]:
        faults = mark.args if mark else ()
        async with faulty_server(loop.clock, faults, audit_log=write) as server:
            await asyncio.sleep(0.001)
            server.register_proxy("default", "p", 8443, lambda path: path.encode())
            yield KubeApi(DirectTransport(server, USER))

    return OnLoop(connect)


async def test_a_line_has_the_real_fields_in_the_real_order(api: KubeApi, lines: list[Any]) -> None:
    await api.create(resources.CONFIG_MAPS, config_map("a"), namespace="default")
    (line,) = lines

    assert list(line) == [
        "kind", "apiVersion", "level", "auditID", "stage", "requestURI", "verb", "user",
        "sourceIPs", "userAgent", "objectRef", "responseStatus", "requestReceivedTimestamp",
        "stageTimestamp", "annotations",
    ]  # fmt: skip
    assert (line["kind"], line["apiVersion"], line["level"]) == (
        "Event", "audit.k8s.io/v1", "Metadata",
    )  # fmt: skip
    assert line["requestURI"] == "/api/v1/namespaces/default/configmaps"
    assert line["objectRef"] == {
        "resource": "configmaps", "namespace": "default", "name": "a", "apiVersion": "v1",
    }  # fmt: skip
    assert line["responseStatus"] == {"metadata": {}, "code": 201}
    assert line["userAgent"] == USER.user_agent


@pytest.mark.faults("latency:rate=1,delay=1500ms")
async def test_a_request_is_received_before_it_is_completed(api: KubeApi, lines: list[Any]) -> None:
    await api.create(resources.CONFIG_MAPS, config_map("a"), namespace="default")
    (line,) = lines

    took = datetime.fromisoformat(line["stageTimestamp"]) - datetime.fromisoformat(
        line["requestReceivedTimestamp"]
    )
    assert took.total_seconds() == 1.5


async def test_an_update_says_of_which_version_of_the_object(
    api: KubeApi, lines: list[Any]
) -> None:
    made = await api.create(resources.VMIS, machine("a"), namespace="default")
    await api.update(resources.VMIS, made, subresource="status")
    made, line = lines

    assert made["objectRef"].get("uid") is None
    assert line["objectRef"]["subresource"] == "status"
    assert line["objectRef"]["apiGroup"] == "kubevirt.io"
    assert len(line["objectRef"]["uid"]) == 36
    assert int(line["objectRef"]["resourceVersion"]) > 0


async def test_a_list_says_its_query(api: KubeApi, lines: list[Any]) -> None:
    await api.list_objects(resources.PODS, Selection("w", label_selector="a=b"), limit=7)
    (line,) = lines

    assert line["requestURI"] == "/api/v1/namespaces/w/pods?labelSelector=a%3Db&limit=7"
    assert line["verb"] == "list"


async def test_a_failure_says_why(api: KubeApi, lines: list[Any]) -> None:
    for call in (
        api.get(resources.PODS, "no", namespace="default"),
        api.delete(resources.PODS, "no", namespace="default"),
    ):
        try:
            await call
        except ApiError:
            continue

    assert [line["responseStatus"]["code"] for line in lines] == [404, 404]
    for line in lines:
        status = line["responseStatus"]
        assert (status["status"], status["reason"]) == ("Failure", "NotFound")
        assert status["message"] == 'pods "no" not found'


async def test_a_watch_is_told_when_it_is_answered_and_when_it_is_over(
    api: KubeApi, lines: list[Any]
) -> None:
    async with api.watch(resources.PODS, resource_version="1", timeout_seconds=9) as events:
        async for _ in events:
            pass
    started, over = lines

    assert (started["stage"], over["stage"]) == ("ResponseStarted", "ResponseComplete")
    assert started["auditID"] == over["auditID"]
    assert "timeoutSeconds=9&watch=true" in started["requestURI"]
    assert started["requestReceivedTimestamp"] == started["stageTimestamp"]
    assert over["stageTimestamp"] != started["stageTimestamp"]


async def test_paths_that_are_no_resource_are_told_without_an_object(
    api: KubeApi, lines: list[Any]
) -> None:
    await api.read_raw("/version")
    await api.read_raw("/metrics", query={"a": "b"})
    version, metrics = lines

    assert version["requestURI"] == "/version"
    assert metrics["requestURI"] == "/metrics?a=b"
    assert "objectRef" not in version
    assert version["verb"] == "get"


async def test_a_pods_proxy_is_told_with_its_path(api: KubeApi, lines: list[Any]) -> None:
    path = "/api/v1/namespaces/default/pods/https:p:8443/proxy/metrics"
    with contextlib.suppress(ApiError):
        await api.read_raw(path)
    (line,) = lines

    assert line["requestURI"].endswith("/pods/https:p:8443/proxy/metrics")
    assert line["objectRef"]["name"] == "https:p:8443"
    assert line["objectRef"]["subresource"] == "proxy"
    assert line["responseStatus"]["code"] == 404
