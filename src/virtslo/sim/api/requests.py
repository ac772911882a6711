"""A request to the simulated API server and its answer, free of any transport.

Invariant: the port in process and the HTTP server make the same `Request` for the same call, so
both see one behaviour. A failure is an `ApiError`, raised, never a response.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from virtslo.model.identifiers import Object
from virtslo.model.identity import Identity
from virtslo.model.resources import Resource
from virtslo.ports.kube_api import EVERYTHING, PatchType, Selection


@dataclass(frozen=True, slots=True)
class Request:
    """One REST call. `verb` is Kubernetes' own: create get update patch delete deletecollection
    list watch."""

    verb: str
    resource: Resource
    user: Identity
    namespace: str | None = None
    name: str | None = None
    subresource: str | None = None
    body: Any = None
    patch_type: PatchType | None = None
    selection: Selection = EVERYTHING
    query: Mapping[str, str] = field(default_factory=dict)
    """Every other query parameter, in wire spelling: limit, continue, resourceVersion,
    resourceVersionMatch, dryRun, fieldManager, fieldValidation, force, timeoutSeconds,
    allowWatchBookmarks, sendInitialEvents, gracePeriodSeconds, propagationPolicy."""
    tail: str = ""
    """For a proxy: the path behind it."""


class Response(NamedTuple):
    """A successful answer: an object, or a list (its items not yet wrapped)."""

    code: int
    body: Object
    warnings: tuple[str, ...] = ()
    """What the client should be told of although the request succeeded."""
