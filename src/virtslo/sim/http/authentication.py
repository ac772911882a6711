"""Who calls over a socket: the bearer of a token, or whom the bearer acts for.

Invariant: without a known token a client is anonymous; tokens are compared in constant time; only
who may do everything acts for others.
"""

import hmac
import secrets
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from virtslo.base.errors import Forbidden, ServerFailure
from virtslo.base.plain_text import shown_text
from virtslo.model.kubernetes.identity import Identity
from virtslo.sim.objects.tokens import USERNAME_PREFIX, groups_of

ADMINISTRATOR: Final = "kubernetes-admin"
MOST_USERS: Final = 1024
MASTERS: Final = "system:masters"
_GROUPS: Final = (MASTERS, "system:authenticated")
_AUTHENTICATED: Final = "system:authenticated"


class Headers(Protocol):
    """The headers of a request, of which some come more than once."""

    def get(self, name: str, default: str, /) -> str:
        """The first of a name."""
        ...

    def getall(self, name: str, default: Sequence[str], /) -> Sequence[str]:
        """All of a name."""
        ...


class Authentication:
    """Knows the administrator by a token of its own, and service accounts by theirs."""

    def __init__(self, user_of_token: Callable[[str, str], Identity | None]) -> None:
        self.token = secrets.token_urlsafe(32)
        """The administrator's."""
        self._user_of_token = user_of_token
        self._administrators: dict[str, Identity] = {}

    def user_of(self, headers: Headers) -> Identity | None:
        """The caller; None where it is unknown. Raises Forbidden for acting without a right to it.

        Components are distinguished by their user agent, as metrics do.
        """
        token = _bearer_token(headers.get("Authorization", ""))
        if not token:
            return None
        user_agent = headers.get("User-Agent", "")
        user = self.bearer(token, user_agent)
        if user is None:
            return None
        wanted = headers.get("Impersonate-User", "")
        groups = tuple(headers.getall("Impersonate-Group", ()))
        if not wanted:
            if groups:
                raise ServerFailure(f"requested groups {list(groups)} without impersonating a user")
            return user
        if MASTERS not in user.groups:
            raise _may_not_act(user, wanted)
        return Identity(user.component, wanted, user_agent, _with_own_groups(wanted, groups))

    def bearer(self, token: str, user_agent: str) -> Identity | None:
        """Whose token this is."""
        if not hmac.compare_digest(token.encode(), self.token.encode()):
            return self._user_of_token(token, user_agent)
        known = self._administrators.get(user_agent)
        if known is None:
            if len(self._administrators) >= MOST_USERS:
                self._administrators.clear()
            component = user_agent.partition("/")[0] or "unknown"
            known = Identity(component, ADMINISTRATOR, user_agent, _GROUPS)
            self._administrators[user_agent] = known
        return known


def _bearer_token(header: str) -> str:
    """The token of an Authorization header, read as Kubernetes does; empty where there is none."""
    scheme, _, rest = header.strip().partition(" ")
    token = rest.partition(" ")[0]
    # What is no ASCII is no token of ours, and cannot be compared.
    return token if scheme.lower() == "bearer" and token.isascii() else ""


def _may_not_act(user: Identity, wanted: str) -> Forbidden:
    """As the API server words it. Without roles, administrators alone may act for others."""
    account = wanted.removeprefix(USERNAME_PREFIX).split(":")
    is_account = wanted.startswith(USERNAME_PREFIX) and len(account) == 2
    name = account[1] if is_account else wanted
    kind = "serviceaccounts" if is_account else "users"
    where = f'in the namespace "{account[0]}"' if is_account else "at the cluster scope"
    shown = shown_text(name)
    return Forbidden(
        f'{kind} "{shown}" is forbidden: User "{user.username}" cannot impersonate resource '
        f'"{kind}" in API group "" {where}',
        details={"name": shown, "kind": kind},
    )


def _with_own_groups(username: str, groups: Sequence[str]) -> tuple[str, ...]:
    """The groups of an impersonated user, with those that come with its name."""
    if not groups and username.startswith(USERNAME_PREFIX):
        return groups_of(username.removeprefix(USERNAME_PREFIX).partition(":")[0])
    if username == "system:anonymous":
        return (*groups, "system:unauthenticated")
    return tuple(dict.fromkeys((*groups, _AUTHENTICATED)))


def anonymous(user_agent: str) -> Identity:
    """The anonymous user, at public paths."""
    component = user_agent.partition("/")[0] or "unknown"
    return Identity(component, "system:anonymous", user_agent, ("system:unauthenticated",))
