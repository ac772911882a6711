"""Finding the pods of KubeVirt's components.

Invariant: every running pod of every component is found, leader and standby alike; a pod that does
not run has no counters to read.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from virtslo.client.paging import list_all
from virtslo.model.identifiers import RUNNING, Object
from virtslo.model.kubernetes import resources
from virtslo.model.kubernetes.components import KUBEVIRT_COMPONENTS, METRICS_PORT
from virtslo.ports.kube_api import KubeApi, Selection

_LABEL: Final = "kubevirt.io"


@dataclass(frozen=True, slots=True)
class ComponentPod:
    """A pod of one of KubeVirt's components."""

    component: str
    namespace: str
    name: str
    port: int = METRICS_PORT

    @property
    def metrics_path(self) -> str:
        """Where the pod's metrics are, through the API server."""
        pods = f"/api/v1/namespaces/{self.namespace}/pods"
        return f"{pods}/https:{self.name}:{self.port}/proxy/metrics"


async def find_component_pods(api: KubeApi) -> Sequence[ComponentPod]:
    """Every running pod of the components, by component and name. Raises ClusterError."""
    selection = Selection(label_selector=f"{_LABEL} in ({', '.join(KUBEVIRT_COMPONENTS)})")
    found: list[ComponentPod] = []
    for item in await list_all(api, resources.PODS, selection):
        meta = item["metadata"]
        if item.get("status", {}).get("phase") == RUNNING:
            labels, port = meta["labels"], _metrics_port(item)
            found.append(ComponentPod(labels[_LABEL], meta["namespace"], meta["name"], port))
    return sorted(found, key=lambda pod: (pod.component, pod.name))


def _metrics_port(pod: Object) -> int:
    """The port that a pod names `metrics`; KubeVirt's own where it names none."""
    for container in pod.get("spec", {}).get("containers", ()):
        for port in container.get("ports") or ():
            if port.get("name") == "metrics":
                number = port.get("containerPort")
                return number if isinstance(number, int) else METRICS_PORT
    return METRICS_PORT
