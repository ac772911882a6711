"""The verbs of the API on the store: what each does to an object.

Invariant: a write is all or nothing, bumps the resource version only if something changed, and
never changes an object that was handed out. Every refusal has the API server's words.
"""

from collections.abc import Mapping
from typing import Any, Final

from msgspec.structs import replace

from virtslo.base.clock import Clock
from virtslo.base.errors import AlreadyExists, BadRequest, MethodNotAllowed
from virtslo.model.identifiers import NamespacedName, Object
from virtslo.model.kubernetes import resources
from virtslo.model.kubernetes.resources import Resource
from virtslo.model.kubernetes.subresource_bodies import BODIES, EVICTIONS, OLD_EVICTIONS
from virtslo.sim.admission.chain import Admission, check_namespace
from virtslo.sim.api import bodies
from virtslo.sim.api.naming import Names, check_metadata
from virtslo.sim.api.options import check_options, dry_run, is_apply, manager_of
from virtslo.sim.api.refusals import conflict, details_of, not_found
from virtslo.sim.api.requests import Request, Response
from virtslo.sim.api.resource_rules import rules_of
from virtslo.sim.api.verbs import is_review
from virtslo.sim.api.versions import to_stored
from virtslo.sim.authorization.attributes import Attributes
from virtslo.sim.authorization.authorizer import Authorizer
from virtslo.sim.objects import subresources
from virtslo.sim.objects.deletion import Deletion
from virtslo.sim.objects.reviews import answer_review
from virtslo.sim.objects.token_requests import TokenRequests
from virtslo.sim.openapi.field_validation import WARN, checked_fields
from virtslo.sim.patching.managed_fields import APPLY, Writer, applied, has_owners, updated
from virtslo.sim.patching.patches import apply_patch
from virtslo.sim.storage.listing import list_page
from virtslo.sim.storage.object_store import ObjectStore

CREATED: Final = 201
OK: Final = 200
TRIES_AT_A_NAME: Final = 8
"""How often a generated name that exists is drawn again."""


class Handlers:
    """Answers every request but watches."""

    def __init__(
        self,
        store: ObjectStore,
        clock: Clock,
        names: Names,
        tokens: TokenRequests,
        authorizer: Authorizer,
    ) -> None:
        self._store = store
        self._clock = clock
        self._names = names
        self._tokens = tokens
        self._authorizer = authorizer
        self._admission = Admission(store, names, authorizer)
        self._deletion = Deletion(store, clock)
        self._bound_specs = subresources.BoundSpecs()
        self._known_fields: dict[Resource, Object] = {}
        """By resource, a new object that had no unknown field: what others share with it, as those
        of one template do, is not looked into again."""

    def handle(self, request: Request) -> Response:
        """Carry out a request that is no DELETE (`delete`). Raises ApiError."""
        check_options(request)
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
            case "deletecollection":
                return Response(OK, self._deletion.delete_collection(request))
        raise MethodNotAllowed(f"the server does not allow this method: {request.verb}")

    def writes_nothing(self, request: Request) -> bool:
        """Whether a change is answered from what is read: that its object is gone, has changed
        already (a PUT), or is going already (a DELETE).
        """
        current = self._store.get(request.resource, key_of_request(request))
        if current is None:
            return not is_apply(request)
        if request.verb == "delete":
            return self._deletion.changes_nothing(request, current)
        version = None if request.verb == "patch" else bodies.version_of(request.body)
        return bool(version) and version != current["metadata"]["resourceVersion"]

    def delete(self, request: Request) -> tuple[Response, bool]:
        """Carry out a DELETE; whether `finish_deletion` is to follow. Raises ApiError.

        A pod that goes at once takes two writes, as in a real store.
        """
        check_options(request)
        answer, is_begun = self._deletion.delete(request, in_two_writes=True)
        return Response(OK, answer), is_begun

    def finish_deletion(self, request: Request) -> None:
        """The second of two writes of a deletion."""
        self._deletion.finish(request)

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
        body = bodies.checked_body(request.resource, request.body)
        body, warnings = self._with_known_fields(request, body, None)
        if is_review(request.resource):
            return Response(CREATED, self._answered(request, body), warnings)
        return Response(CREATED, self._created(request, body), warnings)

    def _answered(self, request: Request, body: Object) -> Object:
        """A question, with what there is to say to it."""
        bodies.check_namespace_of(request.resource, body, request.namespace)
        agent = request.user.user_agent
        return answer_review(
            request,
            body,
            now=self._clock.stamp(),
            authorizer=self._authorizer,
            find_user=lambda token: self._tokens.find_user(token, agent),
        )

    def _created(self, request: Request, body: Object) -> Object:
        resource = request.resource
        bodies.check_namespace_of(resource, body, request.namespace)
        bodies.check_unversioned(body)
        metadata = self._new_metadata(resource, body["metadata"], request.namespace)
        namespace = metadata.get("namespace", "")
        if resource.namespaced:
            space = self._store.get(resources.NAMESPACES, ("", namespace))
            if (refusal := check_namespace(space, namespace, resource, metadata)) is not None:
                raise refusal
        target: Object = {**body, "metadata": metadata}
        if rules_of(resource).has_status and "status" in body and resource.group:
            target = {name: value for name, value in target.items() if name != "status"}
        now = metadata["creationTimestamp"]
        admitted = self._admission.created(resource, target, request.user, now)
        check_metadata(resource, metadata)
        key = (namespace, metadata["name"])
        if self._store.get(resource, key) is not None:
            raise AlreadyExists(
                f'{resource.group_resource} "{key[1]}" already exists',
                details=details_of(resource, key[1]),
            )
        return admitted if dry_run(request) else self._store.put(resource, key, admitted)

    def _new_metadata(
        self, resource: Resource, given: Mapping[str, Any], namespace: str | None
    ) -> dict[str, Any]:
        metadata = dict(given)
        if resource.namespaced:
            metadata["namespace"] = given.get("namespace") or namespace or "default"
        else:
            metadata.pop("namespace", None)
        prefix = metadata.get("generateName")
        if not metadata.get("name") and prefix:
            for _ in range(TRIES_AT_A_NAME):
                metadata["name"] = self._names.generated(prefix)
                key = (metadata.get("namespace", ""), metadata["name"])
                if self._store.get(resource, key) is None:
                    break
        metadata.setdefault("name", "")
        for name in ("deletionTimestamp", "deletionGracePeriodSeconds", "selfLink"):
            metadata.pop(name, None)
        metadata["uid"] = self._names.uid()
        metadata["creationTimestamp"] = self._clock.stamp()
        if rules_of(resource).generation != "nothing":
            metadata["generation"] = 1
        return metadata

    def _create_subresource(self, request: Request) -> Response:
        body, warnings = self._body_of_subresource(request, request.body)
        if request.subresource == "token":
            current = self.find(request)
            return Response(CREATED, self._tokens.issue(request, current, body), warnings)
        if not request.is_trusted:
            bodies.check_named(body, request.name)
            bodies.check_namespace_of(request.resource, body, request.namespace)
        if request.subresource == "eviction":
            self._deletion.delete(replace(request, body=body))
            return Response(CREATED, SUCCESS, warnings)
        if not request.is_trusted:
            subresources.check_target(body)
        now = self._clock.stamp()
        changed = subresources.bound(self.find(request), body, now, self._bound_specs)
        if not dry_run(request):
            self._store.put(request.resource, key_of_request(request), changed)
        return Response(CREATED, SUCCESS, warnings)

    def _body_of_subresource(self, request: Request, found: Any) -> tuple[Object, tuple[str, ...]]:
        """A body of the kind that the subresource of a request takes, and warnings of it."""
        assert request.subresource is not None
        if request.is_trusted:
            return found, ()
        kind = BODIES[request.subresource]
        if kind is EVICTIONS:
            found = to_stored(found, kind, OLD_EVICTIONS)
        body = bodies.checked_body(kind, found)
        asked = replace(request, resource=kind, subresource=None)
        return self._with_known_fields(asked, body, None)

    def _update(self, request: Request) -> Response:
        resource = request.resource
        if request.subresource == "scale":
            return self._scale(request, self.find(request), request.body)
        unmoved = self._unmoved(request)
        if unmoved is not None:
            return Response(OK, self._replace(request, unmoved, request.body))
        body = bodies.checked_body(resource, request.body)
        name = request.name or ""
        bodies.check_place(resource, body, namespace=request.namespace, name=name)
        current = self.find(request)
        bodies.check_versioned(resource, current, body)
        wanted = body["metadata"].get("resourceVersion")
        if wanted and wanted != current["metadata"]["resourceVersion"]:
            raise conflict(resource, current["metadata"]["name"])
        body, warnings = self._with_known_fields(request, body, current)
        return Response(OK, self._replace(request, current, body), warnings)

    def _unmoved(self, request: Request) -> Object | None:
        """The object that a trusted writer sends back with the very metadata that are stored.

        Its kind, name, uid and version are those of the store, so that nothing is to be refused.
        """
        body = request.body
        if not request.is_trusted or not isinstance(body, dict):
            return None
        current = self._store.get(request.resource, key_of_request(request))
        if current is None or body.get("metadata") is not current["metadata"]:
            return None
        is_alike = body.get("kind") == current.get("kind") == request.resource.kind
        return current if is_alike and body.get("apiVersion") == current["apiVersion"] else None

    def _patch(self, request: Request) -> Response:
        if is_apply(request):
            return self._apply(request)
        current = self.find(request)
        is_scale = request.subresource == "scale"
        target = subresources.scale_of(current) if is_scale else current
        assert request.patch_type is not None
        is_custom = rules_of(request.resource).is_custom and not is_scale
        changed = apply_patch(target, request.body, request.patch_type, is_custom=is_custom)
        if is_scale:
            return self._scale(request, current, changed)
        checked = self._checked(request, current, changed)
        checked, warnings = self._with_known_fields(request, checked, current)
        return Response(OK, self._replace(request, current, checked), warnings)

    def _apply(self, request: Request) -> Response:
        """Server-side apply, which creates what is missing."""
        resource = request.resource
        config = bodies.checked_body(resource, request.body)
        if config["metadata"].get("managedFields"):
            raise BadRequest("metadata.managedFields must be nil")
        if not bodies.name_of(config):
            config = {**config, "metadata": {**config["metadata"], "name": request.name}}
        bodies.check_place(resource, config, namespace=request.namespace, name=request.name or "")
        self._with_known_fields(request, config, None)
        config = subresources.own_half(resource, config, request.subresource)
        writer = self._writer(request)
        force = request.query.get("force") == "true"
        is_built_in = not rules_of(resource).is_custom
        current = self._store.get(resource, key_of_request(request))
        if current is None:
            if request.subresource is not None:
                raise not_found(resource, request.name or "")
            if not request.is_trusted:
                self._authorizer.check(request.user, _creating(request))
            made = applied(None, config, writer, force=force, is_built_in=is_built_in)
            return Response(CREATED, self._created(request, made))
        changed = applied(current, config, writer, force=force, is_built_in=is_built_in)
        checked = self._checked(request, current, changed)
        return Response(OK, self._replace(request, current, checked))

    def _with_known_fields(
        self, request: Request, target: Object, before: Object | None
    ) -> tuple[Object, tuple[str, ...]]:
        resource, verb = request.resource, request.verb
        if request.is_trusted and (verb != "create" or not rules_of(resource).is_custom):
            return target, ()  # no template of a user's: VMIs are made from VMs, VMs from pools
        directive = request.query.get("fieldValidation") or WARN
        verb = "apply" if is_apply(request) else verb
        is_new = before is None
        found = checked_fields(
            resource,
            target,
            directive,
            before=self._known_fields.get(resource) if is_new else before,
            verb=verb,
            subresource=request.subresource,
        )
        if is_new and found[0] is target:
            self._known_fields[resource] = target
        return found

    def _checked(self, request: Request, current: Object, changed: Any) -> Object:
        """What a patch makes, if it may stand in the place of what there was."""
        resource = request.resource
        if not isinstance(changed, dict) or not isinstance(changed.get("metadata"), dict):
            raise BadRequest("the patch leaves no object with metadata")
        if changed["metadata"] is current["metadata"]:
            return changed
        if changed["metadata"] == current["metadata"]:  # a patch that names its object's uid alone
            return {**changed, "metadata": current["metadata"]}
        wanted = changed["metadata"].get("resourceVersion")
        if wanted and wanted != current["metadata"]["resourceVersion"]:
            raise conflict(resource, current["metadata"]["name"])
        bodies.check_uid(resource, current, changed["metadata"])
        bodies.check_fixed(resource, current, changed)
        return bodies.without_empty_metadata(changed)

    def _scale(self, request: Request, current: Object, found: Any) -> Response:
        scale, warnings = self._body_of_subresource(request, found)
        changed = self._replace(request, current, subresources.scaled(current, scale), main=True)
        return Response(OK, subresources.scale_of(changed), warnings)

    def _replace(
        self, request: Request, current: Object, wanted: Object, *, main: bool = False
    ) -> Object:
        """Store what a write leaves; the object as it is stored."""
        resource = request.resource
        part = None if main else request.subresource
        changed, generation = subresources.merged(resource, current, wanted, part)
        if part is not None and is_apply(request):
            changed = subresources.with_owners(changed, wanted)
        if changed is current:
            return current
        if part is None:
            changed = self._admission.changed(resource, current, changed, request.user)
        if wanted.get("metadata") is not current["metadata"] is not changed["metadata"]:
            check_metadata(resource, changed["metadata"], current["metadata"])
        if has_owners(current) and not is_apply(request):
            is_built_in = not rules_of(resource).is_custom
            changed = updated(current, changed, self._writer(request), is_built_in=is_built_in)
        if dry_run(request):
            return subresources.of_generation(changed, generation)
        key = key_of_request(request)
        if self._deletion.is_finished(resource, changed):
            self._store.remove(resource, key)
            return subresources.of_generation(changed, generation)
        return self._store.put(resource, key, changed, generation=generation)

    def _writer(self, request: Request) -> Writer:
        return Writer(
            manager_of(request),
            request.resource.api_version,
            self._clock.stamp(),
            request.subresource or "",
            *((APPLY,) if is_apply(request) else ()),
        )


SUCCESS: Final[Object] = {
    "apiVersion": "v1",
    "kind": "Status",
    "metadata": {},
    "status": "Success",
}


def _creating(request: Request) -> Attributes:
    """What an apply that creates asks for beside the patch."""
    resource = request.resource
    return Attributes(
        "create",
        resource.group,
        resource.plural,
        namespace=request.namespace or "",
        name=request.name or "",
    )


def key_of_request(request: Request) -> NamespacedName:
    """The key of the object that a request names."""
    namespace = request.namespace or "" if request.resource.namespaced else ""
    name = request.name
    if name is None:
        name = request.body["metadata"].get("name", "")
    return (namespace, name)
