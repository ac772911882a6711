"""The audit log says of every request what a real one says at level Metadata."""

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from support.bodies import config_map, machine
from support.clusters import USER
from support.faulty_clusters import faulty_server
from virtslo.base.clock import Clock
from virtslo.base.errors import ApiError
from virtslo.base.virtual_time import run_in_virtual_time
from virtslo.model import resources
from virtslo.ports.kube_api import KubeApi, Selection
from virtslo.sim.direct import DirectTransport


def lines_of(test: Callable[[KubeApi], Awaitable[None]], *faults: str) -> list[Any]:
    """The audit log of what a test does."""
    lines: list[Any] = []

    async def main(clock: Clock) -> None:
        def write(line: bytes) -> None:
            assert line.endswith(b"\n")
            lines.append(json.loads(line))

        async with faulty_server(clock, faults, audit_log=write) as server:
            await asyncio.sleep(0.001)
            server.register_proxy("default", "p", 8443, lambda path: path.encode())
            await test(KubeApi(DirectTransport(server, USER)))

    run_in_virtual_time(main)
    return lines


def test_a_line_has_the_real_fields_in_the_real_order() -> None:
    async def test(api: KubeApi) -> None:
        await api.create(resources.CONFIG_MAPS, config_map("a"), namespace="default")

    (line,) = lines_of(test)

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


def test_a_request_is_received_before_it_is_completed() -> None:
    async def test(api: KubeApi) -> None:
        await api.create(resources.CONFIG_MAPS, config_map("a"), namespace="default")

    (line,) = lines_of(test, "latency:rate=1,delay=1500ms")

    took = datetime.fromisoformat(line["stageTimestamp"]) - datetime.fromisoformat(
        line["requestReceivedTimestamp"]
    )
    assert took.total_seconds() == 1.5


def test_an_update_says_of_which_version_of_the_object() -> None:
    async def test(api: KubeApi) -> None:
        made = await api.create(resources.VMIS, machine("a"), namespace="default")
        await api.update(resources.VMIS, made, subresource="status")

    made, line = lines_of(test)

    assert made["objectRef"].get("uid") is None
    assert line["objectRef"]["subresource"] == "status"
    assert line["objectRef"]["apiGroup"] == "kubevirt.io"
    assert len(line["objectRef"]["uid"]) == 36
    assert int(line["objectRef"]["resourceVersion"]) > 0


def test_a_list_says_its_query() -> None:
    async def test(api: KubeApi) -> None:
        await api.list_objects(resources.PODS, Selection("w", label_selector="a=b"), limit=7)

    (line,) = lines_of(test)

    assert line["requestURI"] == "/api/v1/namespaces/w/pods?labelSelector=a%3Db&limit=7"
    assert line["verb"] == "list"


def test_a_failure_says_why() -> None:
    async def test(api: KubeApi) -> None:
        for call in (
            api.get(resources.PODS, "no", namespace="default"),
            api.delete(resources.PODS, "no", namespace="default"),
        ):
            try:
                await call
            except ApiError:
                continue

    lines = lines_of(test)

    assert [line["responseStatus"]["code"] for line in lines] == [404, 404]
    for line in lines:
        status = line["responseStatus"]
        assert (status["status"], status["reason"]) == ("Failure", "NotFound")
        assert status["message"] == 'pods "no" not found'


def test_a_watch_is_told_when_it_is_answered_and_when_it_is_over() -> None:
    async def test(api: KubeApi) -> None:
        async with api.watch(resources.PODS, resource_version="1", timeout_seconds=9) as events:
            async for _ in events:
                pass

    started, over = lines_of(test)

    assert (started["stage"], over["stage"]) == ("ResponseStarted", "ResponseComplete")
    assert started["auditID"] == over["auditID"]
    assert "timeoutSeconds=9&watch=true" in started["requestURI"]
    assert started["requestReceivedTimestamp"] == started["stageTimestamp"]
    assert over["stageTimestamp"] != started["stageTimestamp"]


def test_paths_that_are_no_resource_are_told_without_an_object() -> None:
    async def test(api: KubeApi) -> None:
        await api.read_raw("/version")
        await api.read_raw("/metrics", query={"a": "b"})

    version, metrics = lines_of(test)

    assert version["requestURI"] == "/version"
    assert metrics["requestURI"] == "/metrics?a=b"
    assert "objectRef" not in version
    assert version["verb"] == "get"


def test_a_pods_proxy_is_told_with_its_path() -> None:
    async def test(api: KubeApi) -> None:
        path = "/api/v1/namespaces/default/pods/https:p:8443/proxy/metrics"
        with contextlib.suppress(ApiError):
            await api.read_raw(path)

    (line,) = lines_of(test)

    assert line["requestURI"].endswith("/pods/https:p:8443/proxy/metrics")
    assert line["objectRef"]["name"] == "https:p:8443"
    assert line["objectRef"]["subresource"] == "proxy"
    assert line["responseStatus"]["code"] == 404
