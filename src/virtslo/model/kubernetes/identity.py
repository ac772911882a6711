"""Who makes a REST call.

Invariant: every call of every component carries one of these, so that counts can be kept apart
by component in metrics and in the audit log.
"""

from dataclasses import dataclass
from typing import Final

ACCOUNT_PREFIX: Final = "system:serviceaccount:"
AUTHENTICATED: Final = "system:authenticated"


@dataclass(frozen=True, slots=True)
class Identity:
    """A client of the API server."""

    component: str
    """`virt-controller`, `virt-handler`, `kubelet`, `kube-scheduler`, `virtslo`, …"""
    username: str
    user_agent: str
    groups: tuple[str, ...] = (AUTHENTICATED,)
    uid: str = ""
    extra: tuple[tuple[str, tuple[str, ...]], ...] = ()
    impersonator: "Identity | None" = None
    """Who acts as this user, where another does."""


def account_of(username: str) -> tuple[str, str] | None:
    """Namespace and name of a service account; None for a user that is none."""
    parts = username.removeprefix(ACCOUNT_PREFIX).split(":")
    if not username.startswith(ACCOUNT_PREFIX) or len(parts) != 2 or not all(parts):
        return None
    return parts[0], parts[1]


def groups_of_accounts(namespace: str) -> tuple[str, ...]:
    """The groups of every service account of a namespace."""
    return ("system:serviceaccounts", f"system:serviceaccounts:{namespace}", AUTHENTICATED)
