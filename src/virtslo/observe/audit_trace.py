"""Arrivals and deletions out of an API server's audit log. Pure.

Invariant: only requests that the API server carried out count, each once, at the time at which it
was received. What the log does not say (sizes, at the level Metadata) stays unknown.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qs

import msgspec

from virtslo.model.plan.workload import TRAITS, Kind
from virtslo.observe.buffered_trace import ALL_DELETED, APPEARED, DELETED, BufferedFacts, Fact
from virtslo.observe.recent_requests import RecentRequests
from virtslo.observe.trace_builder import Sighting, sighting_of

KINDS: Final = {traits.resource.plural: kind for kind, traits in TRAITS.items()}
CONTROLLER: Final = "kubevirt-controller"
"""The service account of virt-controller: what it creates is made for an owner."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SELECTORS: Final = ("labelSelector", "fieldSelector")


class _User(msgspec.Struct):
    username: str = ""


class _Reference(msgspec.Struct):
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    apiGroup: str = ""  # noqa: N815  (spelt as on the wire)


class _Status(msgspec.Struct):
    code: int = 0


class _Event(msgspec.Struct):
    stage: str
    verb: str
    auditID: str = ""  # noqa: N815
    requestURI: str = ""  # noqa: N815
    user: _User = msgspec.field(default_factory=_User)
    objectRef: _Reference | None = None  # noqa: N815
    responseStatus: _Status | None = None  # noqa: N815
    requestReceivedTimestamp: str = ""  # noqa: N815
    requestObject: Any = None  # noqa: N815


class AuditTrace:
    """Reads the lines of an audit log, as they come."""

    def __init__(self) -> None:
        self._decode = msgspec.json.Decoder(_Event).decode
        self._requests = RecentRequests()
        self.found = BufferedFacts()
        self.first_ns: int | None = None
        self.last_ns: int | None = None
        self.lines = 0
        self.odd: Counter[str] = Counter()
        """What the log could not tell, by its words."""

    def add(self, line: bytes) -> None:
        """Take a line."""
        self.lines += 1
        try:
            event = self._decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            self.odd["lines that are no audit event"] += 1
            return
        at_ns = _nanoseconds(event.requestReceivedTimestamp)
        if at_ns is None:
            self.odd["events without a time of receipt"] += 1
            return
        self.first_ns = at_ns if self.first_ns is None else min(self.first_ns, at_ns)
        self.last_ns = at_ns if self.last_ns is None else max(self.last_ns, at_ns)
        if event.stage == "ResponseComplete" and self._requests.is_new(event.auditID):
            self._take(event, at_ns)

    def notes(self) -> tuple[str, ...]:
        """What the log could not tell, in words."""
        return tuple(f"{count} {words}" for words, count in sorted(self.odd.items()))

    def _take(self, event: _Event, at_ns: int) -> None:
        reference = event.objectRef
        kind = None if reference is None else KINDS.get(reference.resource)
        if reference is None or kind is None or event.verb not in _VERBS or _is_dry(event):
            return
        if reference.apiGroup and reference.apiGroup != TRAITS[kind].resource.group:
            return
        code = 0 if event.responseStatus is None else event.responseStatus.code
        if reference.subresource:
            if reference.subresource == "scale" and event.verb in {"patch", "update"}:
                self.odd["changes of a pool's or replica set's size, which are not recorded"] += 1
        elif 200 <= code < 300:
            self._take_done(event, kind, reference, at_ns)
        elif event.verb == "create":
            self.odd["creates that were refused, which are left out"] += 1

    def _take_done(self, event: _Event, kind: Kind, reference: _Reference, at_ns: int) -> None:
        if event.verb == "create":
            self._create(event, kind, reference, at_ns)
        elif event.verb == "delete" and reference.name:
            seen = Sighting(is_owned=_is_controller(event))
            key = (kind, reference.namespace, reference.name)
            self.found.add(Fact(at_ns, DELETED, key, seen))
        elif event.verb == "deletecollection":
            if any(_query(event).get(name) for name in _SELECTORS):
                self.odd["deletes of a selection, of which the log does not say what went"] += 1
                return
            self.found.add(Fact(at_ns, ALL_DELETED, (kind, reference.namespace, "")))

    def _create(self, event: _Event, kind: Kind, reference: _Reference, at_ns: int) -> None:
        if event.requestObject is None:
            self.odd["creates without their object (audit level Metadata): no size"] += 1
        name = reference.name or _name_in(event.requestObject)
        if not name:
            self.odd["creates whose name the server made: no deletion is known of them"] += 1
            name = f"\0{self.lines}"
        key = (kind, reference.namespace, name)
        seen = sighting_of(key, event.requestObject)
        if not seen.is_owned and _is_controller(event):
            seen = Sighting(seen.shape, seen.members, _by_name(kind, reference, name), True)
        self.found.add(Fact(at_ns, APPEARED, key, seen))


_VERBS: Final = frozenset({"create", "delete", "deletecollection", "patch", "update"})


def _by_name(kind: Kind, reference: _Reference, name: str) -> tuple[Kind, str, str] | None:
    """The owner, by the names KubeVirt gives: a VMI has its VM's, a pool's VM `<pool>-<number>`."""
    if kind is Kind.VMI:
        return Kind.VM, reference.namespace, name
    if kind is Kind.VM:
        return Kind.VMPOOL, reference.namespace, name.rpartition("-")[0]
    return None


def _is_controller(event: _Event) -> bool:
    return event.user.username.rpartition(":")[2] == CONTROLLER


def _is_dry(event: _Event) -> bool:
    return "dryRun" in _query(event)


def _query(event: _Event) -> Mapping[str, list[str]]:
    """The parameters of a request; what else its address has is not looked at."""
    return parse_qs(event.requestURI.partition("?")[2])


def _name_in(target: Any) -> str:
    metadata = target.get("metadata") if isinstance(target, Mapping) else None
    name = metadata.get("name") if isinstance(metadata, Mapping) else None
    return name if isinstance(name, str) else ""


def _nanoseconds(text: str) -> int | None:
    """Nanoseconds since 1970 of a time as Kubernetes writes it; None for what is none."""
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return None
    if when.tzinfo is None:
        return None
    since = when - _EPOCH
    return ((since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds) * 1_000
