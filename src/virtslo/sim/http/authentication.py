"""Who calls over a socket: the bearer of a token, or an anonymous client.

Invariant: without a token a client is anonymous, and with one that is not known it is let in
nowhere; tokens are compared in constant time.
"""

import hmac
import secrets
from collections.abc import Callable
from typing import Final, Protocol

from virtslo.model.kubernetes.identity import AUTHENTICATED, Identity
from virtslo.sim.authorization.authorizer import MASTERS
from virtslo.sim.authorization.impersonation import ANONYMOUS, UNAUTHENTICATED

ADMINISTRATOR: Final = "kubernetes-admin"
MOST_USERS: Final = 1024
_GROUPS: Final = (MASTERS, AUTHENTICATED)


class Headers(Protocol):
    """The headers of a request."""

    def get(self, name: str, default: str, /) -> str:
        """The first of a name."""
        ...


class Authentication:
    """Knows the administrator by a token of its own, and service accounts by theirs."""

    def __init__(self, user_of_token: Callable[[str, str], Identity | None]) -> None:
        self.token = secrets.token_urlsafe(32)
        """The administrator's."""
        self._user_of_token = user_of_token
        self._administrators: dict[str, Identity] = {}

    def user_of(self, headers: Headers) -> Identity | None:
        """The caller; None for a token that is not known.

        Components are distinguished by their user agent, as metrics do.
        """
        token = _bearer_token(headers.get("Authorization", ""))
        user_agent = headers.get("User-Agent", "")
        return self.bearer(token, user_agent) if token else anonymous(user_agent)

    def bearer(self, token: str, user_agent: str) -> Identity | None:
        """Whose token this is."""
        if not token.isascii():
            return None
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
    return token if scheme.lower() == "bearer" else ""


def anonymous(user_agent: str) -> Identity:
    """Who sends no token."""
    component = user_agent.partition("/")[0] or "unknown"
    return Identity(component, ANONYMOUS, user_agent, (UNAUTHENTICATED,))
