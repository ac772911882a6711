"""Acting as another user: who may, and whom one is then.

Invariant: what is acted as is checked part by part (user, UID, groups, extra values) before the
request itself is looked at. The modes of Kubernetes 1.36 are tried in its order: those for one kind
of user and one request, then the one for any.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol
from urllib.parse import unquote

from virtslo.base.errors import BadRequest, Forbidden
from virtslo.model.kubernetes.identity import (
    AUTHENTICATED,
    Identity,
    account_of,
    groups_of_accounts,
)
from virtslo.model.kubernetes.review_resources import AUTHENTICATION
from virtslo.sim.authorization.attributes import Attributes
from virtslo.sim.authorization.authorizer import MASTERS, Authorizer, refusal
from virtslo.sim.authorization.go_text import go_quoted

ANONYMOUS: Final = "system:anonymous"
UNAUTHENTICATED: Final = "system:unauthenticated"
_USER: Final = "Impersonate-User"
_UID: Final = "Impersonate-Uid"
_GROUP: Final = "Impersonate-Group"
_EXTRA: Final = "impersonate-extra-"
_NODE: Final = "system:node:"
_NODES: Final = "system:nodes"

Extra = tuple[tuple[str, tuple[str, ...]], ...]


class Headers(Protocol):
    """The headers of a request, of which some come more than once."""

    def get(self, name: str, default: str, /) -> str:
        """The first of a name."""
        ...

    def getall(self, name: str, default: Sequence[str], /) -> Sequence[str]:
        """All of a name."""
        ...

    def items(self) -> Iterable[tuple[str, str]]:
        """All, by name."""
        ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whom a request is to be made as."""

    username: str
    uid: str = ""
    groups: tuple[str, ...] = ()
    extra: Extra = ()

    @property
    def has_name_alone(self) -> bool:
        """Whether nothing but the name is asked for."""
        return not (self.uid or self.groups or self.extra)


def wanted_of(headers: Headers) -> Wanted | None:
    """Whom a request's headers ask to act as; None for none. Raises BadRequest without a name."""
    username = headers.get(_USER, "")
    groups = tuple(headers.getall(_GROUP, ()))
    if not username and not groups and not any("mperson" in name for name, _ in headers.items()):
        return None
    values: dict[str, list[str]] = {}
    for name, value in headers.items():
        if name.lower().startswith(_EXTRA):
            values.setdefault(unquote(name[len(_EXTRA) :].lower()), []).append(value)
    extra = tuple((key, tuple(found)) for key, found in values.items())
    wanted = Wanted(username, headers.get(_UID, ""), groups, extra)
    if username:
        return wanted
    if wanted.has_name_alone:
        return None
    raise BadRequest(f"requested {_go_struct(wanted)} without impersonating a user name")


def acting_as(
    user: Identity, wanted: Wanted, asked: Attributes, authorizer: Authorizer
) -> Identity:
    """Whom a user is while it acts as another. Raises Forbidden, as the first mode says."""
    first: Forbidden | None = None
    if MASTERS in user.groups:
        return _acting(user, wanted, wanted.groups)
    for mode in _modes(wanted):
        try:
            authorizer.check(user, asked.with_verb(f"impersonate-on:{mode}:{asked.verb}"))
            groups = _checked(user, wanted, authorizer, mode)
        except Forbidden as error:
            first = first or error
        else:
            return _acting(user, wanted, groups)
    try:
        groups = _checked(user, wanted, authorizer, "")
    except Forbidden as error:
        raise first or error from None
    return _acting(user, wanted, groups)


def _modes(wanted: Wanted) -> Iterator[str]:
    """The modes, besides the one for any user, in which this one can be acted as."""
    is_account = account_of(wanted.username) is not None
    is_node = len(wanted.username) > len(_NODE) and wanted.username.startswith(_NODE)
    if is_node and wanted.has_name_alone:
        yield "arbitrary-node"
    if is_account and wanted.has_name_alone:
        yield "serviceaccount"
    if not is_account and not is_node:
        yield "user-info"


def _checked(user: Identity, wanted: Wanted, authorizer: Authorizer, mode: str) -> tuple[str, ...]:
    """The groups that one has after every part was allowed. Raises Forbidden."""
    verb, group = (f"impersonate:{mode}", AUTHENTICATION) if mode else ("impersonate", "")
    groups = wanted.groups
    account = account_of(wanted.username)
    name = Attributes(verb, group, "users", name=wanted.username)
    if account is not None:
        name = Attributes(verb, group, "serviceaccounts", namespace=account[0], name=account[1])
    elif mode == "arbitrary-node":
        name = Attributes(verb, group, "nodes", name=wanted.username.removeprefix(_NODE))
        groups = (_NODES,)
    authorizer.check(user, name)
    if wanted.uid:
        authorizer.check(user, Attributes(verb, AUTHENTICATION, "uids", name=wanted.uid))
    if mode and MASTERS in wanted.groups:
        asked = Attributes(verb, group, "groups", name=MASTERS)
        raise refusal(user, asked, "impersonating the system:masters group is not allowed")
    for each in wanted.groups:
        authorizer.check(user, Attributes(verb, group, "groups", name=each))
    for key, values in wanted.extra:
        for value in values:
            asked = Attributes(verb, AUTHENTICATION, "userextras", key, name=value)
            authorizer.check(user, asked)
    return groups


def _acting(user: Identity, wanted: Wanted, groups: tuple[str, ...]) -> Identity:
    """The other user, with the groups that come with its name."""
    account = account_of(wanted.username)
    if account is not None and not groups:
        groups = groups_of_accounts(account[0])
    if wanted.username == ANONYMOUS:
        groups = (*groups, UNAUTHENTICATED)
    elif UNAUTHENTICATED not in groups:
        groups = (*groups, AUTHENTICATED)
    return Identity(
        user.component,
        wanted.username,
        user.user_agent,
        tuple(dict.fromkeys(groups)),
        wanted.uid,
        wanted.extra,
        user,
    )


def _go_struct(wanted: Wanted) -> str:
    """What was asked for, as Go prints a user."""
    groups = _go_texts(wanted.groups)
    pairs = ", ".join(f"{go_quoted(key)}:{_go_texts(values)}" for key, values in wanted.extra)
    extra = f"{{{pairs}}}" if wanted.extra else "(nil)"
    return (
        f'&user.DefaultInfo{{Name:"", UID:{go_quoted(wanted.uid)}, Groups:{groups}, '
        f"Extra:map[string][]string{extra}}}"
    )


def _go_texts(values: Sequence[str]) -> str:
    listed = ", ".join(map(go_quoted, values))
    return f"[]string{{{listed}}}" if values else "[]string(nil)"
