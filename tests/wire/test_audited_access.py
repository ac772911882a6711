"""What the audit log says of who asked, as whom, and of what is refused or not served."""

import asyncio
import json
from dataclasses import replace
from typing import Any

from support.clusters import served
from support.raw_api import RawApi
from virtslo.kube.connector import tls_context

SUBRESOURCES = "/apis/subresources.kubevirt.io/v1/namespaces/default"


async def audited(method: str, path: str, *, user: str = "") -> dict[str, Any]:
    """The one line of a request, made as another user if one is named."""
    lines: list[bytes] = []
    async with served() as there:
        there.server.write_audit_log_to(lines.append)
        api = RawApi(there.url, tls_context(ca=there.certificates.ca_pem), there.token)
        if user:
            api = replace(api, headers={"Impersonate-User": user})
        await asyncio.to_thread(api.call, method, path)
    (line,) = lines
    event: dict[str, Any] = json.loads(line)
    return event


async def test_a_refusal_says_who_asked_as_whom_and_for_what() -> None:
    event = await audited("GET", "/api/v1/namespaces/default/pods?limit=2", user="jane")

    assert event["user"]["username"] == "kubernetes-admin"
    assert event["impersonatedUser"] == {"username": "jane", "groups": ["system:authenticated"]}
    assert event["requestURI"] == "/api/v1/namespaces/default/pods?limit=2"
    assert event["verb"] == "list"
    assert event["objectRef"] == {"resource": "pods", "namespace": "default", "apiVersion": "v1"}
    assert event["responseStatus"]["code"] == 403
    assert event["annotations"]["authorization.k8s.io/decision"] == "forbid"


async def test_what_is_allowed_says_as_whom_too() -> None:
    event = await audited("GET", "/version", user="jane")

    assert event["user"]["username"] == "kubernetes-admin"
    assert event["impersonatedUser"]["username"] == "jane"
    assert event["annotations"]["authorization.k8s.io/decision"] == "allow"


async def test_subresources_that_are_not_served_are_audited() -> None:
    event = await audited("PUT", f"{SUBRESOURCES}/virtualmachines/one/memorydump")

    assert event["verb"] == "update"
    assert event["objectRef"] == {
        "resource": "virtualmachines",
        "namespace": "default",
        "name": "one",
        "apiGroup": "subresources.kubevirt.io",
        "apiVersion": "v1",
        "subresource": "memorydump",
    }
    assert event["responseStatus"]["code"] == 404
