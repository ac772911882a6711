"""What is on a cluster before any test: KubeVirt, nodes, and KubeVirt's own pods.

Invariant: it is created through the API like everything else; what nodes have in common is shared.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from virtslo.base.clock import Clock
from virtslo.base.errors import AlreadyExists
from virtslo.hollow.common_instancetypes import common_objects
from virtslo.hollow.node.pod_network import PodNetwork
from virtslo.hollow.process.component import KUBEVIRT_NAMESPACE
from virtslo.model.identifiers import SIMULATED_ANNOTATION
from virtslo.model.kubernetes import resources
from virtslo.model.kubernetes.client_limits import LIMIT_KEYS
from virtslo.model.simulated.profile import (
    THREAD_FLAGS,
    ComponentLimits,
    MigrationLimits,
    NodeShape,
    Profile,
)
from virtslo.ports.kube_api import KubeApi

KUBEVIRT_VERSION: Final = "v1.9.0-rc"
KUBELET_VERSION: Final = "v1.36.2"
_LABELS: Final = {
    "beta.kubernetes.io/arch": "amd64",
    "kubernetes.io/arch": "amd64",
    "kubernetes.io/os": "linux",
    "kubevirt.io/schedulable": "true",
    "machine-type.node.kubevirt.io/q35": "true",
    "node-role.kubernetes.io/worker": "",
}
_CONDITIONS: Final = (
    (
        "MemoryPressure",
        "False",
        "KubeletHasSufficientMemory",
        "kubelet has sufficient memory available",
    ),
    ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
)


class PodAddresses(NamedTuple):
    """Where a pod is reached."""

    node: str
    pod: str


async def install_nodes(
    api: KubeApi,
    names: Sequence[str],
    shape: NodeShape,
    clock: Clock,
    *,
    network: PodNetwork | None = None,
    mark: str | None = None,
) -> None:
    """Create the hollow nodes, each with its range of a network for pods.

    Without a network the ranges are left to the cluster's own controller manager. With a mark they
    carry it from the beginning, as a label and as a taint: they repel what does not tolerate it.
    """
    now = clock.stamp()
    room = {
        "cpu": shape.cpu,
        "memory": shape.memory,
        "pods": str(shape.pods),
        "devices.kubevirt.io/kvm": str(shape.kvm),
        "devices.kubevirt.io/tun": str(shape.kvm),
        "devices.kubevirt.io/vhost-net": str(shape.kvm),
        "ephemeral-storage": "1Ti",
    }
    status = {
        "allocatable": room,
        "capacity": room,
        "conditions": [
            {
                "lastHeartbeatTime": now,
                "lastTransitionTime": now,
                "message": message,
                "reason": reason,
                "status": value,
                "type": name,
            }
            for name, value, reason, message in _CONDITIONS
        ],
        "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
        "nodeInfo": {
            "architecture": "amd64",
            "bootID": "",
            "containerRuntimeVersion": "cri-o://simulated",
            "kernelVersion": "simulated",
            "kubeProxyVersion": "",
            "kubeletVersion": KUBELET_VERSION,
            "machineID": "",
            "operatingSystem": "linux",
            "osImage": "hollow",
            "systemUUID": "",
        },
    }
    for index, name in enumerate(names):
        labels = {**_LABELS, "kubernetes.io/hostname": name, **({mark: "true"} if mark else {})}
        spec: dict[str, Any] = {}
        if network is not None:
            range_of = network.range_of(name)
            spec.update(podCIDR=range_of, podCIDRs=[range_of])
        if mark is not None:
            spec["taints"] = [{"key": mark, "value": "true", "effect": "NoSchedule"}]
        node = {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {"name": name, "labels": labels},
            "spec": spec,
            "status": {**status, "addresses": _addresses(name, index)},
        }
        await _create(api, resources.NODES, node, None)


def address_of(index: int) -> str:
    """The address of a node, by its place among them."""
    return f"10.{1 + index // 65536}.{index // 256 % 256}.{index % 256}"


def _addresses(name: str, index: int) -> list[dict[str, str]]:
    return [
        {"type": "InternalIP", "address": address_of(index)},
        {"type": "Hostname", "address": name},
    ]


async def install_kubevirt(
    api: KubeApi,
    profile: Profile,
    *,
    seed: int,
    nodes: int,
    played_with: Mapping[str, Any] = MappingProxyType({}),
) -> None:
    """Create KubeVirt's namespace and its KubeVirt object, deployed, with what the profile sets.

    The object says that it is played by hollow controllers, by which profile, and what else there
    is to say of that: settings, and the values of a profile from a file.
    """
    namespace = {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": KUBEVIRT_NAMESPACE},
    }
    await _create(api, resources.NAMESPACES, namespace, None)
    facts = {"profile": profile.name, "seed": seed, "nodes": nodes, **played_with}
    played = json.dumps(facts, separators=(",", ":"))
    body = {
        "apiVersion": "kubevirt.io/v1",
        "kind": "KubeVirt",
        "metadata": {
            "name": "kubevirt",
            "namespace": KUBEVIRT_NAMESPACE,
            "annotations": {SIMULATED_ANNOTATION: played},
        },
        "spec": _kubevirt_spec(profile),
    }
    created = await _create(api, resources.KUBEVIRTS, body, KUBEVIRT_NAMESPACE)
    if created is not None:
        status = {
            "phase": "Deployed",
            "observedKubeVirtVersion": KUBEVIRT_VERSION,
            "targetKubeVirtVersion": KUBEVIRT_VERSION,
            "operatorVersion": KUBEVIRT_VERSION,
            "defaultArchitecture": "amd64",
            "conditions": [{"type": "Available", "status": "True"}],
        }
        await api.update(resources.KUBEVIRTS, {**created, "status": status}, subresource="status")
    for resource, common in common_objects():
        await _create(api, resource, common, None)


def _kubevirt_spec(profile: Profile) -> dict[str, Any]:
    """KubeVirt's own fields for what the profile sets otherwise than KubeVirt's defaults."""
    configuration = _client_limits(profile.limits)
    if profile.migrations != MigrationLimits():
        configuration["migrations"] = {
            "parallelMigrationsPerCluster": profile.migrations.parallel_per_cluster,
            "parallelOutboundMigrationsPerNode": profile.migrations.parallel_outbound_per_node,
        }
    spec: dict[str, Any] = {"configuration": configuration}
    flags = {
        flag: str(profile.threads[name])
        for name, flag in THREAD_FLAGS.items()
        if name in profile.threads
    }
    if flags:
        spec["customizeComponents"] = {"flags": {"controller": flags}}
    return spec


def _client_limits(limits: Mapping[str, ComponentLimits]) -> dict[str, Any]:
    """KubeVirt's own settings for the client limits of its components."""
    return {
        key: {
            "restClient": {
                "rateLimiter": {
                    "tokenBucketRateLimiter": {
                        "qps": limits[component].qps,
                        "burst": limits[component].burst,
                    }
                }
            }
        }
        for component, key in LIMIT_KEYS.items()
        if component in limits
    }


@dataclass(frozen=True, slots=True)
class HollowPod:
    """The pod of a component's process: where it is, and the workload that owns it."""

    name: str
    component: str
    node: str
    addresses: PodAddresses
    labels: Mapping[str, str]
    """Of the workload."""
    owner: Mapping[str, Any] | None


async def install_component_pod(api: KubeApi, pod: HollowPod, *, now: str) -> None:
    """Create the running pod of a component's process."""
    component = pod.component
    metadata: dict[str, Any] = {
        "name": pod.name,
        "namespace": KUBEVIRT_NAMESPACE,
        "labels": {"kubevirt.io": component, **pod.labels},
    }
    if pod.owner is not None:
        metadata["ownerReferences"] = [pod.owner]
    body = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "spec": {**component_pod_spec(component), "nodeName": pod.node},
        "status": _running(component, now, pod.addresses),
    }
    await _create(api, resources.PODS, body, KUBEVIRT_NAMESPACE)


@cache
def component_pod_spec(component: str) -> Any:
    """What a component's pod runs."""
    image = f"quay.io/kubevirt/{component}:simulated"
    return {"containers": [{"name": component, "image": image}]}


def _running(name: str, now: str, addresses: PodAddresses) -> dict[str, Any]:
    return {
        "hostIP": addresses.node,
        "hostIPs": [{"ip": addresses.node}],
        "podIP": addresses.pod,
        "podIPs": [{"ip": addresses.pod}],
        "phase": "Running",
        "startTime": now,
        "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": now}],
        "containerStatuses": [
            {
                "image": f"quay.io/kubevirt/{name}:simulated",
                "imageID": "",
                "name": name,
                "ready": True,
                "restartCount": 0,
                "started": True,
            }
        ],
    }


async def _create(
    api: KubeApi, resource: resources.Resource, body: dict[str, Any], namespace: str | None
) -> Any:
    try:
        return await api.create(resource, body, namespace=namespace)
    except AlreadyExists:
        return None
