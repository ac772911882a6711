"""The verbs of the API on the store: what each does to an object.

Invariant: a write is all or nothing, bumps the resource version only if something changed, and
never changes an object that was handed out. Every refusal has the API server's words.
"""

from collections.abc import Mapping
from typing import Any, Final

from virtslo.base.clock import Clock, timestamp
from virtslo.base.errors import (
    AlreadyExists,
    BadRequest,
    Conflict,
    MethodNotAllowed,
    NotFound,
    UnsupportedMediaType,
)
from virtslo.model import resources
from virtslo.model.identifiers import Object
from virtslo.model.resources import Resource
from virtslo.ports.kube_api import PatchType
from virtslo.sim import subresources
from virtslo.sim.admission import Admission, check_namespace
from virtslo.sim.deletion import Deletion
from virtslo.sim.listing import list_page
from virtslo.sim.naming import Names, check_name, details_of
from virtslo.sim.object_store import Key, ObjectStore
from virtslo.sim.patches import apply_json_patch, apply_merge_patch, apply_strategic_patch
from virtslo.sim.requests import Request, Response
from virtslo.sim.schemas import rules_of

CREATED: Final = 201
OK: Final = 200


class Handlers:
    """Answers every request but watches."""

    def __init__(self, store: ObjectStore, clock: Clock, names: Names) -> None:
        self._store = store
        self._clock = clock
        self._names = names
        self._admission = Admission(names)
        self._deletion = Deletion(store, clock)

    def handle(self, request: Request) -> Response:
        """Carry out a request. Raises ApiError."""
        match request.verb:
            case "create":
                return self._create(request)
            case "get":
                return Response(OK, self._get(request))
            case "list":
                return Response(OK, list_page(self._store, request))
            case "update":
                return self._update(request)
            case "patch":
                return self._patch(request)
            case "delete":
                return Response(OK, self._deletion.delete(request))
            case "deletecollection":
                return Response(OK, self._deletion.delete_collection(request))
        raise MethodNotAllowed(f"the server does not allow this method: {request.verb}")

    def find(self, request: Request) -> Object:
        """The object a request names. Raises NotFound."""
        assert request.name is not None
        found = self._store.get(request.resource, key_of_request(request))
        if found is None:
            raise not_found(request.resource, request.name)
        return found

    def _get(self, request: Request) -> Object:
        found = self.find(request)
        return subresources.scale_of(found) if request.subresource == "scale" else found

    def _create(self, request: Request) -> Response:
        if request.subresource is not None:
            return self._create_subresource(request)
        resource, body = request.resource, request.body
        if not isinstance(body, Mapping) or not isinstance(body.get("metadata"), Mapping):
            raise BadRequest("the object has no metadata")
        _check_kind(resource, body)
        metadata = self._new_metadata(resource, body["metadata"], request.namespace)
        key = (metadata.get("namespace", ""), metadata["name"])
        if resource.namespaced:
            space = self._store.get(resources.NAMESPACES, ("", key[0]))
            if (refusal := check_namespace(space, key[0], resource)) is not None:
                raise refusal
        if self._store.get(resource, key) is not None:
            raise AlreadyExists(
                f'{resource.group_resource} "{key[1]}" already exists',
                details=details_of(resource, key[1]),
            )
        target: Object = {**body, "metadata": metadata}
        if rules_of(resource).has_status and "status" in body and resource.group:
            target = {name: value for name, value in target.items() if name != "status"}
        admitted = self._admission.admit(resource, target, metadata["creationTimestamp"])
        if _is_dry(request):
            return Response(CREATED, admitted)
        return Response(CREATED, self._store.put(resource, key, admitted))

    def _new_metadata(
        self, resource: Resource, given: Mapping[str, Any], namespace: str | None
    ) -> dict[str, Any]:
        metadata = dict(given)
        if not metadata.get("name"):
            prefix = metadata.get("generateName")
            if not prefix:
                raise BadRequest("name or generateName is required")
            metadata["name"] = f"{prefix}{self._names.suffix()}"
        check_name(resource, metadata["name"])
        if resource.namespaced:
            stated = metadata.setdefault("namespace", namespace or "default")
            if namespace is not None and stated != namespace:
                raise BadRequest(
                    f"the namespace of the provided object does not match the namespace sent on "
                    f"the request: {stated!r} and {namespace!r}"
                )
        else:
            metadata.pop("namespace", None)
        metadata.pop("deletionTimestamp", None)
        metadata["uid"] = self._names.uid()
        metadata["creationTimestamp"] = timestamp(self._clock.wall())
        if rules_of(resource).generation != "nothing":
            metadata["generation"] = 1
        return metadata

    def _create_subresource(self, request: Request) -> Response:
        current = self.find(request)
        if request.subresource == "binding":
            changed = subresources.bound(current, request.body, timestamp(self._clock.wall()))
            self._store.put(request.resource, key_of_request(request), changed)
            return Response(CREATED, SUCCESS)
        if request.subresource == "eviction":
            self._deletion.delete(request)
            return Response(CREATED, SUCCESS)
        raise not_found(request.resource, f"{request.name}/{request.subresource}")

    def _update(self, request: Request) -> Response:
        body = request.body
        if not isinstance(body, Mapping) or not isinstance(body.get("metadata"), Mapping):
            raise BadRequest("the object has no metadata")
        current = self.find(request)
        if request.subresource == "scale":
            return self._scale(request, current, body)
        _check_kind(request.resource, body)
        wanted = body["metadata"].get("resourceVersion")
        if wanted and wanted != current["metadata"]["resourceVersion"]:
            raise conflict(request.resource, current["metadata"]["name"])
        return Response(OK, self._replace(request, current, body))

    def _patch(self, request: Request) -> Response:
        current = self.find(request)
        is_scale = request.subresource == "scale"
        target = subresources.scale_of(current) if is_scale else current
        match request.patch_type:
            case PatchType.JSON:
                changed = apply_json_patch(target, request.body)
            case PatchType.MERGE:
                changed = apply_merge_patch(target, request.body)
            case PatchType.STRATEGIC if not request.resource.group or is_scale:
                changed = apply_strategic_patch(target, request.body)
            case PatchType.APPLY:
                changed = apply_merge_patch(target, _applied(request.body))
            case _:
                raise UnsupportedMediaType(
                    "the body of the request was in an unknown format - accepted media types "
                    "include: application/json-patch+json, application/merge-patch+json, "
                    "application/apply-patch+yaml"
                )
        if is_scale:
            return self._scale(request, current, changed)
        wanted = changed.get("metadata", {}).get("resourceVersion")
        if wanted and wanted != current["metadata"]["resourceVersion"]:
            raise conflict(request.resource, current["metadata"]["name"])
        return Response(OK, self._replace(request, current, changed))

    def _scale(self, request: Request, current: Object, scale: Object) -> Response:
        changed = self._replace(request, current, subresources.scaled(current, scale), main=True)
        return Response(OK, subresources.scale_of(changed))

    def _replace(
        self, request: Request, current: Object, wanted: Object, *, main: bool = False
    ) -> Object:
        """Store what a write leaves; the object as it is stored."""
        resource = request.resource
        part = None if main else request.subresource
        changed = subresources.merged(resource, current, wanted, part)
        if changed is current:
            return current
        if _is_dry(request):
            return changed
        key = key_of_request(request)
        if self._deletion.is_finished(resource, changed):
            self._store.remove(resource, key, changed)
            return changed
        return self._store.put(resource, key, changed)


SUCCESS: Final[Object] = {
    "apiVersion": "v1",
    "kind": "Status",
    "metadata": {},
    "status": "Success",
}


def key_of_request(request: Request) -> Key:
    """The key of the object that a request names."""
    namespace = request.namespace or "" if request.resource.namespaced else ""
    name = request.name
    if name is None:
        name = request.body["metadata"].get("name", "")
    return (namespace, name)


def not_found(resource: Resource, name: str) -> NotFound:
    """404 for an object, as the API server words it."""
    return NotFound(
        f'{resource.group_resource} "{name}" not found', details=details_of(resource, name)
    )


def conflict(resource: Resource, name: str) -> Conflict:
    """409 for a stale resource version, as the API server words it."""
    return Conflict(
        f'Operation cannot be fulfilled on {resource.group_resource} "{name}": the object has been '
        "modified; please apply your changes to the latest version and try again",
        details=details_of(resource, name),
    )


def _check_kind(resource: Resource, body: Object) -> None:
    kind = body.get("kind")
    if kind is not None and kind != resource.kind:
        raise BadRequest(
            f"the object provided is unrecognized (must be of type {resource.kind}): "
            f"{str(kind)[:80]!r}"
        )


def _applied(body: Any) -> Any:
    if not isinstance(body, Mapping):
        raise BadRequest("an apply patch is an object")
    metadata = body.get("metadata", {})
    kept = {key: value for key, value in metadata.items() if key != "managedFields"}
    return {**body, "metadata": kept}


def _is_dry(request: Request) -> bool:
    return "dryRun" in request.query
