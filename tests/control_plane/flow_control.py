"""API priority and fairness, set so that a real API server refuses virtslo's account: 429.

Invariant: nobody else is touched; a level has no queue and borrows nothing, so what is over its
limit is refused at once, and the server's own counter and its audit log both say how often.

A level without seats still lets a request through while it executes none; refusing everything takes
one that executes all the time: a DELETE whose body does not come.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from virtslo.kube.connector import tls_context
from virtslo.model.kubernetes.resources import Resource
from virtslo.plane.control_plane import ControlPlane
from virtslo.plane.installing import token_of
from virtslo.ports.kube_api import KubeApi

ACCOUNT: Final = "system:serviceaccount:virtslo:virtslo"
NAME: Final = "virtslo"
GROUP: Final = "flowcontrol.apiserver.k8s.io"
FLOW_SCHEMAS: Final = Resource(GROUP, "v1", "flowschemas", "FlowSchema", False)
LEVELS: Final = Resource(
    GROUP, "v1", "prioritylevelconfigurations", "PriorityLevelConfiguration", False
)
COUNTER: Final = "apiserver_flowcontrol_rejected_requests_total"


@asynccontextmanager
async def closed(plane: ControlPlane, *, verbs: Sequence[str] = ("*",)) -> AsyncIterator[None]:
    """Every request of virtslo's account with these verbs is refused; `delete` is one of them."""
    async with plane.admin() as api:
        token = await token_of(api, "virtslo", "virtslo")
    async with limited(plane, shares=0, verbs=verbs):
        path = "/apis/kubevirt.io/v1/namespaces/default/virtualmachineinstances/nobody"
        tls = tls_context(ca=plane.authority.pem)
        _, writer = await asyncio.open_connection("127.0.0.1", plane.port, ssl=tls)
        head = f"DELETE {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
        writer.write(f"{head}Content-Type: application/json\r\nContent-Length: 9\r\n\r\n".encode())
        await writer.drain()
        try:
            yield
        finally:
            writer.transport.abort()


@asynccontextmanager
async def limited(
    plane: ControlPlane, *, shares: int, verbs: Sequence[str] = ("*",)
) -> AsyncIterator[None]:
    """Requests of virtslo's account with these verbs share a few seats and are never queued."""
    async with plane.admin() as api:
        await api.create(LEVELS, _level(shares))
        await api.create(FLOW_SCHEMAS, _flow_schema(verbs))
        await _wait_until_known(api)
        try:
            yield
        finally:
            await api.delete(FLOW_SCHEMAS, NAME)
            await api.delete(LEVELS, NAME)


async def refused(plane: ControlPlane) -> int:
    """How many requests the server refused, by its own counter since it was started."""
    async with plane.admin() as api:
        text = (await api.read_raw("/metrics")).decode()
    rows = re.findall(rf'^{COUNTER}{{[^}}]*flow_schema="{NAME}"[^}}]*}} (\S+)$', text, re.MULTILINE)
    return sum(int(float(row)) for row in rows)


def refused_in_audit_log(plane: ControlPlane) -> int:
    """The same by the audit log."""
    return sum(
        event["user"]["username"] == ACCOUNT and event["responseStatus"]["code"] == 429
        for event in plane.audited()
    )


async def _wait_until_known(api: KubeApi) -> None:
    for _ in range(100):
        found = await api.get(FLOW_SCHEMAS, NAME)
        conditions = {
            each["type"]: each["status"] for each in found.get("status", {}).get("conditions", ())
        }
        if conditions.get("Dangling") == "False":
            return
        await asyncio.sleep(0.05)
    raise AssertionError("the API server has not taken up the FlowSchema")


def _level(shares: int) -> dict[str, Any]:
    return {
        "apiVersion": f"{GROUP}/v1",
        "kind": "PriorityLevelConfiguration",
        "metadata": {"name": NAME},
        "spec": {
            "type": "Limited",
            "limited": {
                "nominalConcurrencyShares": shares,
                "lendablePercent": 0,
                "borrowingLimitPercent": 0,
                "limitResponse": {"type": "Reject"},
            },
        },
    }


def _flow_schema(verbs: Sequence[str]) -> dict[str, Any]:
    namespace, name = ACCOUNT.split(":")[-2:]
    rule = {
        "verbs": list(verbs),
        "apiGroups": ["*"],
        "resources": ["*"],
        "namespaces": ["*"],
        "clusterScope": True,
    }
    subject = {"kind": "ServiceAccount", "serviceAccount": {"namespace": namespace, "name": name}}
    return {
        "apiVersion": f"{GROUP}/v1",
        "kind": "FlowSchema",
        "metadata": {"name": NAME},
        "spec": {
            "priorityLevelConfiguration": {"name": NAME},
            "matchingPrecedence": 10,
            "rules": [{"subjects": [subject], "resourceRules": [rule]}],
        },
    }
