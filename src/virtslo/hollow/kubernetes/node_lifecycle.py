"""kube-controller-manager's care of nodes, hollow: who falls silent is not ready, and is emptied.

Invariant: a node is judged by when its lease was last seen to change, on the controller's own
clock. Pods of KubeVirt's and the cluster's own components stay: the real ones tolerate the taints.
"""

import asyncio
from dataclasses import dataclass
from typing import Any, Final

from virtslo.base.clock import sleep, to_nanoseconds
from virtslo.base.errors import ClusterError, NotFound
from virtslo.hollow.client_go.bad_objects import UNREADABLE, name_of
from virtslo.hollow.client_go.cache import Cache
from virtslo.hollow.client_go.conditions import find_condition
from virtslo.hollow.node.heartbeats import NODE_NAMESPACE
from virtslo.hollow.process.component import KUBEVIRT_NAMESPACE, Component
from virtslo.model.identifiers import NamespacedName, Object
from virtslo.model.kubernetes import resources
from virtslo.ports.kube_api import PatchType, Selection

LOOK_EVERY: Final = 5.0
GRACE: Final = 50.0
"""Seconds without a sign of life after which a node is no longer ready."""
GRACE_NS: Final = to_nanoseconds(GRACE)
TOLERATED: Final = 300.0
"""Seconds for which pods tolerate a node that is not ready."""
UNREACHABLE: Final = "node.kubernetes.io/unreachable"
OUT_OF_SERVICE: Final = "node.kubernetes.io/out-of-service"
_STAY: Final = frozenset({KUBEVIRT_NAMESPACE, "kube-system"})


@dataclass(slots=True)
class Known:
    """What is known of one node."""

    key: NamespacedName
    """Of its lease."""
    heard_ns: int
    renewed: str | None = None
    lost_ns: int | None = None
    is_emptied: bool = False
    is_well: bool = True
    """Whether nothing is to be done for it."""


class NodeLifecycle:
    """Marks silent nodes, and evicts their pods."""

    def __init__(self, component: Component, nodes: Cache) -> None:
        self._component = component
        self._api = component.api
        self._nodes = nodes
        self._leases: Cache = component.watch(resources.LEASES, Selection(NODE_NAMESPACE))
        self._known: dict[str, Known] = {}

    def start(self, group: asyncio.TaskGroup) -> None:
        """Begin to look."""
        group.create_task(self._look_again_and_again())

    async def _look_again_and_again(self) -> None:
        clock = self._component.clock
        while True:
            await sleep(clock, LOOK_EVERY)
            now_ns = clock.now_ns()
            for (_, name), node in list(self._nodes.objects.items()):
                try:
                    known = self._heard(name, now_ns)
                    if known.is_well:
                        continue
                    await self._care(name, node, known)
                except UNREADABLE as error:
                    self._component.bad_objects.note(name_of(node), error)
                except ClusterError:
                    pass  # the next look tries again
                now_ns = clock.now_ns()

    def _heard(self, name: str, now_ns: int) -> Known:
        """What is known of a node after a look at its lease."""
        known = self._known.get(name)
        if known is None:
            known = self._known[name] = Known((NODE_NAMESPACE, name), now_ns)
        lease = self._leases.objects.get(known.key)
        renewed = None if lease is None else lease["spec"].get("renewTime")
        if renewed != known.renewed:
            known.renewed, known.heard_ns = renewed, now_ns
        known.is_well = known.lost_ns is None and now_ns - known.heard_ns <= GRACE_NS
        return known

    async def _care(self, name: str, node: Object, known: Known) -> None:
        """What a node wants that is silent, or was."""
        now_ns = self._component.clock.now_ns()
        if now_ns - known.heard_ns <= GRACE_NS:
            await self._welcome(name, node)
            known.lost_ns, known.is_emptied = None, False
            return
        if known.lost_ns is None:
            await self._mark(name, node)
            known.lost_ns = now_ns
        if OUT_OF_SERVICE in {taint["key"] for taint in _taints(node)}:
            await self._empty(name, is_gone_for_good=True)
        elif not known.is_emptied and now_ns - known.lost_ns >= to_nanoseconds(TOLERATED):
            await self._empty(name, is_gone_for_good=False)
            known.is_emptied = True

    async def _mark(self, name: str, node: Object) -> None:
        ready = {
            "type": "Ready",
            "status": "Unknown",
            "reason": "NodeStatusUnknown",
            "message": "Kubelet stopped posting node status.",
            "lastTransitionTime": self._component.clock.stamp(),
        }
        await self._patch(name, {"status": {"conditions": [ready]}}, "status")
        now = self._component.clock.stamp()
        new = [
            {"key": UNREACHABLE, "effect": effect, "timeAdded": now}
            for effect in ("NoSchedule", "NoExecute")
        ]
        await self._patch(name, {"spec": {"taints": [*_taints(node), *new]}}, None)

    async def _welcome(self, name: str, node: Object) -> None:
        ready = find_condition(node.get("status") or {}, "Ready")
        if ready is not None and ready["status"] != "True":
            now = self._component.clock.stamp()
            back = {"type": "Ready", "status": "True", "reason": "KubeletReady",
                    "message": "kubelet is posting ready status",
                    "lastTransitionTime": now}  # fmt: skip
            await self._patch(name, {"status": {"conditions": [back]}}, "status")
        left = [taint for taint in _taints(node) if taint["key"] != UNREACHABLE]
        await self._patch(name, {"spec": {"taints": left}}, None)

    async def _patch(self, name: str, patch: dict[str, Any], subresource: str | None) -> None:
        kind = PatchType.STRATEGIC if subresource else PatchType.MERGE
        await self._api.patch(
            resources.NODES, name, patch, patch_type=kind, subresource=subresource
        )

    async def _empty(self, name: str, *, is_gone_for_good: bool) -> None:
        """Evict the node's pods; from one that is out of service they are removed, too."""
        selection = Selection(field_selector=f"spec.nodeName={name}")
        page = await self._api.list_objects(resources.PODS, selection)
        for pod in page.items:
            metadata = pod["metadata"]
            if metadata["namespace"] in _STAY:
                continue
            is_going = "deletionTimestamp" in metadata
            if is_going and not is_gone_for_good:
                continue
            try:
                await self._api.delete(
                    resources.PODS,
                    metadata["name"],
                    namespace=metadata["namespace"],
                    grace_period_seconds=0 if is_going else None,
                    uid=metadata["uid"],
                )
            except NotFound:
                continue


def _taints(node: Object) -> list[Any]:
    return list((node.get("spec") or {}).get("taints") or ())
