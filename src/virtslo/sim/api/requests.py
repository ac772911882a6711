"""A request to the simulated API server and its answer, free of any transport.

Invariant: the port in process and the HTTP server make the same `Request` for the same call, so
both see one behaviour. A failure is an `ApiError`, raised, never a response.
"""

import msgspec

from virtslo.model.identifiers import Object
from virtslo.model.kubernetes.identity import Identity
from virtslo.ports.kube_api import Call


class Request(Call, frozen=True, kw_only=True):
    """A call, and what the server knows of it beside."""

    user: Identity
    tail: str = ""
    """For a proxy: the path behind it."""
    is_trusted: bool = False
    """Whether its body is known to have the fields of its kind and no others."""


def received(call: Call, user: Identity, *, is_trusted: bool = False) -> Request:
    """The request that a user's call makes."""
    return Request(
        call.verb,
        call.resource,
        call.namespace,
        call.name,
        call.subresource,
        call.body,
        call.patch_type,
        call.selection,
        call.query,
        call.facts_only,
        user=user,
        is_trusted=is_trusted,
    )


class Response(msgspec.Struct, frozen=True):
    """A successful answer: an object, or a list (its items not yet wrapped)."""

    code: int
    body: Object
    warnings: tuple[str, ...] = ()
    """Warnings for the client of a request that succeeded."""
