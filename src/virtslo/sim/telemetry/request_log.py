"""What the API server notes of every request: its metrics and its audit log, together.

Invariant: a request is noted once in both, whatever became of it. One that got no answer because
the server died or never heard of it is in neither; one whose answer alone was lost is in both. A
watch is noted as it ends; it began when it was answered.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, Self

import msgspec

from virtslo.base.clock import NANOSECONDS_PER_SECOND, Clock, to_seconds
from virtslo.base.errors import ApiError
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes.identity import Identity
from virtslo.sim.api.requests import Request
from virtslo.sim.telemetry.audit_log import (
    COMPLETE,
    STARTED,
    AuditLog,
    aggregated_event,
    event_of,
    failed,
    raw_event,
    refused_event,
    succeeded,
)
from virtslo.sim.telemetry.metrics import CONNECTED, RequestSeries, ServerMetrics

NOT_FOUND: Final = 404
_HEALTH: Final = ("/healthz", "/livez", "/readyz")


class Telemetry:
    """Metrics and audit log of one API server, over all its lives."""

    def __init__(self, clock: Clock, write: Callable[[bytes], None] | None) -> None:
        self.clock = clock
        self.audit_log: AuditLog | None = None
        self.write_audit_log_to(write)
        self.metrics = ServerMetrics(clock)

    def write_audit_log_to(self, write: Callable[[bytes], None] | None) -> None:
        """From now on, write a line a request there; None: nowhere."""
        self.audit_log = None if write is None else AuditLog(write)

    def begin(self, request: Request) -> "Noted":
        """A request for a resource has come."""
        life, clock, audit_log = self.metrics, self.clock, self.audit_log
        series = life.series_of(request)
        series.running += 1
        if audit_log is None:
            return Noted(self, life, request, series, clock.now_ns())
        received, audit_id = clock.wall(), audit_log.new_id()
        return Noted(self, life, request, series, clock.now_ns(), received, audit_id)

    def begin_raw(self, path: str, query: Mapping[str, str], user: Identity) -> "NotedRaw":
        """A GET of a path that is no resource has come."""
        return NotedRaw(self, path, query, user)

    def begin_aggregated(
        self, uri: str, verb: str, user: Identity, reference: Mapping[str, str]
    ) -> "NotedAggregated":
        """A request that another component answers has come."""
        return NotedAggregated(self, uri, verb, user, reference)

    def note_refusal(
        self, uri: str, verb: str, user: Identity, reference: Mapping[str, str], error: ApiError
    ) -> None:
        """A request was refused before it was looked at: it is in the audit log alone."""
        if self.audit_log is None:
            return
        now = self.clock.wall()
        self.audit_log.write(
            refused_event(uri, verb, user, reference, error),
            audit_id=self.audit_log.new_id(),
            stage=COMPLETE,
            received=now,
            now=now,
        )

    def die(self) -> None:
        """The process is gone, and its counters with it."""
        self.metrics = ServerMetrics(self.clock)


class Noted(msgspec.Struct, eq=False):
    """One request for a resource, from its coming to its end.

    A struct, because every request makes one: a class of Python's own takes three times as long.
    As a context it notes an ApiError as the answer; with any other exception there is none.
    """

    _telemetry: Telemetry
    _life: ServerMetrics
    _request: Request
    _series: RequestSeries
    _started_ns: int
    _received: datetime | None = None
    """When it came; None where there is no audit log."""
    _audit_id: str = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is not None:
            self.end_with(error)

    @property
    def is_cut_off(self) -> bool:
        """Whether the server has died since it came: it gets no answer, whatever it did."""
        return self._telemetry.metrics is not self._life

    def end_with(self, error: BaseException) -> None:
        """Note an ApiError as the answer; with any other exception there is none."""
        if isinstance(error, ApiError):
            self.fail(error)
        else:
            self.vanish()

    def answer(self, code: int, made: Object | None = None) -> None:
        """It went well; `made` is the object it created, if it created one."""
        if self._received is not None and self._request.subresource in CONNECTED:
            self._write(STARTED, code, None, None)
        self._end(code, None, made)

    def fail(self, error: ApiError) -> None:
        """It was answered with a failure."""
        self._end(error.code, error, None)

    def vanish(self) -> None:
        """It gets no answer, and is not recorded."""
        self._series.running -= 1

    def start(self) -> None:
        """A watch was answered, and goes on."""
        self._life.long_running[self._series.labels] += 1
        self._write(STARTED, 200, None, None)

    def finish(self, events: int) -> None:
        """A watch ended; one whose server has died is not recorded."""
        if not self.is_cut_off:
            self._life.long_running[self._series.labels] -= 1
            self._life.sent(self._request.resource, events)
            self._end(200, None, None)

    def _end(self, code: int, error: ApiError | None, made: Object | None) -> None:
        telemetry, series = self._telemetry, self._series
        series.running -= 1
        seconds = (telemetry.clock.now_ns() - self._started_ns) / NANOSECONDS_PER_SECOND
        series.answered(code, seconds)
        if telemetry.audit_log is not None:
            self._write(COMPLETE, code, error, made)

    def _write(self, stage: str, code: int, error: ApiError | None, made: Object | None) -> None:
        audit_log = self._telemetry.audit_log
        if audit_log is None or self._received is None:
            return
        status = succeeded(code) if error is None else failed(error)
        audit_log.write(
            event_of(self._request, status, made),
            audit_id=self._audit_id,
            stage=stage,
            received=self._received,
            now=self._telemetry.clock.wall(),
        )


class NotedRaw:
    """One GET of a path that is no resource. Only looks at health are in the metrics.

    As a context it notes an ApiError as the answer.
    """

    __slots__ = ("_path", "_query", "_received", "_started_ns", "_telemetry", "_user")

    def __init__(
        self, telemetry: Telemetry, path: str, query: Mapping[str, str], user: Identity
    ) -> None:
        self._telemetry = telemetry
        self._path = path
        self._query = query
        self._user = user
        self._started_ns = telemetry.clock.now_ns()
        self._received = telemetry.clock.wall()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, ApiError):
            self.fail(error)

    def answer(self) -> None:
        """It went well."""
        self._end(None)

    def fail(self, error: ApiError) -> None:
        """It was answered with a failure."""
        self._end(error)

    def _end(self, error: ApiError | None) -> None:
        telemetry, code = self._telemetry, 200 if error is None else error.code
        if self._path.startswith(_HEALTH) and code != NOT_FOUND:  # else each would be a series
            seconds = to_seconds(telemetry.clock.now_ns() - self._started_ns)
            looks = telemetry.metrics.series(("GET", "", "", "", self._path, "", ""))
            looks.answered(code, seconds)
        if telemetry.audit_log is not None:
            status = succeeded(code) if error is None else failed(error)
            telemetry.audit_log.write(
                raw_event(self._path, self._query, self._user, status),
                audit_id=telemetry.audit_log.new_id(),
                stage=COMPLETE,
                received=self._received,
                now=telemetry.clock.wall(),
            )


class NotedAggregated:
    """One request that was passed on: in the audit log, but not in this server's metrics.

    As a context it notes an ApiError as the answer.
    """

    __slots__ = ("_about", "_received", "_telemetry")

    def __init__(
        self,
        telemetry: Telemetry,
        uri: str,
        verb: str,
        user: Identity,
        reference: Mapping[str, str],
    ) -> None:
        self._telemetry = telemetry
        self._about = (uri, verb, user, reference)
        self._received = telemetry.clock.wall()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, ApiError):
            self._end(failed(error))

    def answer(self, code: int) -> None:
        """It was answered by the component."""
        self._end(succeeded(code))

    def _end(self, status: Mapping[str, Any]) -> None:
        telemetry = self._telemetry
        if telemetry.audit_log is None:
            return
        telemetry.audit_log.write(
            aggregated_event(*self._about, status),
            audit_id=telemetry.audit_log.new_id(),
            stage=COMPLETE,
            received=self._received,
            now=telemetry.clock.wall(),
        )
