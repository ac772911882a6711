"""Who a kubeconfig's user is: the Authorization header, a certificate, whom to act for.

Invariant: a value that no HTTP header can hold is refused before it is sent, and no message holds
any value of a user's section.
"""

import base64
import binascii
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from virtslo.base.bounded_files import UnreadableFile, read_bounded
from virtslo.base.clock import Clock
from virtslo.base.errors import ClusterError
from virtslo.base.limits import CREDENTIAL_FILE
from virtslo.kube.connector import Authorize
from virtslo.kube.exec_plugin import PlugIn, PlugInAnswer, plug_in_of, run_plug_in
from virtslo.kube.kubeconfig import Section, Target

TOKEN_CHECK_NS: Final = 30_000_000_000
"""How often a token that may expire is looked at again."""
_HEADER_KEY: Final = frozenset(
    "!#$&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)


@dataclass(frozen=True, slots=True)
class Identity:
    """How requests say who sends them."""

    authorize: Authorize | None
    certificate: bytes | None
    key: bytes | None
    headers: tuple[tuple[str, str], ...]


async def identity_of(target: Target, clock: Clock) -> Identity:
    """The identity that a context's user is. Raises ClusterError."""
    user = target.user
    certificate = user.content("client-certificate")
    key = None if certificate is None else user.content("client-key")
    if certificate is not None and key is None:
        raise user.refusal("client-key", "nothing", "the key of client-certificate")
    plug_in = plug_in_of(user, target.cluster)
    has_basic = bool(user.text("username") or user.text("password"))
    has_token = bool(user.text("token") or user.text("tokenFile"))
    if has_basic and has_token:
        raise user.refusal("", "a token and a user name", "one way to authenticate")
    # Beside a token client-go does not run a plug-in.
    answer = None if plug_in is None or has_token else await run_plug_in(plug_in)
    if answer is not None and answer.certificate is not None:
        certificate, key = answer.certificate, answer.key
    authorize = _authorize(user, plug_in, answer, clock)
    return Identity(authorize, certificate, key, _impersonation(user))


def _authorize(
    user: Section, plug_in: PlugIn | None, answer: PlugInAnswer | None, clock: Clock
) -> Authorize | None:
    if user.text("tokenFile"):
        path = user.folder / user.text("tokenFile")
        place = f"{user.place}.tokenFile"
        return from_token_file(path, place, clock, otherwise=user.text("token"))
    if user.text("token"):
        return _always(bearer(user.text("token"), f"{user.place}.token"))
    if user.text("username"):
        pair = f"{user.text('username')}:{user.text('password')}"
        return _always(f"Basic {base64.b64encode(pair.encode()).decode()}")
    if plug_in is not None and answer is not None:
        return _from_plug_in(plug_in, answer, clock)
    if user.values.get("auth-provider") is not None:
        return _always(_provider_token(user.section("auth-provider"), clock))
    return None


def bearer(token: str, place: str) -> str:
    """The Authorization header of a token. Raises ClusterError."""
    if not token or not token.isascii() or not token.replace("\t", "").isprintable():
        found = "a character that no HTTP header holds, such as a line feed" if token else "nothing"
        raise ClusterError(f"{place}: expected a token, found {found}")
    return f"Bearer {token}"


def _always(value: str) -> Authorize:
    async def authorize() -> str:
        return value

    return authorize


def from_token_file(path: Path, place: str, clock: Clock, *, otherwise: str = "") -> Authorize:
    """The token of a file that something else keeps fresh.

    While the file cannot be read or is empty the last token goes on, as client-go has it, and
    before any was read the one that is given; without one ClusterError is raised.
    """
    last = otherwise

    async def read() -> str:
        nonlocal last
        try:
            last = read_bounded(path, CREDENTIAL_FILE).decode().strip() or last
        except (UnreadableFile, UnicodeDecodeError) as error:
            if not last:
                words = error.found if isinstance(error, UnreadableFile) else "it is no text"
                raise ClusterError(f"{place}: cannot read the file: {words}") from None
        return bearer(last, place)

    return _refreshed(read, clock)


def _from_plug_in(plug_in: PlugIn, first: PlugInAnswer, clock: Clock) -> Authorize | None:
    """The token of a plug-in, which is run again once what it said has expired."""
    if first.token is None:
        return None
    last = first

    async def token() -> str:
        nonlocal last
        if last.expires is not None and last.expires <= clock.wall():
            last = await run_plug_in(plug_in)
        return bearer(last.token or "", plug_in.place)

    return _refreshed(token, clock)


def _refreshed(read: Callable[[], Awaitable[str]], clock: Clock) -> Authorize:
    """What a reader says, asked now and then."""
    value = ""
    next_ns = clock.now_ns()

    async def authorize() -> str:
        nonlocal value, next_ns
        if clock.now_ns() >= next_ns:
            next_ns = clock.now_ns() + TOKEN_CHECK_NS
            value = await read()
        return value

    return authorize


def _provider_token(provider: Section, clock: Clock) -> str:
    """The header of a token that kubectl or another tool has put into the kubeconfig."""
    config = provider.section("config")
    key = "id-token" if provider.text("name") == "oidc" else "access-token"
    token = config.text(key)
    if not token:
        raise config.refusal(key, "nothing", "a token", _PROVIDER_HINT)
    expires = _expiry(config, token)
    if expires is not None and expires <= clock.wall():
        raise config.refusal(key, "a token that has expired", "a valid one", _PROVIDER_HINT)
    return bearer(token, f"{config.place}.{key}")


_PROVIDER_HINT: Final = (
    "kubectl with the same context may renew it; plug-ins (users[].user.exec) are run by virtslo"
)


def _expiry(config: Section, token: str) -> datetime | None:
    """When a provider's token ends, by its `expiry` or its own claim; None if it is not said."""
    stated = config.values.get("expiry")
    if isinstance(stated, str):
        try:
            moment = datetime.fromisoformat(stated)
        except ValueError:
            raise config.refusal("expiry", "something else", "a date and time") from None
        return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    part = token.partition(".")[2].partition(".")[0]
    try:
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        return datetime.fromtimestamp(claims["exp"], UTC)
    except (binascii.Error, ValueError, TypeError, LookupError, OverflowError, OSError):
        return None
    except RecursionError:
        return None


def _impersonation(user: Section) -> tuple[tuple[str, str], ...]:
    """The headers that make the API server take the user for another one."""
    name, uid = user.text("as"), user.text("as-uid")
    headers = [("Impersonate-User", name)] if name else []
    headers += [("Impersonate-Uid", uid)] if uid else []
    headers += [("Impersonate-Group", group) for group in user.texts("as-groups")]
    extra = user.section("as-user-extra")
    for key in extra.values:
        name_of_header = f"Impersonate-Extra-{_escaped(key)}"
        headers += [(name_of_header, value) for value in extra.texts(key)]
    if headers and not name:
        raise user.refusal("as", "nothing", "a name, beside as-uid, as-groups and as-user-extra")
    for _, value in headers:
        if not value.isprintable():
            raise user.refusal("as", "a control character in it or beside it", "printable text")
    return tuple(headers)


def _escaped(key: str) -> str:
    """A key as a part of a header's name: what is no letter of one is written as %XX."""
    return "".join(
        chr(byte) if chr(byte) in _HEADER_KEY else f"%{byte:02X}" for byte in key.encode()
    )
