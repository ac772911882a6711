"""KubeVirt's components: their names, and where they serve their metrics."""

from typing import Final

VIRT_API: Final = "virt-api"
VIRT_CONTROLLER: Final = "virt-controller"
VIRT_HANDLER: Final = "virt-handler"
VIRT_OPERATOR: Final = "virt-operator"

COUNTED_COMPONENTS: Final = (VIRT_API, VIRT_CONTROLLER, VIRT_HANDLER)
"""The components whose requests table 3 counts."""
KUBEVIRT_COMPONENTS: Final = (*COUNTED_COMPONENTS, VIRT_OPERATOR)
"""The components whose counters are read."""

METRICS_PORT: Final = 8443
"""Where KubeVirt's components serve their metrics."""
