"""What happens to an object between the request and the store: defaults and refusals.

Invariant: the object given is untouched; defaults that do not differ between objects are shared
constants, and a spec that many objects share is defaulted and checked once. Refusals use the words
of Kubernetes' validation and of KubeVirt's webhooks.
"""

import base64
from collections.abc import Callable, Mapping
from typing import Any, Final

from virtslo.base import quantity
from virtslo.base.errors import ApiError, BadRequest, Forbidden, NotFound
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes import resources
from virtslo.model.kubernetes.access_resources import ACCESS
from virtslo.model.kubernetes.identity import Identity
from virtslo.model.kubernetes.resources import Resource
from virtslo.sim.admission import kubevirt_defaults as defaults
from virtslo.sim.admission import kubevirt_rules as rules
from virtslo.sim.admission.access_rules import admitted_binding, admitted_role
from virtslo.sim.admission.instancetype_rules import instancetype_causes
from virtslo.sim.admission.migration_rules import check_migration
from virtslo.sim.admission.pods import quality_of_service, with_pod_defaults
from virtslo.sim.admission.services import admitted_service
from virtslo.sim.admission.workloads import with_workload_defaults
from virtslo.sim.api.naming import Names
from virtslo.sim.api.refusals import (
    INVALID,
    UNSUPPORTED,
    Cause,
    denied,
    details_of,
    invalid,
    invalid_value,
    required,
)
from virtslo.sim.authorization.authorizer import Authorizer
from virtslo.sim.storage.object_store import ObjectStore

MOST_KEPT: Final = 4096
KUBEVIRT_ACCOUNTS: Final = "system:serviceaccount:kubevirt:"
_NAMESPACE_STATUS: Final = {"phase": "Active"}
_NAMESPACE_SPEC: Final = {"finalizers": ["kubernetes"]}
_NOTHING: Final[Mapping[str, Any]] = {}
_VMI: Final = "virtualmachineinstances"

Create = Callable[["Admission", Object, Identity, str], Object]
Change = Callable[["Admission", Object, Object, Identity], Object]


class Admission:
    """Defaults and refusals at creation and change."""

    def __init__(self, store: ObjectStore, names: Names, authorizer: Authorizer) -> None:
        self._store = store
        self._authorizer = authorizer
        self._names = names
        self._specs: dict[int, tuple[Any, Any, bool]] = {}
        self._pods: dict[int, tuple[Any, Any, Any]] = {}

    def created(self, resource: Resource, target: Object, user: Identity, now: str) -> Object:
        """A new object as it is stored. Raises ApiError."""
        step = _AT_CREATION.get(resource.plural)
        return target if step is None else step(self, target, user, now)

    def changed(self, resource: Resource, before: Object, after: Object, user: Identity) -> Object:
        """An object as it is stored after a write of its main part. Raises ApiError."""
        step = _AT_CHANGE.get(resource.plural)
        return after if step is None else step(self, before, after, user)

    def _vmi(self, target: Object, user: Identity, now: str) -> Object:
        spec, has_uuid = self._vmi_spec(target)
        causes = rules.label_causes(target["metadata"], "metadata", is_kubevirt=is_kubevirt(user))
        if causes:
            raise denied(f"{_VMI}-create-validator.kubevirt.io", causes)
        return {
            **target,
            "metadata": defaults.vmi_metadata(target["metadata"]),
            "spec": spec if has_uuid else defaults.with_uuid(spec, self._names.uid()),
            "status": defaults.vmi_status(target, now),
        }

    def _vmi_spec(self, target: Object) -> tuple[Any, bool]:
        """The spec with KubeVirt's defaults, checked; one that is shared is worked on once."""
        spec = target.get("spec") or _NOTHING
        known = self._specs.get(id(spec))
        if known is not None and known[0] is spec:
            return known[1], known[2]
        if rules.has_bad_quantity(spec):
            raise _undecodable(f"{_VMI}-mutator.kubevirt.io")
        whole = defaults.vmi_spec(spec)
        causes = [*rules.vmi_spec_causes(whole, "spec"), *rules.vmi_only_causes(whole, "spec")]
        if causes:
            raise denied(f"{_VMI}-create-validator.kubevirt.io", causes)
        if len(self._specs) > MOST_KEPT:
            self._specs.clear()
        has_uuid = defaults.has_uuid(spec)
        self._specs[id(spec)] = (spec, whole, has_uuid)
        return whole, has_uuid

    def _vmi_changed(self, before: Object, after: Object, user: Identity) -> Object:
        if is_kubevirt(user):
            return after
        webhook = f"{_VMI}-update-validator.kubevirt.io"
        if after.get("spec") is not before.get("spec") and after.get("spec") != before.get("spec"):
            words = "update of VMI object is restricted"
            raise denied(webhook, [Cause("", UNSUPPORTED, words)])
        if _reserved(before) != _reserved(after):
            words = (
                "modification of the following reserved kubevirt.io/ labels on a VMI object is "
                "prohibited"
            )
            raise denied(webhook, [Cause("metadata.labels", UNSUPPORTED, words)])
        return after

    def _vm(self, target: Object, user: Identity, now: str) -> Object:
        spec = target.get("spec")
        _require(resources.VMS, target, "spec", spec)
        _require(resources.VMS, target, "spec.template", target["spec"].get("template"))
        if rules.has_bad_quantity(target["spec"]["template"].get("spec") or _NOTHING):
            raise _undecodable("virtualmachines-mutator.kubevirt.io")
        whole = defaults.vm_spec(target["spec"])
        webhook = "virtualmachine-validator.kubevirt.io"
        namespace = target["metadata"].get("namespace", "")
        causes = instancetype_causes(self._store, whole, namespace)
        if not causes:
            kubevirt = is_kubevirt(user)
            causes = rules.vm_spec_causes(_networked(whole), "spec", is_kubevirt=kubevirt)
        if causes:
            raise denied(webhook, causes)
        return {**target, "spec": whole}

    def _vm_changed(self, before: Object, after: Object, user: Identity) -> Object:
        if after["metadata"].get("deletionTimestamp") or after.get("spec") is before.get("spec"):
            return after
        return self._vm(after, user, "")

    def _replica_set(self, target: Object, user: Identity, now: str) -> Object:
        resource, spec = resources.VMI_REPLICA_SETS, target.get("spec")
        _require(resource, target, "spec", spec)
        spec = target["spec"]
        _require(resource, target, "spec.selector", spec.get("selector"))
        _require(resource, target, "spec.template", spec.get("template"))
        below = spec["template"].get("spec") or _NOTHING
        _require(resource, target, "spec.template.spec.domain", below.get("domain"))
        path = "spec.template.spec.domain.devices"
        _require(resource, target, path, below["domain"].get("devices"))
        webhook = "virtualmachineinstancereplicaset-validator.kubevirt.io"
        if rules.has_bad_quantity(below):
            raise _undecodable(webhook)
        labels = (spec["template"].get("metadata") or _NOTHING).get("labels") or _NOTHING
        causes = [
            *rules.vmi_spec_causes(below, "spec.template.spec"),
            *rules.selector_causes(spec["selector"], labels, "spec.selector"),
        ]
        if causes:
            raise denied(webhook, causes)
        return target if "replicas" in spec else {**target, "spec": {**spec, "replicas": 1}}

    def _replica_set_changed(self, before: Object, after: Object, user: Identity) -> Object:
        if after.get("spec") is before.get("spec"):
            return after
        return self._replica_set(after, user, "")

    def _pool(self, target: Object, user: Identity, now: str) -> Object:
        resource, spec = resources.VM_POOLS, target.get("spec")
        _require(resource, target, "spec", spec)
        spec = target["spec"]
        _require(resource, target, "spec.selector", spec.get("selector"))
        template = spec.get("virtualMachineTemplate")
        _require(resource, target, "spec.virtualMachineTemplate", template)
        path = "spec.virtualMachineTemplate.spec"
        _require(resource, target, path, template.get("spec"))
        _require(resource, target, f"{path}.template", template["spec"].get("template"))
        webhook = "virtualmachinepool-validator.kubevirt.io"
        if rules.has_bad_quantity(template["spec"]["template"].get("spec") or _NOTHING):
            raise _undecodable(webhook)
        labels = (template.get("metadata") or _NOTHING).get("labels") or _NOTHING
        causes = [
            *rules.vm_spec_causes(template["spec"], path, is_kubevirt=is_kubevirt(user)),
            *rules.selector_causes(spec["selector"], labels, "spec.selector"),
        ]
        if causes:
            raise denied(webhook, causes)
        return target if "replicas" in spec else {**target, "spec": {**spec, "replicas": 1}}

    def _pool_changed(self, before: Object, after: Object, user: Identity) -> Object:
        if after.get("spec") is before.get("spec"):
            return after
        checked = self._pool(after, user, "")
        if after["spec"].get("selector") != before["spec"].get("selector"):
            words = "selector is immutable after creation."
            cause = Cause("spec.selector", INVALID, words)
            raise denied("virtualmachinepool-validator.kubevirt.io", [cause])
        return checked

    def _migration(self, target: Object, user: Identity, now: str) -> Object:
        return check_migration(self._store, target)

    def _migration_changed(self, before: Object, after: Object, user: Identity) -> Object:
        if after.get("spec") is not before.get("spec") and after.get("spec") != before.get("spec"):
            webhook = "virtualmachineinstancemigrations-update-validator.kubevirt.io"
            words = "update of Migration object's spec is restricted"
            raise denied(webhook, [Cause("spec", UNSUPPORTED, words)])
        return after

    def _namespace(self, target: Object, user: Identity, now: str) -> Object:
        metadata = target["metadata"]
        labels = {**(metadata.get("labels") or {}), "kubernetes.io/metadata.name": metadata["name"]}
        return {
            **target,
            "metadata": {**metadata, "labels": labels},
            "spec": _NAMESPACE_SPEC,
            "status": _NAMESPACE_STATUS,
        }

    def _pod(self, target: Object, user: Identity, now: str) -> Object:
        _check_containers(target)
        spec, status = self._pod_spec(target["spec"])
        if target.get("status"):
            status = {**status, **target["status"]}
        return {**target, "spec": spec, "status": status}

    def _pod_changed(self, before: Object, after: Object, user: Identity) -> Object:
        if after.get("spec") is not before["spec"]:
            _check_containers(after)
        return after

    def _pod_spec(self, spec: Any) -> tuple[Any, Any]:
        """The spec with its defaults, and the first status; one that is shared is made once."""
        known = self._pods.get(id(spec))
        if known is not None and known[0] is spec:
            return known[1], known[2]
        if len(self._pods) > MOST_KEPT:
            self._pods.clear()
        whole = with_pod_defaults(spec)
        status = {"phase": "Pending", "qosClass": quality_of_service(whole)}
        self._pods[id(spec)] = (spec, whole, status)
        return whole, status

    def _secret(self, target: Object, user: Identity, now: str) -> Object:
        return _with_encoded(target)

    def _service(self, target: Object, user: Identity, now: str) -> Object:
        return admitted_service(target, self._store)

    def _workload(self, target: Object, user: Identity, now: str) -> Object:
        return with_workload_defaults(target)

    def _workload_changed(self, before: Object, after: Object, user: Identity) -> Object:
        return with_workload_defaults(after)

    def _access(self, target: Object, user: Identity, now: str) -> Object:
        admit, resource = _ACCESS[target["kind"]]
        return admit(self._authorizer, resource, None, target, user)

    def _access_changed(self, before: Object, after: Object, user: Identity) -> Object:
        admit, resource = _ACCESS[after["kind"]]
        return admit(self._authorizer, resource, before, after, user)

    def _secret_changed(self, before: Object, after: Object, user: Identity) -> Object:
        _check_immutable(resources.SECRETS, before, after, ("data", "stringData"))
        return _with_encoded(after)

    def _config_map_changed(self, before: Object, after: Object, user: Identity) -> Object:
        _check_immutable(resources.CONFIG_MAPS, before, after, ("data", "binaryData"))
        return after


_ACCESS: Final = {
    resource.kind: (admitted_binding if "Binding" in resource.kind else admitted_role, resource)
    for resource in ACCESS
}
_WORKLOADS: Final = ("daemonsets", "deployments", "replicasets")
_AT_CREATION: Final[Mapping[str, Create]] = {
    **dict.fromkeys((resource.plural for resource in ACCESS), Admission._access),
    _VMI: Admission._vmi,
    "virtualmachines": Admission._vm,
    "virtualmachineinstancereplicasets": Admission._replica_set,
    "virtualmachinepools": Admission._pool,
    "virtualmachineinstancemigrations": Admission._migration,
    "namespaces": Admission._namespace,
    "pods": Admission._pod,
    "secrets": Admission._secret,
    "services": Admission._service,
    **dict.fromkeys(_WORKLOADS, Admission._workload),
}
_AT_CHANGE: Final[Mapping[str, Change]] = {
    **dict.fromkeys((resource.plural for resource in ACCESS), Admission._access_changed),
    _VMI: Admission._vmi_changed,
    "virtualmachines": Admission._vm_changed,
    "virtualmachineinstancereplicasets": Admission._replica_set_changed,
    "virtualmachinepools": Admission._pool_changed,
    "virtualmachineinstancemigrations": Admission._migration_changed,
    "pods": Admission._pod_changed,
    "secrets": Admission._secret_changed,
    "configmaps": Admission._config_map_changed,
    **dict.fromkeys(_WORKLOADS, Admission._workload_changed),
}


def _check_containers(pod: Object) -> None:
    if not (pod.get("spec") or _NOTHING).get("containers"):
        name = pod["metadata"].get("name", "")
        raise invalid(resources.PODS, name, [required("spec.containers")])


def is_kubevirt(user: Identity) -> bool:
    """Whether a user is one of KubeVirt's own components."""
    return user.username.startswith(KUBEVIRT_ACCOUNTS)


def check_namespace(
    namespace: Object | None, name: str, resource: Resource, metadata: Mapping[str, Any]
) -> ApiError | None:
    """Why nothing can be created in a namespace; None if it can."""
    if namespace is None:
        return NotFound(
            f'namespaces "{name}" not found',
            details={"name": name, "kind": "namespaces"},
        )
    if namespace["metadata"].get("deletionTimestamp"):
        made = metadata.get("name") or metadata.get("generateName") or ""
        cause = {
            "reason": "NamespaceTerminating",
            "message": f"namespace {name} is being terminated",
            "field": "metadata.namespace",
        }
        return Forbidden(
            f'{resource.group_resource} "{made}" is forbidden: unable to create new content in '
            f"namespace {name} because it is being terminated",
            details=details_of(resource, made, causes=[cause]),
        )
    return None


def _networked(spec: Mapping[str, Any]) -> Mapping[str, Any]:
    """A VM's spec with the default network in its template, as KubeVirt validates it."""
    template = spec["template"]
    return {**spec, "template": {**template, "spec": defaults.vmi_spec(template["spec"])}}


def _reserved(target: Object) -> Mapping[str, Any]:
    labels = target["metadata"].get("labels") or _NOTHING
    return {key: value for key, value in labels.items() if key in rules.RESERVED_LABELS}


def _require(resource: Resource, target: Object, path: str, value: Any) -> None:
    name = target["metadata"].get("name") or ""
    if value is None:
        raise invalid(resource, name, [required(path)])
    if not isinstance(value, Mapping):
        words = f"{path} in body must be of type object"
        raise invalid(resource, name, [invalid_value(path, value, words)])


def _undecodable(webhook: str) -> BadRequest:
    return BadRequest(f'admission webhook "{webhook}" denied the request: {quantity.WORDS}')


def _with_encoded(secret: Object) -> Object:
    """A secret with its texts as data, which is how it is stored."""
    texts = secret.get("stringData")
    stored = {key: value for key, value in secret.items() if key != "stringData"}
    if texts:
        encoded = {
            key: base64.b64encode(str(text).encode()).decode() for key, text in texts.items()
        }
        stored["data"] = {**(secret.get("data") or {}), **encoded}
    if not stored.get("type"):
        stored["type"] = "Opaque"
    return stored


def _check_immutable(
    resource: Resource, before: Object, after: Object, fields: tuple[str, ...]
) -> None:
    if not before.get("immutable"):
        return
    words = "field is immutable when `immutable` is set"
    causes = [
        Cause(field, "FieldValueForbidden", f"Forbidden: {words}")
        for field in ("immutable", *fields)
        if before.get(field) != after.get(field)
    ]
    if causes:
        raise invalid(resource, before["metadata"]["name"], causes)
