"""Who calls over a socket: the bearer of a token, or whom the bearer acts for.

Invariant: without a known token a client is anonymous; tokens are compared in constant time.
"""

import hmac
import secrets
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from virtslo.model.identity import Identity
from virtslo.sim.objects.tokens import USERNAME_PREFIX, groups_of

ADMINISTRATOR: Final = "kubernetes-admin"
MOST_USERS: Final = 1024
_GROUPS: Final = ("system:masters", "system:authenticated")
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
        """The caller; None where it is unknown.

        Components are distinguished by their user agent, as metrics do.
        """
        scheme, _, token = headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer" or not token:
            return None
        user_agent = headers.get("User-Agent", "")
        user = self.bearer(token, user_agent)
        wanted = headers.get("Impersonate-User", "")
        if user is None or not wanted:
            return user
        groups = tuple(headers.getall("Impersonate-Group", ()))
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
