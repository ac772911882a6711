"""The API server's audit log, in the real format: one `audit.k8s.io/v1` Event a line.

Invariant: every answered request is in it once, at stage ResponseComplete, level Metadata; bodies,
and so secrets, never are.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

from virtslo.sim.metrics import scope_of
from virtslo.sim.requests import Request

STAGE = "ResponseComplete"


class AuditLog:
    """Writes a line an answered request."""

    def __init__(self, write: Callable[[bytes], None]) -> None:
        self._write = write
        self._encode = msgspec.json.Encoder().encode
        self._count = 0

    def answered(
        self, request: Request, code: int, *, received: datetime, completed: datetime, name: str
    ) -> None:
        """Write one request; `name` is the object's, known for creations only afterwards."""
        self._count += 1
        reference: dict[str, Any] = {
            "resource": request.resource.plural,
            "apiVersion": request.resource.version,
        }
        if request.resource.group:
            reference["apiGroup"] = request.resource.group
        if request.namespace:
            reference["namespace"] = request.namespace
        if name:
            reference["name"] = name
        if request.subresource:
            reference["subresource"] = request.subresource
        uri = request.resource.path(
            namespace=request.namespace, name=request.name, subresource=request.subresource
        )
        line = {
            "kind": "Event",
            "apiVersion": "audit.k8s.io/v1",
            "level": "Metadata",
            "auditID": f"{self._count:08x}-0000-4000-8000-{self._count:012x}",
            "stage": STAGE,
            "requestURI": uri,
            "verb": request.verb,
            "user": {"username": request.user.username, "groups": list(request.user.groups)},
            "sourceIPs": ["127.0.0.1"],
            "userAgent": request.user.user_agent,
            "objectRef": reference,
            "responseStatus": {"metadata": {}, "code": code},
            "requestReceivedTimestamp": _micro(received),
            "stageTimestamp": _micro(completed),
            "annotations": {"virtslo.io/scope": scope_of(request)},
        }
        self._write(self._encode(line) + b"\n")


def _micro(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
