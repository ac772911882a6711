"""Who made a request, out of what the audit log says of its user.

Invariant: a component is recognised by its user, which it cannot choose; a user agent counts only
where the user is not a component's own.
"""

from functools import lru_cache
from typing import Final, NamedTuple

from virtslo.model.kubernetes.components import (
    VIRT_API,
    VIRT_CONTROLLER,
    VIRT_HANDLER,
    VIRT_OPERATOR,
)

VIRTSLO: Final = "virtslo"
KUBEVIRT_ACCOUNTS: Final = {
    "kubevirt-apiserver": VIRT_API,
    "kubevirt-controller": VIRT_CONTROLLER,
    "kubevirt-handler": VIRT_HANDLER,
    "kubevirt-operator": VIRT_OPERATOR,
}
"""Components by the service account they run under."""

_USERS: Final = {
    "system:kube-scheduler": "kube-scheduler",
    "system:kube-controller-manager": "kube-controller-manager",
    "system:apiserver": "kube-apiserver",
}
_ACCOUNT: Final = "system:serviceaccount:"
_MANAGED: Final = (
    "generic-garbage-collector",
    "namespace-controller",
    "service-account-controller",
    "root-ca-cert-publisher",
)
"""Accounts of kube-controller-manager's parts, which do not end in `-controller` all."""


class Caller(NamedTuple):
    """A client of the API server."""

    component: str
    """`virt-controller`, `kubelet`, `virtslo`, …; else the user's own name."""
    pod: str
    """Its pod, where the log names it; else empty."""
    agent: str
    """The first word of its user agent."""


@lru_cache(maxsize=1 << 14)
def caller_of(username: str, user_agent: str, pod: str) -> Caller:
    """The caller that a user, its user agent and its pod stand for."""
    agent = user_agent.partition("/")[0]
    return Caller(_component(username, agent), pod, agent)


def _component(username: str, agent: str) -> str:
    if username in _USERS:
        return _USERS[username]
    if username.startswith("system:node:"):
        return "kubelet"
    if username.startswith(_ACCOUNT):
        namespace, _, account = username.removeprefix(_ACCOUNT).partition(":")
        if account in KUBEVIRT_ACCOUNTS:
            return KUBEVIRT_ACCOUNTS[account]
        if namespace == "kube-system" and (account.endswith("-controller") or account in _MANAGED):
            return "kube-controller-manager"
    return VIRTSLO if agent == VIRTSLO else username
