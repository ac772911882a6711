"""Which requests KubeVirt's admission webhooks see.

Invariant: reads and deletions of VMs and VMIs are seen by none; a patch is seen as an update.
"""

from collections.abc import Mapping
from typing import Final

from virtslo.sim.api.requests import Request

_BOTH: Final = frozenset({"create", "update"})
_WRITTEN: Final[Mapping[str, str]] = {
    "virtualmachineinstances": "virtualmachineinstances-mutator.kubevirt.io",
    "virtualmachines": "virtualmachines-mutator.kubevirt.io",
    "virtualmachineinstancereplicasets": "virtualmachineinstancereplicaset-validator.kubevirt.io",
    "virtualmachinepools": "virtualmachinepool-validator.kubevirt.io",
    "virtualmachineinstancemigrations": "migrations-mutator.kubevirt.io",
    "virtualmachineinstancetypes": "virtualmachineinstancetype-validator.instancetype.kubevirt.io",
    "virtualmachineclusterinstancetypes": (
        "virtualmachineclusterinstancetype-validator.instancetype.kubevirt.io"
    ),
    "virtualmachinepreferences": "virtualmachinepreference-validator.instancetype.kubevirt.io",
    "virtualmachineclusterpreferences": (
        "virtualmachineclusterpreference-validator.instancetype.kubevirt.io"
    ),
    "kubevirts": "kubevirt-validator.kubevirt.io",
}
_STATUS: Final = frozenset(
    {"virtualmachines", "virtualmachineinstances", "virtualmachineinstancereplicasets"}
)


def webhook_of(request: Request) -> str | None:
    """The first of KubeVirt's webhooks that a request waits for; None if none sees it."""
    verb = "update" if request.verb == "patch" else request.verb
    plural, subresource = request.resource.plural, request.subresource
    if subresource == "eviction" and plural == "pods" and verb == "create":
        return "virt-launcher-eviction-interceptor.kubevirt.io"
    if subresource == "status" and plural in _STATUS and verb == "update":
        return "kubevirt-crd-status-validator.kubevirt.io"
    if subresource or verb not in _BOTH:
        return None
    return _WRITTEN.get(plural)
