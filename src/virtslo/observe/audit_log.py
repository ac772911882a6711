"""The API server's audit log, counted: per caller, verb, resource, subresource and code.

Invariant: each request counts once, whatever stages of it are logged; memory depends on how many
callers and resources there are, not on how long the log is. A watch counts when it is answered
(as its client counts it) and, apart from that, when it has ended (as the API server counts it).

The log itself says when virtslo read a component's counters: by our own GET of the pod's proxy.
What the log holds up to that line is what the component can have counted, so that the two are
compared at the same moment, exactly.

How long a request took is from its receipt to the stage that counts it: what the log does not say,
or says wrongly, has no time and is counted all the same.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Final, NamedTuple

import msgspec

from virtslo.model.kubernetes.calls import Counted, RestCall
from virtslo.model.run.rest_calls import answer_key
from virtslo.model.vocabulary import WATCH
from virtslo.observe.callers import VIRTSLO, Caller, caller_of
from virtslo.observe.recent_requests import RecentRequests

WATCH_ENDED: Final = "WATCH ended"
"""The verb under which a watch counts when it has ended."""
METRICS: Final = "/metrics"

VERBS: Final = {
    "create": "CREATE",
    "update": "UPDATE",
    "patch": "PATCH",
    "apply": "PATCH",
    "delete": "DELETE",
    "deletecollection": "DELETE",
    "get": "GET",
    "list": "LIST",
    "watch": WATCH,
    "connect": "CONNECT",
}
"""Verbs of the audit log, as KubeVirt's client metric spells them."""

CONNECTED: Final = frozenset({"attach", "exec", "log", "portforward", "proxy"})
"""Subresources whose requests the API server's metrics call CONNECT, whatever their method."""

_TIMED: Final = frozenset({"CREATE", "UPDATE", "PATCH", "DELETE", "GET"})
"""Verbs of requests for a single object, which names it, but for creates by `generateName`."""
_COUNTED_STAGES: Final = frozenset({"ResponseStarted", "ResponseComplete", "Panic"})
_POD_NAME: Final = "authentication.kubernetes.io/pod-name"


class _User(msgspec.Struct):
    username: str = ""
    extra: dict[str, list[str]] = {}


class _Reference(msgspec.Struct):
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""


class _Status(msgspec.Struct):
    code: int = 0


class _Event(msgspec.Struct):
    stage: str
    verb: str
    auditID: str = ""  # noqa: N815  (spelt as on the wire)
    requestURI: str = ""  # noqa: N815
    user: _User = msgspec.field(default_factory=_User)
    userAgent: str = ""  # noqa: N815
    objectRef: _Reference | None = None  # noqa: N815
    responseStatus: _Status | None = None  # noqa: N815
    requestReceivedTimestamp: str = ""  # noqa: N815
    stageTimestamp: str = ""  # noqa: N815


class _Sum(msgspec.Struct):
    """Requests that count together, and how long those took whose times the log says."""

    requests: int = 0
    timed: int = 0
    seconds: float = 0.0


class _Kind(NamedTuple):
    """What requests that are alike in all that is counted add to."""

    counted: _Sum
    timed: _Sum | None
    """None where these are not timed."""


class AuditLogTally:
    """Counted the lines of an audit log, as they come."""

    def __init__(self, *, object_namespaces: frozenset[str] = frozenset()) -> None:
        self._decode = msgspec.json.Decoder(_Event).decode
        self._namespaces = object_namespaces
        self._kinds: dict[tuple[object, ...], _Kind] = {}
        self._counts: dict[Caller, dict[RestCall, _Sum]] = {}
        self._times: dict[str, dict[str, _Sum]] = {}
        self._requests = RecentRequests()
        self._open_watches: set[str] = set()
        self._has_started_stages = False
        self._cuts: dict[str, Counted] = {}
        self._server_cut: Mapping[Caller, Counted] | None = None
        self.lines = 0
        self.unreadable = 0
        """Lines that are no audit event."""
        self.objects: Counter[tuple[str, str, str]] = Counter()
        """Requests by (resource, namespace, name), in the namespaces that were asked for."""

    def add(self, line: bytes) -> None:
        """Count a line."""
        self.lines += 1
        try:
            event = self._decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            self.unreadable += 1
            return
        if event.stage not in _COUNTED_STAGES:
            return
        if event.verb == "watch":
            self._add_watch(event)
        elif self._requests.is_new(event.auditID):
            self._cut(event)
            self._count(event)

    def counts(self) -> Mapping[Caller, Counted]:
        """Every request so far, by caller."""
        return {
            caller: {call: total.requests for call, total in rows.items()}
            for caller, rows in sorted(self._counts.items())
        }

    def times(self) -> Mapping[str, Mapping[str, tuple[float, int]]]:
        """Seconds and requests for single objects so far, by component and `answer_key`."""
        found = {
            component: {
                key: (total.seconds, total.timed)
                for key, total in sorted(rows.items())
                if total.timed
            }
            for component, rows in self._times.items()
        }
        return {component: rows for component, rows in found.items() if rows}

    def at_read(self, pod: str) -> Counted | None:
        """What the process in a pod had sent when virtslo last read its counters.

        Where the log does not name pods it is what its component had sent; None: no such read is
        in the log.
        """
        return self._cuts.get(pod)

    def at_server_read(self) -> Mapping[Caller, Counted] | None:
        """Every request when virtslo last read the API server's metrics; None: not in the log."""
        return self._server_cut

    def names_pods(self, component: str) -> bool:
        """Whether the log distinguishes a component's pods."""
        return any(caller.component == component and caller.pod for caller in self._counts)

    def _add_watch(self, event: _Event) -> None:
        if event.stage == "ResponseStarted":
            self._has_started_stages = True
            if event.auditID not in self._open_watches:
                self._open_watches.add(event.auditID)
                self._count(event, WATCH)
            return
        if event.auditID in self._open_watches:
            self._open_watches.discard(event.auditID)
        elif not self._has_started_stages or _failed(event):
            # A log without that stage, or a watch that was refused: it has this line alone.
            self._count(event, WATCH)
        self._count(event, WATCH_ENDED)

    def _count(self, event: _Event, watch: str = "") -> None:
        """Count a request; one for a watch as `watch` says, which began or ended."""
        user, reference, status = event.user, event.objectRef, event.responseStatus
        what: tuple[object, ...]
        if reference is None:
            what = (event.requestURI.partition("?")[0],)
        else:
            what = (reference.resource, reference.subresource, bool(reference.name))
            if self._namespaces and reference.namespace in self._namespaces and reference.name:
                self.objects[reference.resource, reference.namespace, reference.name] += 1
        code = None if status is None else status.code
        key = (event.verb, watch, code, user.username, event.userAgent, _pod_named(user), *what)
        kind = self._kinds.get(key)
        if kind is None:
            kind = self._kinds[key] = self._kind_of(event, watch or _verb(event))
        kind.counted.requests += 1
        if kind.timed is not None:
            seconds = _seconds_between(event.requestReceivedTimestamp, event.stageTimestamp)
            if seconds is not None:
                kind.timed.seconds += seconds
                kind.timed.timed += 1

    def _kind_of(self, event: _Event, verb: str) -> _Kind:
        """Where a request is counted, and its time added if it is for a single object."""
        caller, reference = _caller(event), event.objectRef
        code = "" if event.responseStatus is None else str(event.responseStatus.code)
        rows = self._counts.setdefault(caller, {})
        if reference is None:
            call = RestCall(verb, "", event.requestURI.partition("?")[0], code)
            return _Kind(rows.setdefault(call, _Sum()), None)
        call = RestCall(verb, reference.resource, reference.subresource, code)
        counted = rows.setdefault(call, _Sum())
        if verb not in _TIMED or not (reference.name or verb == "CREATE"):
            return _Kind(counted, None)
        slash = "/" if reference.subresource else ""
        answers = answer_key(verb, f"{reference.resource}{slash}{reference.subresource}")
        times = self._times.setdefault(caller.component, {})
        return _Kind(counted, times.setdefault(answers, _Sum()))

    def _cut(self, event: _Event) -> None:
        """Keep the counts so far where this request is our own read of a component's counters."""
        if event.verb != "get" or _caller(event).component != VIRTSLO:
            return
        reference = event.objectRef
        if reference is None:
            if event.requestURI.partition("?")[0] == METRICS:
                self._server_cut = self.counts()
        elif reference.resource == "pods" and reference.subresource == "proxy":
            pod = _pod_of(reference.name)
            component = _component_of(pod)
            rows: Counter[RestCall] = Counter()
            apart = self.names_pods(component)
            for caller, counts in self._counts.items():
                if caller.component == component and (caller.pod == pod or not apart):
                    rows.update({call: total.requests for call, total in counts.items()})
            self._cuts[pod] = rows


def _caller(event: _Event) -> Caller:
    return caller_of(event.user.username, event.userAgent, _pod_named(event.user))


def _pod_named(user: _User) -> str:
    """The pod that a user's token is of, where the log says it."""
    names = user.extra.get(_POD_NAME)
    return names[0] if names else ""


def _verb(event: _Event) -> str:
    if event.objectRef is not None and event.objectRef.subresource in CONNECTED:
        return "CONNECT"
    return VERBS.get(event.verb, event.verb.upper())


def _seconds_between(begin: str, end: str) -> float | None:
    """Between two timestamps; None where one is none, or the end is before the beginning."""
    try:
        seconds = (datetime.fromisoformat(end) - datetime.fromisoformat(begin)).total_seconds()
    except (ValueError, TypeError):
        return None
    return seconds if seconds >= 0 else None


def _failed(event: _Event) -> bool:
    return event.responseStatus is not None and event.responseStatus.code >= 400


def _pod_of(name: str) -> str:
    """A pod's name out of `https:NAME:8443`."""
    parts = name.split(":")
    return parts[1] if len(parts) == 3 else parts[0]


def _component_of(pod: str) -> str:
    return "-".join(pod.split("-")[:2])
