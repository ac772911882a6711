"""Lines of an audit log as kube-apiserver writes them, made by hand."""

import json
from typing import Any

CONTROLLER = "system:serviceaccount:kubevirt:kubevirt-controller"


def audit_line(
    verb: str = "create",
    resource: str = "pods",
    *,
    audit_id: str = "",
    stage: str = "ResponseComplete",
    code: int = 201,
    user: str = CONTROLLER,
    agent: str = "virt-controller/v0.0.0 (linux/amd64)",
    pod: str = "",
    subresource: str = "",
    name: str = "",
    namespace: str = "ns",
    uri: str = "",
) -> bytes:
    """One line, with its line feed left out."""
    event: dict[str, Any] = {
        "kind": "Event",
        "apiVersion": "audit.k8s.io/v1",
        "level": "Metadata",
        "auditID": audit_id,
        "stage": stage,
        "requestURI": uri or f"/api/v1/namespaces/{namespace}/{resource}",
        "verb": verb,
        "user": {"username": user, "groups": ["system:authenticated"]},
        "userAgent": agent,
        "responseStatus": {"metadata": {}, "code": code},
        "requestReceivedTimestamp": "2026-01-01T00:00:00.000001Z",
        "stageTimestamp": "2026-01-01T00:00:00.000002Z",
    }
    if pod:
        event["user"]["extra"] = {"authentication.kubernetes.io/pod-name": [pod]}
    if resource:
        event["objectRef"] = {"resource": resource, "apiVersion": "v1", "namespace": namespace}
        if subresource:
            event["objectRef"]["subresource"] = subresource
        if name:
            event["objectRef"]["name"] = name
    if stage == "RequestReceived":
        del event["responseStatus"]
    return json.dumps(event).encode()


def our_read(pod: str, **more: Any) -> bytes:
    """Our own read of a pod's counters, as the log has it."""
    return audit_line(
        "get",
        "pods",
        name=f"https:{pod}:8443",
        subresource="proxy",
        namespace="kubevirt",
        user="kubernetes-admin",
        agent="virtslo/0.1",
        code=200,
        **more,
    )
