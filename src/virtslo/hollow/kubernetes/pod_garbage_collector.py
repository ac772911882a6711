"""kube-controller-manager's garbage collector of pods, hollow: pods whose node no longer exists.

Invariant: a pod goes only when its node has been missing for a while from what was seen of nodes,
and the server itself says that there is none; it has failed before it goes.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

from virtslo.base.clock import sleep, to_nanoseconds
from virtslo.base.errors import ClusterError, NotFound
from virtslo.hollow.client_go.bad_objects import name_of
from virtslo.hollow.client_go.cache import Cache
from virtslo.hollow.process.component import Component
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes import resources
from virtslo.ports.kube_api import KubeApi, PatchType

LOOK_EVERY: Final = 20.0
QUARANTINE: Final = 40.0
"""Seconds for which a node is missing before its pods go."""
_OVER: Final = frozenset({"Succeeded", "Failed"})


class PodGarbageCollector:
    """Removes pods that are bound to nodes that are gone."""

    def __init__(self, component: Component, api: KubeApi, *, nodes: Cache, pods: Cache) -> None:
        """`api` is the controller's own."""
        self._component = component
        self._api = api
        self._nodes = nodes
        self._pods = pods
        self._missing_since_ns: dict[str, int] = {}

    def start(self, group: asyncio.TaskGroup) -> None:
        """Begin to look."""
        group.create_task(self._look_again_and_again())

    async def _look_again_and_again(self) -> None:
        while True:
            await sleep(self._component.clock, LOOK_EVERY)
            await self._look()

    async def _look(self) -> None:
        now_ns = self._component.clock.now_ns()
        orphans: dict[str, list[Object]] = {}
        for pod in self._pods.objects.values():
            with self._component.bad_objects.working_on(name_of(pod)):
                node = (pod.get("spec") or {}).get("nodeName")
                if node and ("", node) not in self._nodes.objects:
                    orphans.setdefault(node, []).append(pod)
        for node in self._missing_since_ns.keys() - orphans.keys():
            del self._missing_since_ns[node]
        for node, pods in orphans.items():
            since_ns = self._missing_since_ns.setdefault(node, now_ns)
            if now_ns - since_ns >= to_nanoseconds(QUARANTINE):
                await self._collect(node, pods)

    async def _collect(self, node: str, pods: Sequence[Object]) -> None:
        try:
            await self._api.get(resources.NODES, node)
        except NotFound:
            for pod in pods:
                try:
                    with self._component.bad_objects.working_on(name_of(pod)):
                        await self._remove(pod)
                except ClusterError:
                    continue  # the next look tries again
        except ClusterError:
            return

    async def _remove(self, pod: Object) -> None:
        """Mark a pod as failed, and delete it without a grace period."""
        name, namespace = pod["metadata"]["name"], pod["metadata"]["namespace"]
        if (pod.get("status") or {}).get("phase") not in _OVER:
            condition = {
                "type": "DisruptionTarget",
                "status": "True",
                "reason": "DeletionByPodGC",
                "message": "PodGC: node no longer exists",
                "lastTransitionTime": self._component.clock.stamp(),
            }
            patch = {"status": {"phase": "Failed", "conditions": [condition]}}
            await self._api.patch(
                resources.PODS,
                name,
                patch,
                patch_type=PatchType.STRATEGIC,
                namespace=namespace,
                subresource="status",
            )
        await self._api.delete(resources.PODS, name, namespace=namespace, grace_period_seconds=0)
