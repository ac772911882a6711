"""What KubeVirt's validating webhooks refuse of what load tests send, with their causes.

Invariant: pure; every problem of an object is reported, not only the first, in KubeVirt's words and
in its order. An object without one gives an empty list.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from virtslo.base.quantity import NANO, ZERO, Quantity, read_quantity
from virtslo.sim.api.refusals import INVALID, REQUIRED, UNSUPPORTED, Cause
from virtslo.sim.openapi.quantity_fields import has_bad_part

Spec = Mapping[str, Any]

RUN_STRATEGIES: Final = ("Halted", "Manual", "Always", "RerunOnFailure", "Once", "WaitAsReceiver")
RESERVED_LABELS: Final = frozenset(
    {
        "kubevirt.io/created-by",
        "kubevirt.io/migrationJobUID",
        "kubevirt.io/nodeName",
        "kubevirt.io/migrationTargetNodeName",
        "kubevirt.io/schedulable",
        "kubevirt.io/install-strategy",
    }
)
SMALLEST_MEMORY: Final = Quantity(10**6 * NANO)
_LABEL: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_LABEL_WORDS: Final = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and "
    "must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used "
    "for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
_NAME: Final = re.compile(r"[A-Za-z0-9_-]+")
_MAC: Final = re.compile(r"([0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}")
_BUSES: Final = ("virtio", "scsi", "sata", "usb")
_MODELS: Final = frozenset({"e1000", "e1000e", "ne2k_pci", "pcnet", "rtl8139", "virtio"})
_TARGETS: Final = ("disk", "lun", "cdrom")
_CLOUD_INIT: Final = ("cloudInitNoCloud", "cloudInitConfigDrive")
_USER_DATA: Final = ("userData", "userDataBase64", "secretRef")
_NETWORK_DATA: Final = ("networkData", "networkDataBase64", "networkDataSecretRef")
LARGEST_CLOUD_INIT: Final = 2048
_NOTHING: Final[Spec] = {}


def has_bad_quantity(spec: Spec) -> bool:
    """Whether a VMI's spec has a quantity that cannot be read, so that no webhook gets further."""
    return has_bad_part("VirtualMachineInstanceSpec", spec)


def vmi_spec_causes(spec: Spec, path: str) -> list[Cause]:
    """What is wrong with a VMI's spec, in a VMI or in a template."""
    return [cause for check in _CHECKS for cause in check(spec, path)]


def vmi_only_causes(spec: Spec, path: str) -> list[Cause]:
    """What is wrong with the spec of a VMI itself, that a template may leave open."""
    domain = _below(spec, "domain")
    memory = _below(domain, "memory")
    requested = _below(_below(domain, "resources"), "requests").get("memory")
    if not (requested and read_quantity(requested)) and not (
        memory.get("guest") or memory.get("hugepages")
    ):
        words = (
            f"no memory requested, at least one of '{path}.domain.memory.guest', "
            f"'{path}.domain.memory.hugepages.size' or "
            f"'{path}.domain.resources.requests.memory' must be set"
        )
        return [Cause("", REQUIRED, words)]
    return []


def label_causes(metadata: Spec, path: str, *, is_kubevirt: bool) -> list[Cause]:
    """Labels that are KubeVirt's own to give."""
    labels = metadata.get("labels") or _NOTHING
    if is_kubevirt or not any(key in RESERVED_LABELS for key in labels):
        return []
    words = "creation of the following reserved kubevirt.io/ labels on a VMI object is prohibited"
    return [Cause(f"{path}.labels", UNSUPPORTED, words)]


def run_strategy_causes(spec: Spec, path: str) -> list[Cause]:
    """What is wrong with how a VM says when it runs."""
    running, strategy = spec.get("running"), spec.get("runStrategy")
    if running is not None and strategy is not None:
        words = (
            "Running and RunStrategy are mutually exclusive. Note that Running is deprecated, "
            "please use RunStrategy instead"
        )
        return [Cause(f"{path}.running", INVALID, words)]
    if running is None and strategy is None:
        words = "One of Running or RunStrategy must be specified"
        return [Cause(f"{path}.running", INVALID, words)]
    if strategy is not None and strategy not in RUN_STRATEGIES:
        return [Cause(f"{path}.runStrategy", INVALID, f"Invalid RunStrategy ({strategy})")]
    return []


def vm_spec_causes(spec: Spec, path: str, *, is_kubevirt: bool) -> list[Cause]:
    """What is wrong with a VM's spec, in a VM or in a pool."""
    template = spec.get("template")
    if not isinstance(template, Mapping):
        return [Cause(f"{path}.template", REQUIRED, "missing virtual machine template.")]
    metadata = template.get("metadata") or _NOTHING
    below = template.get("spec") or _NOTHING
    return [
        *label_causes(metadata, f"{path}.template.metadata", is_kubevirt=is_kubevirt),
        *vmi_spec_causes(below, f"{path}.template.spec"),
        *run_strategy_causes(spec, path),
    ]


def selector_causes(selector: Any, labels: Spec, path: str) -> list[Cause]:
    """A selector that does not select what is made from the template beside it."""
    selector = selector or _NOTHING
    wanted = selector.get("matchLabels") or _NOTHING
    is_met = all(labels.get(key) == value for key, value in wanted.items()) and all(
        _meets(labels, each) for each in selector.get("matchExpressions") or ()
    )
    return [] if is_met else [Cause(path, INVALID, "selector does not match labels.")]


def _meets(labels: Spec, expression: Spec) -> bool:
    key, values = expression.get("key"), expression.get("values") or ()
    match expression.get("operator"):
        case "In":
            return labels.get(str(key)) in values
        case "NotIn":
            return labels.get(str(key)) not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
    return False


def _below(spec: Spec, key: str) -> Spec:
    found = spec.get(key)
    return found if isinstance(found, Mapping) else _NOTHING


def _items(spec: Spec, key: str) -> Sequence[Any]:
    return [each for each in spec.get(key) or () if isinstance(each, Mapping)]


def _not_found(place: str, name: Any, reason: str = INVALID) -> Cause:
    return Cause(place, reason, f"{place} '{name}' not found.")


def _hostname(spec: Spec, path: str) -> Iterator[Cause]:
    name = spec.get("hostname")
    if name and (len(name) > 63 or _LABEL.fullmatch(name) is None):
        words = "must be no more than 63 characters" if len(name) > 63 else _LABEL_WORDS
        place = f"{path}.hostname"
        told = f"{place} does not conform to the kubernetes DNS_LABEL rules : {words}"
        yield Cause(place, INVALID, told)


def _memory(spec: Spec, path: str) -> Iterator[Cause]:
    resources = _below(_below(spec, "domain"), "resources")
    request = _below(resources, "requests").get("memory")
    limit = _below(resources, "limits").get("memory")
    at = f"{path}.domain.resources.requests.memory"
    upper = f"{path}.domain.resources.limits.memory"
    if request is not None:
        if read_quantity(request) < ZERO:
            yield Cause(at, INVALID, f"{at} '{request}': must be greater than or equal to 0.")
        elif ZERO < read_quantity(request) < SMALLEST_MEMORY:
            yield Cause(at, INVALID, f"{at} '{request}': must be greater than or equal to 1M.")
    if limit is None:
        return
    if read_quantity(limit) < ZERO:
        yield Cause(upper, INVALID, f"{upper} '{limit}': must be greater than or equal to 0.")
    if request is not None and ZERO < read_quantity(limit) < read_quantity(request):
        yield Cause(at, INVALID, f"{at} '{request}' is greater than {upper} '{limit}'")


def _processors(spec: Spec, path: str) -> Iterator[Cause]:
    domain = _below(spec, "domain")
    resources = _below(domain, "resources")
    request = _below(resources, "requests").get("cpu")
    limit = _below(resources, "limits").get("cpu")
    at = f"{path}.domain.resources.requests.cpu"
    upper = f"{path}.domain.resources.limits.cpu"
    for place, value in ((at, request), (upper, limit)):
        if value is not None and read_quantity(value) < ZERO:
            yield Cause(place, INVALID, f"{place} '{value}': must be greater than or equal to 0.")
    if (
        request is not None
        and limit is not None
        and ZERO < read_quantity(limit) < read_quantity(request)
    ):
        yield Cause(at, INVALID, f"{at} '{request}' is greater than {upper} '{limit}'")
    cpu = _below(domain, "cpu")
    if cpu.get("maxSockets") and cpu.get("sockets", 0) > cpu["maxSockets"]:
        words = "Number of sockets in CPU topology is greater than the maximum sockets allowed"
        yield Cause(f"{path}.domain.cpu.sockets", INVALID, words)


def _machine(spec: Spec, path: str) -> Iterator[Cause]:
    domain = _below(spec, "domain")
    machine = _below(domain, "machine").get("type")
    if machine and not str(machine).startswith(("q35", "pc-q35")):
        place = f"{path}.domain.machine.type"
        words = f"{place} is not supported: {machine} (allowed values: [q35* pc-q35*])"
        yield Cause(place, INVALID, words)
    architecture = spec.get("architecture")
    if architecture and architecture != "amd64":
        place = f"{path}.architecture"
        words = (
            "MultiArchitecture feature gate is not enabled in kubevirt-config, invalid entry "
            f"{place}"
        )
        yield Cause(place, REQUIRED, words)
    strategy = spec.get("startStrategy")
    if strategy and strategy != "Paused":
        place = f"{path}.startStrategy"
        yield Cause(place, INVALID, f"{place} is set with an unrecognized option: {strategy}")


def _networks(spec: Spec, path: str) -> Iterator[Cause]:
    networks = [each.get("name") for each in _items(spec, "networks")]
    interfaces = _items(_below(_below(spec, "domain"), "devices"), "interfaces")
    names = [each.get("name") for each in interfaces]
    for index, name in enumerate(networks):
        place = f"{path}.networks[{index}].name"
        if name in networks[:index]:
            words = (
                f'Network with name "{name}" already exists, every network must have a unique name'
            )
            yield Cause(place, "FieldValueDuplicate", words)
        if name not in names:
            yield _not_found(place, name, REQUIRED)
    for index, each in enumerate(interfaces):
        at = f"{path}.domain.devices.interfaces[{index}]"
        if names[index] not in networks:
            yield _not_found(f"{at}.name", names[index])
        if names[index] in names[:index]:
            words = "Only one interface can be connected to one specific network"
            yield Cause(f"{at}.name", "FieldValueDuplicate", words)
        yield from _interface(each, at)


def _interface(interface: Spec, at: str) -> Iterator[Cause]:
    if _NAME.fullmatch(str(interface.get("name") or "")) is None:
        words = (
            "Network interface name can only contain alphabetical characters, numbers, dashes (-) "
            "or underscores (_)"
        )
        yield Cause(f"{at}.name", INVALID, words)
    model, mac = interface.get("model"), interface.get("macAddress")
    if model and model not in _MODELS:
        words = f"interface {at}.name uses model {model} that is not supported."
        yield Cause(f"{at}.model", UNSUPPORTED, words)
    if mac and _MAC.fullmatch(mac) is None:
        words = f"interface {at}.name has malformed MAC address ({mac})."
        yield Cause(f"{at}.macAddress", INVALID, words)


def _disks(spec: Spec, path: str) -> Iterator[Cause]:
    disks = _items(_below(_below(spec, "domain"), "devices"), "disks")
    names = [each.get("name") for each in disks]
    volumes = [each.get("name") for each in _items(spec, "volumes")]
    for index, disk in enumerate(disks):
        at = f"{path}.domain.devices.disks[{index}]"
        if names[index] not in volumes:
            yield Cause(f"{at}.name", INVALID, f"{at}.Name '{names[index]}' not found.")
        for other in range(index):
            if names[other] == names[index]:
                words = (
                    f"{at} and {path}.domain.devices.disks[{other}] must not have the same Name."
                )
                yield Cause(f"{at}.name", INVALID, words)
        yield from _disk(disk, at)


def _disk(disk: Spec, at: str) -> Iterator[Cause]:
    targets = [key for key in _TARGETS if disk.get(key) is not None]
    if len(targets) > 1:
        yield Cause(at, INVALID, f"{at} can only have a single target type defined")
    if disk.get("bootOrder") is not None and disk["bootOrder"] < 1:
        words = f"{at} must have a boot order > 0, if supplied"
        yield Cause(f"{at}.bootOrder", INVALID, words)
    kind = targets[0] if targets else ""
    bus = _below(disk, kind).get("bus")
    if bus == "ide":
        yield Cause(f"{at}.{kind}.bus", INVALID, "IDE bus is not supported")
    elif bus == "virtio" and kind == "cdrom":
        words = f"Bus type {bus} is invalid for CD-ROM device"
        yield Cause(f"{at}.cdrom.bus", INVALID, words)
    elif bus and bus not in _BUSES:
        words = f"{at} is set with an unrecognized bus {bus}, must be one of: [{' '.join(_BUSES)}]"
        yield Cause(f"{at}.{kind}.bus", INVALID, words)
    name = str(disk.get("name") or "")
    if len(name) > 63 or _LABEL.fullmatch(name) is None:
        words = "must be no more than 63 characters" if len(name) > 63 else _LABEL_WORDS
        yield Cause(f"{at}.name", INVALID, words)


def _volumes(spec: Spec, path: str) -> Iterator[Cause]:
    volumes = _items(spec, "volumes")
    names = [each.get("name") for each in volumes]
    for index, volume in enumerate(volumes):
        at = f"{path}.volumes[{index}]"
        for other in range(index):
            if names[other] == names[index]:
                words = f"{at} and {path}.volumes[{other}] must not have the same Name."
                yield Cause(f"{at}.name", INVALID, words)
        if len([key for key in volume if key != "name"]) != 1:
            yield Cause(at, INVALID, f"{at} must have exactly one source type set")
        for source in _CLOUD_INIT:
            if source in volume:
                yield from _cloud_init(_below(volume, source), f"{at}.{source}")


def _cloud_init(source: Spec, at: str) -> Iterator[Cause]:
    user = [key for key in _USER_DATA if source.get(key)]
    network = [key for key in _NETWORK_DATA if source.get(key)]
    if len(user) > 1:
        yield Cause(at, INVALID, f"{at} must have only one userdatasource set.")
    if len(network) > 1:
        yield Cause(at, INVALID, f"{at} must have only one networkdata source set.")
    if not user and not network:
        words = f"{at} must have at least one userdatasource or one networkdatasource set."
        yield Cause(at, INVALID, words)
    if len(str(source.get("userData") or "").encode()) > LARGEST_CLOUD_INIT:
        words = (
            f"{at} userdata exceeds {LARGEST_CLOUD_INIT} byte limit. Should use UserDataSecretRef "
            "for larger data."
        )
        yield Cause(at, INVALID, words)


_CHECKS: Final[Sequence[Callable[[Spec, str], Iterator[Cause]]]] = (
    _hostname,
    _memory,
    _machine,
    _processors,
    _networks,
    _disks,
    _volumes,
)
