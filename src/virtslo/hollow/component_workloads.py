"""The deployments and the daemonset that KubeVirt's own pods belong to, as on a cluster.

Invariant: what they say of their pods is so when they are created; the daemonset's controller keeps
its pods, and nothing keeps those of the deployments.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from virtslo.hollow.client_go.ownership import controller_reference
from virtslo.hollow.kubernetes.daemon_pods import REVISION_LABEL, revision_hash
from virtslo.hollow.process.component import KUBEVIRT_NAMESPACE
from virtslo.model.identifiers import NamespacedName, Object
from virtslo.model.kubernetes.components import VIRT_HANDLER
from virtslo.model.kubernetes.other_resources import DAEMON_SETS, DEPLOYMENTS, REPLICA_SETS
from virtslo.model.kubernetes.resources import Resource
from virtslo.ports.kube_api import KubeApi

VIRT_HANDLERS: Final[NamespacedName] = (KUBEVIRT_NAMESPACE, VIRT_HANDLER)
"""The daemonset of virt-handler."""


@dataclass(frozen=True, slots=True)
class Membership:
    """What a pod says of the workload that it is of."""

    owner: Mapping[str, Any] | None
    labels: Mapping[str, str]


NO_MEMBERSHIP: Final = Membership(None, {})
"""Of a pod that nothing owns."""


async def install_workload(
    api: KubeApi, component: str, spec: Mapping[str, Any], replicas: int
) -> Membership:
    """Create the daemonset of virt-handler, or a deployment with its replica set."""
    if component == VIRT_HANDLER:
        made = await _create(api, DAEMON_SETS, _body(DAEMON_SETS, component, spec))
        return Membership(_owner(DAEMON_SETS, made), {REVISION_LABEL: revision_hash(made)})
    body = _body(DEPLOYMENTS, component, spec)
    deployment = await _deployed(api, DEPLOYMENTS, body, replicas)
    mark = {"pod-template-hash": revision_hash(deployment)}
    body = _body(REPLICA_SETS, component, spec)
    body["metadata"]["name"] = f"{component}-{mark['pod-template-hash']}"
    body["metadata"]["ownerReferences"] = [_owner(DEPLOYMENTS, deployment)]
    replica_set = await _deployed(api, REPLICA_SETS, body, replicas)
    return Membership(_owner(REPLICA_SETS, replica_set), mark)


async def _deployed(
    api: KubeApi, resource: Resource, body: dict[str, Any], replicas: int
) -> Object:
    """Create a workload whose replicas are all there."""
    body["spec"]["replicas"] = replicas
    made = await _create(api, resource, body)
    names = ("replicas", "readyReplicas", "availableReplicas")
    counts = dict.fromkeys(names, replicas)
    if resource is DEPLOYMENTS:
        counts["updatedReplicas"] = replicas
    status = {**counts, "observedGeneration": 1}
    return await api.update(resource, {**made, "status": status}, subresource="status")


def _body(resource: Resource, component: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    labels = {"kubevirt.io": component}
    return {
        "apiVersion": resource.api_version,
        "kind": resource.kind,
        "metadata": {"name": component, "namespace": KUBEVIRT_NAMESPACE, "labels": labels},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": spec},
        },
    }


async def _create(api: KubeApi, resource: Resource, body: dict[str, Any]) -> Object:
    return await api.create(resource, body, namespace=KUBEVIRT_NAMESPACE)


def _owner(resource: Resource, made: Object) -> Mapping[str, Any]:
    return controller_reference({**made, "apiVersion": resource.api_version, "kind": resource.kind})
