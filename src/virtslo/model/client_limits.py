"""KubeVirt's client limits: the defaults of its components, and where its object sets others.

Invariant: as in KubeVirt's `pkg/virt-config/virt-config.go`; written here alone.
"""

from typing import Final

from virtslo.model.vocabulary import VIRT_API, VIRT_CONTROLLER, VIRT_HANDLER

DEFAULT_LIMITS: Final = {
    VIRT_API: (200.0, 400),
    VIRT_CONTROLLER: (200.0, 400),
    VIRT_HANDLER: (50.0, 100),
}
"""Requests per second and burst of each component's token bucket."""

LIMIT_KEYS: Final = {
    VIRT_API: "apiConfiguration",
    VIRT_CONTROLLER: "controllerConfiguration",
    VIRT_HANDLER: "handlerConfiguration",
}
"""The key of a KubeVirt object's configuration under which a component's limits are."""
