"""Who makes a REST call.

Invariant: every call of every component carries one of these, so that counts can be kept apart
by component in metrics and in the audit log.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Identity:
    """A client of the API server."""

    component: str
    """`virt-controller`, `virt-handler`, `kubelet`, `kube-scheduler`, `virtslo`, …"""
    username: str
    user_agent: str
    groups: tuple[str, ...] = ("system:authenticated",)
