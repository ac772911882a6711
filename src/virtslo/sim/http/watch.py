"""A watch over HTTP: events as lines of a chunked answer.

Invariant: what is ready goes out together; the watcher is closed, whichever side ends the watch
first.
"""

from datetime import datetime
from typing import Final

from aiohttp import web

from virtslo.base.errors import ApiError, ConnectionLost
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes.resources import Resource
from virtslo.sim.api.requests import Request
from virtslo.sim.api.versions import to_served
from virtslo.sim.api_server import ApiServer
from virtslo.sim.http.encoding import Encoder, encode, status_of
from virtslo.sim.http.kubectl_tables import Form, bookmark_table, metadata_of, table_of
from virtslo.sim.http.reset import reset
from virtslo.sim.storage.watch_log import BOOKMARK

ERROR: Final = "ERROR"
AT_ONCE: Final = 64
"""Events that go out in one piece at most."""
_HEADERS: Final = {"Content-Type": "application/json"}


async def send_events(
    http: web.BaseRequest,
    server: ApiServer,
    request: Request,
    encoder: Encoder,
    form: Form,
    served: Resource,
) -> web.StreamResponse:
    """Answer a watch until its end. Raises ApiError where it cannot be opened."""
    watcher = await server.open_watch(request)
    is_plain = form is Form.PLAIN and served is request.resource
    shape = _Shape(form, request, server, served)
    try:
        response = web.StreamResponse(headers=_HEADERS)
        response.enable_chunked_encoding()
        await response.prepare(http)
        try:
            line = encoder.event if is_plain else shape.line
            async for event in watcher:
                lines = [line(event.type, event.object)]
                lines += [line(each.type, each.object) for each in watcher.take_ready(AT_ONCE)]
                await response.write(b"".join(lines))
        except ApiError as error:
            # Within a stream a failure is an event, since the status line is long gone.
            await response.write(_line(ERROR, status_of(error)))
        except ConnectionLost:
            reset(http.transport)
            return response
        except ConnectionError:
            return response
        await response.write_eof()
    finally:
        server.close_watch(watcher)
    return response


class _Shape:
    """Events as tables or metadata; columns are sent once."""

    def __init__(self, form: Form, request: Request, server: ApiServer, served: Resource) -> None:
        self._form = form
        self._resource: Resource = request.resource
        self._include = request.query.get("includeObject", "")
        self._server = server
        self._served = served
        self._has_columns = False

    def line(self, kind: str, target: Object) -> bytes:
        """A line of the watch."""
        if self._form is Form.TABLE:
            return _line(kind, self._table(kind, target, self._server.clock.wall()))
        if self._form in {Form.METADATA, Form.METADATA_LIST}:
            return _line(kind, metadata_of(target))
        return _line(kind, to_served(target, self._resource, self._served))

    def _table(self, kind: str, target: Object, now: datetime) -> Object:
        with_columns, self._has_columns = not self._has_columns, True
        if kind == BOOKMARK:
            return bookmark_table(target, with_columns=with_columns, resource=self._resource)
        version = {"resourceVersion": target["metadata"].get("resourceVersion", "")}
        return table_of(
            self._resource,
            (target,),
            now=now,
            include=self._include,
            metadata=version,
            with_columns=with_columns,
        )


def _line(kind: str, target: Object) -> bytes:
    return b'{"type":"%s","object":%s}\n' % (kind.encode(), encode(target))
