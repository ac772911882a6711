"""Components, API server and audit log count the same requests, to the last one."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from support.hollow_clusters import NAMESPACE, Hollow, hollow_cluster, vm
from virtslo.base.clock import Clock
from virtslo.base.errors import ClusterError
from virtslo.model.kubernetes import resources

COUNTED = {
    "create": "CREATE",
    "update": "UPDATE",
    "patch": "PATCH",
    "delete": "DELETE",
    "deletecollection": "DELETE",
    "get": "GET",
    "list": "LIST",
    "watch": "WATCH",
}
FAULTS = {
    "none": (),
    "failures": ("too-many-requests:rate=0.05", "server-error:rate=0.05", "latency:rate=0.3"),
    "webhooks": ("slow-webhook:delay=12s,rate=0.1",),
    "watches": ("dropped-watches:at=2s,every=5s", "stalled-watches:at=3s,for=4s"),
    "compaction": ("compaction:at=1s,every=9s",),
    "resets": ("connection-reset:rate=0.05,served=0",),
}
"""All but lost answers: of those the component knows no code."""

Row = tuple[str, ...]


@pytest.mark.parametrize("faults", FAULTS.values(), ids=FAULTS)
async def test_every_request_is_counted_once_everywhere(
    clock: Clock, faults: Sequence[str]
) -> None:
    async with hollow_cluster(clock, profile="ci", faults=faults) as hollow:
        await _come_and_go(hollow)
        await asyncio.sleep(30)

        assert _by_components(hollow) == _by_audit(hollow.audit_log)
        assert _by_server(hollow) == _by_ended(hollow.audit_log)


async def _come_and_go(hollow: Hollow) -> None:
    for verb in ("create", "delete"):
        for index in range(4):
            while True:
                try:
                    if verb == "create":
                        await hollow.api.create(resources.VMS, vm(f"a{index}"), namespace=NAMESPACE)
                    else:
                        await hollow.api.delete(resources.VMS, f"a{index}", namespace=NAMESPACE)
                    break
                except ClusterError:
                    await asyncio.sleep(1)
        await asyncio.sleep(60)


def _by_components(hollow: Hollow) -> Counter[Row]:
    rows: Counter[Row] = Counter()
    for component in hollow.cluster.components:
        for (verb, resource, subresource, code), count in component.account.requests.items():
            if code != "<error>":
                agent = component.identity.user_agent
                rows[agent, verb, resource, subresource, code] += count
    return rows


def _by_audit(lines: Sequence[Mapping[str, Any]]) -> Counter[Row]:
    """As clients count: a watch when it is answered."""
    rows: Counter[Row] = Counter()
    for line in lines:
        code = line["responseStatus"]["code"]
        counts_at = (
            "ResponseStarted" if line["verb"] == "watch" and code == 200 else "ResponseComplete"
        )
        if line["stage"] == counts_at and not line["userAgent"].startswith("loader"):
            reference = line["objectRef"]
            rows[
                line["userAgent"],
                COUNTED[line["verb"]],
                reference["resource"],
                reference.get("subresource", ""),
                str(code),
            ] += 1
    return rows


def _by_server(hollow: Hollow) -> Counter[Row]:
    rows: Counter[Row] = Counter()
    for (series, code), count in hollow.server.telemetry.metrics.requests().items():
        verb, _, _, resource, subresource, _, _ = series
        rows[verb, resource, subresource, str(code)] += count
    return rows


def _by_ended(lines: Sequence[Mapping[str, Any]]) -> Counter[Row]:
    """As the API server counts: a request when it has ended."""
    verbs = {
        **COUNTED, "create": "POST", "update": "PUT", "deletecollection": "DELETECOLLECTION",
    }  # fmt: skip
    rows: Counter[Row] = Counter()
    for line in lines:
        if line["stage"] == "ResponseComplete":
            reference = line["objectRef"]
            code = str(line["responseStatus"]["code"])
            rows[
                verbs[line["verb"]], reference["resource"], reference.get("subresource", ""), code
            ] += 1
    return rows
