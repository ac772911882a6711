"""What happens to an object before it is stored: defaults and refusals.

Invariant: the object given is untouched; defaults that do not differ between objects are shared
constants. Refusals use the words of Kubernetes' validation and of KubeVirt's webhooks.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from virtslo.base.errors import ApiError, BadRequest, Forbidden, NotFound
from virtslo.model import resources
from virtslo.model.identifiers import Object
from virtslo.model.resources import Resource
from virtslo.sim.naming import Names, invalid

VMI_FINALIZER: Final = "kubevirt.io/foregroundDeleteVirtualMachine"

_CPU: Final = {"cores": 1, "maxSockets": 4, "model": "host-model", "sockets": 1, "threads": 1}
_FEATURES: Final = {"acpi": {"enabled": True}}
_MACHINE: Final = {"type": "q35"}
_NETWORKS: Final = [{"name": "default", "pod": {}}]
_INTERFACES: Final = [{"masquerade": {}, "name": "default"}]
_GUEST_OS: Final[Mapping[str, Any]] = {}
_POD_STATUS: Final = {"phase": "Pending", "qosClass": "Burstable"}
_NAMESPACE_STATUS: Final = {"phase": "Active"}
_NAMESPACE_SPEC: Final = {"finalizers": ["kubernetes"]}
_MEMORY_WORDS: Final = (
    "no memory requested, at least one of memory guest size, memory request or huge page size "
    "must be set"
)

Admit = Callable[["Admission", Object, str], Object]


class Admission:
    """Defaults and refusals at creation."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._specs: dict[int, tuple[Any, Any]] = {}

    def admit(self, resource: Resource, target: Object, now: str) -> Object:
        """The object as it is stored. Raises Invalid, BadRequest or Forbidden."""
        step = _STEPS.get(resource.plural)
        return target if step is None else step(self, target, now)

    def _vmi(self, target: Object, now: str) -> Object:
        check_vmi_spec(resources.VMIS, target, target.get("spec"), "spec")
        metadata = dict(target["metadata"])
        finalizers = metadata.get("finalizers") or []
        if VMI_FINALIZER not in finalizers:
            metadata["finalizers"] = [*finalizers, VMI_FINALIZER]
        annotations = metadata.get("annotations") or {}
        metadata["annotations"] = {**annotations, "kubevirt.io/pci-topology-version": "v3"}
        return {
            **target,
            "metadata": metadata,
            "spec": self._with_firmware(self._vmi_spec(target["spec"])),
            "status": {
                **_revision_of(target),
                "guestOSInfo": _GUEST_OS,
                "phase": "Pending",
                "phaseTransitionTimestamps": [
                    {"phase": "Pending", "phaseTransitionTimestamp": now}
                ],
                "runtimeUser": 107,
            },
        }

    def _vmi_spec(self, spec: Any) -> Any:
        """The spec with KubeVirt's defaults; one that is shared is defaulted once."""
        known = self._specs.get(id(spec))
        if known is not None and known[0] is spec:
            return known[1]
        domain = spec["domain"]
        devices = dict(domain["devices"])
        new_spec = {"architecture": "amd64", **spec}
        if devices.get("autoattachPodInterface", True) and not spec.get("networks"):
            devices.setdefault("interfaces", _INTERFACES)
            new_spec["networks"] = _NETWORKS
        new_spec["domain"] = {
            **domain,
            "cpu": {**_CPU, **domain.get("cpu", {})},
            "devices": devices,
            "features": {**_FEATURES, **domain.get("features", {})},
            "machine": domain.get("machine") or _MACHINE,
            "memory": _memory(domain),
        }
        if len(self._specs) > 4096:
            self._specs.clear()
        self._specs[id(spec)] = (spec, new_spec)
        return new_spec

    def _with_firmware(self, spec: Any) -> Any:
        domain = spec["domain"]
        if domain.get("firmware", {}).get("uuid"):
            return spec
        firmware = {**domain.get("firmware", {}), "uuid": self._names.uid()}
        return {**spec, "domain": {**domain, "firmware": firmware}}

    def _vm(self, target: Object, now: str) -> Object:
        spec = target.get("spec")
        _require(resources.VMS, target, "spec", spec)
        assert spec is not None
        _require(resources.VMS, target, "spec.template", spec.get("template"))
        if ("running" in spec) == ("runStrategy" in spec):
            words = (
                "Running and RunStrategy are mutually exclusive. Note that Running is deprecated, "
                "please use RunStrategy instead"
                if "running" in spec
                else "One of Running or RunStrategy must be specified"
            )
            raise _denied("virtualmachine-validator.kubevirt.io", f"spec.running: {words}")
        strategies = {"Always", "Halted", "Manual", "RerunOnFailure", "Once", "WaitAsReceiver"}
        if "runStrategy" in spec and spec["runStrategy"] not in strategies:
            raise _denied(
                "virtualmachine-validator.kubevirt.io",
                f"Invalid RunStrategy ({spec['runStrategy']})",
            )
        if not spec.get("instancetype"):
            below = spec["template"].get("spec")
            check_vmi_spec(resources.VMS, target, below, "spec.template.spec")
        return target

    def _replica_set(self, target: Object, now: str) -> Object:
        spec = target.get("spec") or {}
        _require(resources.VMI_REPLICA_SETS, target, "spec.template", spec.get("template"))
        _require(resources.VMI_REPLICA_SETS, target, "spec.selector", spec.get("selector"))
        below = spec["template"].get("spec")
        check_vmi_spec(resources.VMI_REPLICA_SETS, target, below, "spec.template.spec")
        labels = spec["template"].get("metadata", {}).get("labels") or {}
        _check_selector(spec["selector"], labels, "virtualmachineinstancereplicaset")
        return target if "replicas" in spec else {**target, "spec": {**spec, "replicas": 1}}

    def _pool(self, target: Object, now: str) -> Object:
        spec = target.get("spec") or {}
        template = spec.get("virtualMachineTemplate")
        _require(resources.VM_POOLS, target, "spec.virtualMachineTemplate", template)
        _require(resources.VM_POOLS, target, "spec.selector", spec.get("selector"))
        assert template is not None
        _require(
            resources.VM_POOLS, target, "spec.virtualMachineTemplate.spec", template.get("spec")
        )
        labels = template.get("metadata", {}).get("labels") or {}
        _check_selector(spec["selector"], labels, "virtualmachinepool")
        return target if "replicas" in spec else {**target, "spec": {**spec, "replicas": 1}}

    def _namespace(self, target: Object, now: str) -> Object:
        metadata = target["metadata"]
        labels = {**(metadata.get("labels") or {}), "kubernetes.io/metadata.name": metadata["name"]}
        return {
            **target,
            "metadata": {**metadata, "labels": labels},
            "spec": _NAMESPACE_SPEC,
            "status": _NAMESPACE_STATUS,
        }

    def _pod(self, target: Object, now: str) -> Object:
        if target.get("status"):
            return {**target, "status": {**_POD_STATUS, **target["status"]}}
        return {**target, "status": _POD_STATUS}


_STEPS: Final[Mapping[str, Admit]] = {
    "virtualmachineinstances": Admission._vmi,
    "virtualmachines": Admission._vm,
    "virtualmachineinstancereplicasets": Admission._replica_set,
    "virtualmachinepools": Admission._pool,
    "namespaces": Admission._namespace,
    "pods": Admission._pod,
}


def check_vmi_spec(resource: Resource, target: Object, spec: Any, path: str) -> None:
    """Refuse a VMI spec that KubeVirt would. Raises Invalid or BadRequest."""
    _require(resource, target, path, spec)
    domain = spec.get("domain")
    _require(resource, target, f"{path}.domain", domain)
    _require(resource, target, f"{path}.domain.devices", domain.get("devices"))
    requests = domain.get("resources", {}).get("requests", {})
    memory = domain.get("memory", {})
    if not (memory.get("guest") or memory.get("hugepages") or requests.get("memory")):
        webhook = f"{resource.plural}-create-validator.kubevirt.io"
        raise _denied(webhook, f"{path}.domain.resources.requests.memory: {_MEMORY_WORDS}")


def check_namespace(namespace: Object | None, name: str, resource: Resource) -> ApiError | None:
    """Why nothing can be created in a namespace; None if it can."""
    if namespace is None:
        return NotFound(
            f'namespaces "{name}" not found',
            details={"name": name, "kind": "namespaces"},
        )
    if namespace["metadata"].get("deletionTimestamp"):
        return Forbidden(
            f"{resource.group_resource} is forbidden: unable to create new content in namespace "
            f"{name} because it is being terminated",
            details={
                "kind": resource.plural,
                "causes": [
                    {
                        "reason": "NamespaceTerminating",
                        "message": f"namespace {name} is being terminated",
                        "field": "metadata.namespace",
                    }
                ],
            },
        )
    return None


def _revision_of(vmi: Object) -> Mapping[str, Any]:
    """The revision of its VM that a VMI was started from: all that is kept of a status given."""
    name = (vmi.get("status") or {}).get("virtualMachineRevisionName")
    return {"virtualMachineRevisionName": name} if name else {}


def _memory(domain: Any) -> Any:
    memory = domain.get("memory", {})
    requested = domain.get("resources", {}).get("requests", {}).get("memory")
    if memory.get("guest") or not requested:
        return memory
    return {**memory, "guest": requested}


def _require(resource: Resource, target: Object, path: str, value: Any) -> None:
    if value is None or not isinstance(value, Mapping):
        name = target["metadata"].get("name") or ""
        raise invalid(resource, name, [(path, "FieldValueRequired", "Required value")])


def _check_selector(selector: Any, labels: Mapping[str, str], what: str) -> None:
    wanted = selector.get("matchLabels") or {}
    if any(labels.get(key) != value for key, value in wanted.items()):
        raise _denied(f"{what}-validator.kubevirt.io", "selector does not match labels.")


def _denied(webhook: str, words: str) -> BadRequest:
    return BadRequest(
        f'admission webhook "{webhook}" denied the request: {words}', reason="BadRequest"
    )
