"""The simulated API server on a loopback socket: TLS, bearer token, chunked watches.

Invariant: it listens on 127.0.0.1 only; what a client may do is decided before anything
of its request is looked at.
All meaning is in `ApiServer`: here bytes become requests and answers become bytes.
"""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final
from urllib.parse import unquote

from aiohttp import web

from virtslo.base.errors import (
    ApiError,
    BadRequest,
    ConnectionLost,
    NotAcceptable,
    PathNotFound,
    RequestTooLarge,
    StoreError,
    Unauthorized,
)
from virtslo.base.limits import BODY_BYTES
from virtslo.base.tls_buffer import keep_tls_buffers_small
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes.identity import Identity
from virtslo.model.kubernetes.review_resources import REVIEWS
from virtslo.model.kubernetes.subresource_calls import SubresourceCall
from virtslo.sim.aggregation import call_of, is_aggregated
from virtslo.sim.api.resource_rules import rules_of
from virtslo.sim.api.versions import to_served
from virtslo.sim.api_server import ApiServer
from virtslo.sim.authorization.attributes import attributes_of
from virtslo.sim.authorization.authorizer import MASTERS
from virtslo.sim.authorization.impersonation import wanted_of
from virtslo.sim.discovery import aggregated_documents, install_documents
from virtslo.sim.http import routes
from virtslo.sim.http.authentication import Authentication
from virtslo.sim.http.certificates import LOOPBACK, Certificates
from virtslo.sim.http.client_errors import LOGGER
from virtslo.sim.http.encoding import Encoder, encode, status_of
from virtslo.sim.http.kubectl_tables import Form, form_of, shaped
from virtslo.sim.http.reset import reset
from virtslo.sim.http.watch import send_events
from virtslo.sim.openapi.documents import openapi_documents
from virtslo.sim.openapi.protobuf import MEDIA_TYPE as OPENAPI_PROTOBUF
from virtslo.sim.openapi.protobuf import accepts_protobuf, openapi_protobuf

JSON: Final = "application/json"
DISCOVERY_JSON: Final = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
OPENAPI_2: Final = "/openapi/v2"
_FORMS_OF_OBJECTS: Final = frozenset({Form.TABLE, Form.METADATA, Form.METADATA_LIST})
TEXT: Final = "text/plain"
_ALSO_WITH_A_SLASH: Final = ("/api/", "/apis/", "/version/")
GRACE_SECONDS: Final = 2.0
_NO_QUERY: Final[Mapping[str, str]] = {}


class HttpServer:
    """Serves one `ApiServer` to any Kubernetes client on this machine."""

    def __init__(self, server: ApiServer, certificates: Certificates) -> None:
        self._server = server
        self._certificates = certificates
        self._encoder = Encoder()
        self._discovery = aggregated_documents()
        self._openapi: bytes | None = None
        self._authentication = Authentication(server.tokens.user_of)
        server.tokens.find_user = self._authentication.bearer
        self._front: web.Server | None = None
        self._listener: asyncio.Server | None = None
        self._port = 0
        install_documents(server)
        server.install_roles()
        server.fronts.append(self._went_down_or_up)

    @property
    def token(self) -> str:
        """The administrator's bearer token."""
        return self._authentication.token

    @property
    def open_connections(self) -> int:
        """How many connections clients have."""
        return 0 if self._front is None else len(self._front.connections)

    async def start(self, port: int) -> str:
        """Listen on a port of loopback (0 takes a free one); the URL. Raises StoreError."""
        keep_tls_buffers_small()
        # A body is read as it comes, as the real server does: a compressed one is no JSON.
        self._front = web.Server(
            self._answer,
            handler_cancellation=True,
            access_log=None,
            logger=LOGGER,
            auto_decompress=False,
        )
        try:
            self._listener = await asyncio.get_running_loop().create_server(
                self._front, LOOPBACK, port, ssl=self._certificates.server, backlog=1024
            )
        except OSError as error:
            raise StoreError(
                f"cannot listen on {LOOPBACK}:{port}: {error.strerror}",
                hint="choose another port with --port, or 0 for a free one",
            ) from error
        self._port = int(self._listener.sockets[0].getsockname()[1])
        return f"https://{LOOPBACK}:{self._port}"

    async def stop(self) -> None:
        """End every watch and connection, and listen no more."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        if self._front is not None:
            await self._front.shutdown(GRACE_SECONDS)
            self._front = None

    async def _went_down_or_up(self, is_up: bool) -> None:
        """Refuse connections and reset those there are, or listen again on the same port."""
        if self._front is None or self._listener is None:
            return
        if is_up:
            self._listener = await asyncio.get_running_loop().create_server(
                self._front,
                LOOPBACK,
                self._port,
                ssl=self._certificates.server,
                backlog=1024,
                reuse_address=True,
            )
            return
        self._listener.close()
        for connection in self._front.connections:
            reset(connection.transport)

    async def _answer(self, http: web.BaseRequest) -> web.StreamResponse:
        try:
            return await self._dispatch(http)
        except ApiError as error:
            headers = {}
            if error.retry_after_seconds is not None:
                headers["Retry-After"] = str(max(1, round(error.retry_after_seconds)))
            if isinstance(error, PathNotFound):
                return _response(b"404 page not found\n", code=error.code, kind=TEXT)
            body = encode(status_of(error))
            return _response(body, code=error.code, headers=headers)
        except ConnectionLost:
            reset(http.transport)
            raise

    async def _dispatch(self, http: web.BaseRequest) -> web.StreamResponse:
        path = _path_of(http)
        query: Mapping[str, str] = http.query if http.query_string else _NO_QUERY
        user = self._user_of(http, path, query)
        accept = http.headers.get("Accept", "")
        if path == OPENAPI_2 and accepts_protobuf(accept):
            return _response(self._openapi_protobuf(), kind=OPENAPI_PROTOBUF)
        form = form_of(accept)
        if form is None:
            raise NotAcceptable(
                "only the following media types are accepted: application/json, "
                "application/json;as=Table;g=meta.k8s.io;v=v1"
            )
        target = routes.target_of(path)
        passed_on = call_of(http.method, path) if target is None else None
        if passed_on is not None:
            return await self._pass_on(http, passed_on, path, user)
        if target is None and is_aggregated(path):
            asked = attributes_of(http.method, path, query)
            if asked.is_resource:
                self._server.refuse_unserved(asked, path, user)
        if target is None and http.method == "PUT":
            raise PathNotFound
        if target is None:
            return await self._read_raw(http, path, query, user, form)
        return await self._serve(http, target, query, user, form)

    def _user_of(self, http: web.BaseRequest, path: str, query: Mapping[str, str]) -> Identity:
        """Who makes a request, if it may. Raises Unauthorized, Forbidden or BadRequest."""
        user = self._authentication.user_of(http.headers)
        if user is None:
            raise Unauthorized("Unauthorized")
        wanted = wanted_of(http.headers)
        if wanted is None and MASTERS in user.groups:
            return user
        asked = attributes_of(http.method, path, query)
        uri = http.rel_url.raw_path_qs
        if wanted is not None:
            user = self._server.impersonate(user, wanted, asked, uri)
        self._server.authorize(asked, uri, user)
        return user

    async def _serve(
        self,
        http: web.BaseRequest,
        target: routes.Target,
        query: Mapping[str, str],
        user: Identity,
        form: Form,
    ) -> web.StreamResponse:
        kind = routes.media_type(http.headers.get("Content-Type"))
        method = http.method
        raw = await _body_of(http) if http.body_exists else b""
        patch_type = routes.patch_type_of(kind) if method == "PATCH" else None
        try:
            body = routes.read_body(raw, kind)
        except ApiError as error:
            self._server.refuse(routes.request_of(method, target, query, user), error)
            raise
        request = routes.request_of(method, target, query, user, body=body, patch_type=patch_type)
        if request.verb == "watch":
            return await send_events(
                http, self._server, request, self._encoder, form, target.served
            )
        if form in _FORMS_OF_OBJECTS and target.resource in REVIEWS:
            raise NotAcceptable("only the following media types are accepted: application/json")
        response = await self._server.handle(request)
        body = to_served(response.body, target.resource, target.served)
        if (
            request.verb == "list"
            and form is Form.PLAIN
            and not rules_of(target.resource).is_custom
        ):
            body = {**body, "items": [_untyped(item) for item in body["items"]]}
        elif request.verb == "list" and form is Form.PLAIN:
            body = {**body, "metadata": {"continue": "", **body["metadata"]}}
        warnings = response.warnings
        if form is Form.PLAIN and "kind" in body:
            return _response(self._encoder.encode(body), code=response.code, warnings=warnings)
        include = query.get("includeObject", "")
        now = self._server.clock.wall()
        document = shaped(form, target.served, body, now=now, include=include)
        return _response(encode(document), code=response.code, warnings=warnings)

    async def _pass_on(
        self, http: web.BaseRequest, call: SubresourceCall, path: str, user: Identity
    ) -> web.Response:
        kind = routes.media_type(http.headers.get("Content-Type"))
        raw = await _body_of(http) if http.body_exists else b""
        call = replace(call, options=routes.read_body(raw, kind))
        answer = await self._server.pass_on(call, path, user)
        if answer.text:
            return _response(answer.text.encode(), code=answer.code, kind=TEXT)
        body = b"" if answer.document is None else encode(answer.document)
        return _response(body, code=answer.code)

    async def _read_raw(
        self,
        http: web.BaseRequest,
        path: str,
        query: Mapping[str, str],
        user: Identity,
        form: Form,
    ) -> web.Response:
        if http.method not in {"GET", "HEAD"}:
            raise routes.not_allowed()
        routes.check_timeout(query.get("timeout", ""))
        if form is Form.DISCOVERY and path in self._discovery:
            return _response(self._discovery[path], kind=DISCOVERY_JSON)
        body = await self._server.read_raw(path, query, user)
        kind = JSON if body[:1] == b"{" else "text/plain; version=0.0.4; charset=utf-8"
        return _response(body, kind=kind)

    def _openapi_protobuf(self) -> bytes:
        if self._openapi is None:
            self._openapi = openapi_protobuf(openapi_documents()[OPENAPI_2])
        return self._openapi


def _path_of(http: web.BaseRequest) -> str:
    """The path that is asked for, as clients may also spell it; what pods serve is left alone."""
    path = http.rel_url.raw_path
    if "%" in path:
        path = unquote(path)
    if path.endswith("/") and path.startswith(_ALSO_WITH_A_SLASH) and "/proxy/" not in path:
        path = path.rstrip("/")
    return path


def _untyped(item: Object) -> Object:
    """An item of a list of a built-in kind, which the list alone names."""
    return {key: value for key, value in item.items() if key not in {"apiVersion", "kind"}}


async def _body_of(http: web.BaseRequest) -> bytes:
    """The body, bounded before it is read whole. Raises BadRequest, RequestTooLarge."""
    parts: list[bytes] = []
    size = 0
    try:
        async for part in http.content.iter_any():
            size += len(part)
            if size > BODY_BYTES.most:
                raise RequestTooLarge(f"Request entity too large: limit is {BODY_BYTES.most}")
            parts.append(part)
    except web.RequestPayloadError as error:
        raise BadRequest(f"the body of the request cannot be read: {error}") from None
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _response(
    body: bytes,
    *,
    code: int = 200,
    kind: str = JSON,
    headers: Mapping[str, str] | None = None,
    warnings: Iterable[str] = (),
) -> web.Response:
    given = {"Content-Type": kind, **(headers or {})}
    response = web.Response(body=body, status=code, headers=given)
    for warning in warnings:
        quoted = warning.replace("\\", "\\\\").replace('"', '\\"')
        response.headers.add("Warning", f'299 - "{quoted}"')
    return response
