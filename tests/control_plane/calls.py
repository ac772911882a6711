"""Calls by component, verb, resource and code, from the audit log of a real API server.

Invariant: a call is counted once, when its answer is complete; who made it is told by user name,
since some of KubeVirt's clients name no user agent of their own.
"""

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

VERBS: Final = {"deletecollection": "DELETECOLLECTION"}
_ACCOUNTS: Final = {
    "system:serviceaccount:kubevirt:kubevirt-controller": "virt-controller",
    "system:serviceaccount:kubevirt:kubevirt-apiserver": "virt-api",
    "system:serviceaccount:kubevirt:kubevirt-handler": "virt-handler",
    "system:kube-scheduler": "kube-scheduler",
    "system:kube-controller-manager": "kube-controller-manager",
    "system:apiserver": "kube-apiserver",
}


@dataclass(frozen=True, slots=True, order=True)
class Call:
    """A kind of call."""

    component: str
    verb: str
    resource: str
    code: int


class AuditLog:
    """An audit log that is read on from where it was left."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0

    def read(self) -> Counter[Call]:
        """The calls since the last read."""
        calls: Counter[Call] = Counter()
        with self._path.open("rb") as log:
            log.seek(self._offset)
            for line in log:
                if not line.endswith(b"\n"):
                    break
                self._offset += len(line)
                event = json.loads(line)
                if event.get("objectRef") and event["stage"] == "ResponseComplete":
                    calls[call_of(event)] += 1
        return calls


def call_of(event: dict[str, Any]) -> Call:
    """The kind of call that an event of the audit log tells of."""
    target = event["objectRef"]
    resource = target["resource"]
    if target.get("subresource"):
        resource += f"/{target['subresource']}"
    return Call(component_of(event), event["verb"], resource, event["responseStatus"]["code"])


def component_of(event: dict[str, Any]) -> str:
    """Who made a call."""
    name = event["user"]["username"]
    if name.startswith("system:node:"):
        return "kubelet"
    if name in _ACCOUNTS:
        return _ACCOUNTS[name]
    agent = event.get("userAgent", "").split("/")[0]
    return agent or str(name)


def per_object(calls: Counter[Call], count: int) -> dict[Call, float]:
    """Calls per object, without watches and what goes on when nothing happens."""
    background = {"leases", "nodes", "nodes/status", "tokenreviews", "subjectaccessreviews"}
    return {
        call: number / count
        for call, number in sorted(calls.items())
        if call.verb != "watch" and call.resource not in background
    }
