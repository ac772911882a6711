"""Bodies of writes: what they must say of themselves before anything is made of them. Pure.

Invariant: an object that passes has the kind and version of its resource and belongs where it was
sent; a refusal has the API server's words.
"""

from collections.abc import Mapping
from typing import Any, Final

from virtslo.base.errors import BadRequest, ServerFailure
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes.resources import Resource
from virtslo.sim.api.refusals import (
    Cause,
    invalid,
    invalid_value,
    mismatched_name,
    mismatched_namespace,
    precondition_failed,
)
from virtslo.sim.api.resource_rules import rules_of

_LEFT_OUT: Final = ("annotations", "finalizers", "labels", "ownerReferences")
_GO_NAMES: Final = {str: "string", list: "array", bool: "bool"}


def checked_body(resource: Resource, body: Any) -> Object:
    """A body with its kind and version, which built-in types may leave out. Raises BadRequest."""
    if not isinstance(body, dict):
        raise BadRequest(
            f"the object provided is unrecognized (must be of type {resource.kind}): "
            "couldn't get version/kind; json parse error"
        )
    kind, version = body.get("kind"), body.get("apiVersion")
    is_custom = rules_of(resource).is_custom
    if is_custom and not kind:
        raise BadRequest("Object 'Kind' is missing in the body of the request")
    if version and version != resource.api_version:
        raise BadRequest(
            f"the API version in the data ({version}) does not match the expected API version "
            f"({resource.api_version})"
        )
    if kind and kind != resource.kind:
        if is_custom:
            words = invalid_value("kind", kind, f"must be {resource.kind}")
            raise invalid(resource, name_of(body), [words])
        raise BadRequest(
            f'{kind} in version "{version or resource.version}" cannot be handled as a '
            f"{resource.kind}: converting ({kind}) to ({resource.kind}): unknown conversion"
        )
    metadata = body.get("metadata")
    if metadata is not None and not isinstance(metadata, dict):
        raise _not_an_object(resource, metadata)
    if kind and version and metadata is not None:
        return body
    own = {"apiVersion": resource.api_version, "kind": resource.kind, "metadata": metadata or {}}
    return {**own, **{key: value for key, value in body.items() if key not in own}}


def name_of(body: Object) -> str:
    """The name that a body states; empty where it states none."""
    metadata = body.get("metadata")
    return str(metadata.get("name") or "") if isinstance(metadata, dict) else ""


def version_of(body: Any) -> Any:
    """The resource version that a body of any type states; None where it states none."""
    metadata = body.get("metadata") if isinstance(body, dict) else None
    return metadata.get("resourceVersion") if isinstance(metadata, dict) else None


def check_place(resource: Resource, body: Object, *, namespace: str | None, name: str) -> None:
    """Refuse an object that was sent to another one's path. Raises BadRequest."""
    stated = name_of(body)
    if stated != name:
        raise mismatched_name(stated, name)
    check_namespace_of(resource, body, namespace)


def check_named(body: Object, name: str | None) -> None:
    """Refuse the body of a subresource that names another object. Raises BadRequest."""
    if name_of(body) != name:
        raise BadRequest(f"name in URL does not match name in {body['kind']} object")


def check_namespace_of(resource: Resource, body: Object, namespace: str | None) -> None:
    """Refuse an object that was sent to another namespace. Raises BadRequest."""
    stated = body["metadata"].get("namespace")
    if resource.namespaced and stated and namespace is not None and stated != namespace:
        raise mismatched_namespace()


def check_unversioned(body: Object) -> None:
    """Refuse to create what already has a version. Raises ServerFailure, as the real one does."""
    if body["metadata"].get("resourceVersion"):
        raise ServerFailure("resourceVersion should not be set on objects to be created")


def check_versioned(resource: Resource, current: Object, body: Object) -> None:
    """Refuse an update that says of no version, or of another object. Raises Invalid, Conflict."""
    metadata = body["metadata"]
    name = current["metadata"]["name"]
    if not metadata.get("resourceVersion") and rules_of(resource).is_custom:
        cause = Cause(
            "metadata.resourceVersion",
            "FieldValueInvalid",
            "Invalid value: 0: must be specified for an update",
        )
        raise invalid(resource, name, [cause])
    check_uid(resource, current, metadata)


def check_uid(resource: Resource, current: Object, metadata: Mapping[str, Any]) -> None:
    """Refuse a write that means another object of the same name. Raises Conflict."""
    uid, found = metadata.get("uid"), current["metadata"]["uid"]
    if uid and uid != found:
        name = current["metadata"]["name"]
        raise precondition_failed(resource, name, "UID", wanted=uid, found=found)


def check_fixed(resource: Resource, current: Object, changed: Object) -> None:
    """Refuse a patch that renames or moves an object. Raises Invalid."""
    causes = [
        invalid_value(f"metadata.{key}", changed["metadata"].get(key), "field is immutable")
        for key in ("name", "namespace")
        if changed["metadata"].get(key, current["metadata"].get(key))
        != current["metadata"].get(key)
    ]
    if causes:
        raise invalid(resource, current["metadata"]["name"], causes)


def _not_an_object(resource: Resource, metadata: Any) -> BadRequest:
    found = _GO_NAMES.get(type(metadata), "number")
    return BadRequest(
        f'{resource.kind} in version "{resource.version}" cannot be handled as a {resource.kind}: '
        f"json: cannot unmarshal {found} into Go struct field "
        f"{resource.kind}.metadata of type v1.ObjectMeta"
    )


def without_empty_metadata(target: Object) -> Object:
    """An object without lists and maps of its metadata that a patch left empty."""
    metadata = target["metadata"]
    empty = [name for name in _LEFT_OUT if name in metadata and not metadata[name]]
    if not empty:
        return target
    kept = {name: value for name, value in metadata.items() if name not in empty}
    return {**target, "metadata": kept}
