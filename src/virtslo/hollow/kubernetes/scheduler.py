"""kube-scheduler, hollow: pods to the node that is least used and has room.

Invariant: a node never holds more than it can; what fits nowhere says so on the pod and in
an event, and is tried again when room is made.
"""

import asyncio
import heapq
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any, Final

from virtslo.base.clock import sleep
from virtslo.base.errors import ClusterError
from virtslo.client.work_queue import WorkQueue
from virtslo.hollow.client_go.cache import Cache, key_of
from virtslo.hollow.client_go.conditions import find_condition, patch_condition
from virtslo.hollow.client_go.event_handlers import latest
from virtslo.hollow.kubernetes.affinity import (
    Neighbours,
    neighbours_of,
    node_terms,
    pod_terms,
)
from virtslo.hollow.kubernetes.node_resources import (
    NOT_HELPFUL,
    NodeLimits,
    NodeResources,
    holds_the_same,
)
from virtslo.hollow.kubernetes.scheduling_queue import FLUSH_EVERY_SECONDS, Unschedulable
from virtslo.hollow.kubernetes.tolerations import taints_of
from virtslo.hollow.process.component import Component
from virtslo.hollow.process.delays import SCHEDULE, Delays
from virtslo.hollow.process.recorder import EventRecorder
from virtslo.model.identifiers import NamespacedName, Object
from virtslo.model.kubernetes import resources
from virtslo.model.kubernetes.pod_requests import pod_requests

_OVER: Final = frozenset({"Succeeded", "Failed"})


class Scheduler:
    """Binds pods to nodes."""

    def __init__(self, component: Component, pods: Cache, nodes: Cache, delays: Delays) -> None:
        self._component = component
        self._api = component.api
        self._pods = pods
        self._delays = delays
        self._events = EventRecorder(component, "default-scheduler")
        self._rooms: dict[str, NodeResources] = {}
        self._limits = NodeLimits()
        self._heap: list[tuple[int, str]] = []
        self._placed: dict[NamespacedName, tuple[str, Mapping[str, int]]] = {}
        self._apart: dict[NamespacedName, None] = {}
        """Placed pods that keep others away."""
        self._joining: dict[NamespacedName, None] = {}
        """Pods that wait for others to be beside."""
        self._stuck = Unschedulable(component.clock)
        self._requests: dict[int, tuple[tuple[Any, ...], Mapping[str, int]]] = {}
        self._group: asyncio.TaskGroup | None = None
        self.queue: WorkQueue[NamespacedName] = WorkQueue(component.clock, "scheduler")
        nodes.when_seen(self._node_seen)
        pods.when_seen(self._pod_seen)

    def start(self, group: asyncio.TaskGroup) -> None:
        """Schedule one pod after another; bindings run beside each other, as the real one's."""
        self._group = group
        group.create_task(self._work())
        group.create_task(self._flush())

    async def _flush(self) -> None:
        """Try again what has waited for minutes though nothing happened."""
        clock = self._component.clock
        while True:
            await sleep(clock, FLUSH_EVERY_SECONDS)
            for key in self._stuck.take_stale():
                self.queue.add(key)

    async def _work(self) -> None:
        while True:
            key = await self.queue.get()
            await self._delays.wait(SCHEDULE, f"{key[0]}/{key[1]}")
            pod = self._pods.get(key)
            if pod is not None and not pod["spec"].get("nodeName") and key not in self._placed:
                assert self._group is not None
                self._component.begin(self._group, pod, partial(self._place, key))
                await asyncio.sleep(0)
            self.queue.done(key)

    async def _place(self, key: NamespacedName, pod: Object) -> None:
        wanted = self._wanted(pod)
        node, why = self._choose(pod, wanted)
        if node is None:
            self._stuck.add(key)
            if pod_terms(pod, "podAffinity"):
                self._joining[key] = None
            await self._tell_unschedulable(pod, why)
            return
        self._take(key, pod, node, wanted)
        name, namespace = pod["metadata"]["name"], pod["metadata"]["namespace"]
        binding = {
            "apiVersion": "v1",
            "kind": "Binding",
            "metadata": {"name": name, "namespace": namespace},
            "target": {"apiVersion": "v1", "kind": "Node", "name": node},
        }
        try:
            await self._api.create(
                resources.PODS, binding, namespace=namespace, name=name, subresource="binding"
            )
        except ClusterError:
            # A binding whose answer was lost stands where the watch has shown it.
            if not _is_bound(self._pods.get(key)):
                self._release(key)
                self.queue.add_rate_limited(key)
            return
        message = f"Successfully assigned {namespace}/{name} to {node}"
        self._events.send(pod, "Scheduled", message)

    def _choose(self, pod: Object, wanted: Mapping[str, int]) -> tuple[str | None, str]:
        """The least used node with room; else why there is none, as the real one words it."""
        selector = pod["spec"].get("nodeSelector") or {}
        terms, neighbours = node_terms(pod), self._neighbours(pod)
        tolerations = pod["spec"].get("tolerations") or ()
        passed: dict[str, int] = {}
        reasons: dict[str, int] = {}
        chosen: str | None = None
        while self._heap and chosen is None:
            pods, name = heapq.heappop(self._heap)
            room = self._rooms.get(name)
            if room is None or room.pods != pods or name in passed:
                continue
            lack = room.lacks(wanted, selector, terms, tolerations)
            if lack is None and neighbours is not None:
                lack = neighbours.obstacle(room.labels)
            if lack is None:
                chosen = name
            else:
                reasons[lack] = reasons.get(lack, 0) + 1
            passed[name] = pods
        for name, pods in passed.items():
            heapq.heappush(self._heap, (pods, name))
        why = _refusal(len(self._rooms), reasons) if chosen is None else ""
        return chosen, why

    def _neighbours(self, pod: Object) -> Neighbours | None:
        """What placed pods mean for a pod; None where neither they nor it ask for anything."""
        asks = pod_terms(pod, "podAffinity") or pod_terms(pod, "podAntiAffinity")
        keys = self._placed if asks else self._apart
        if not keys and not asks:
            return None
        placed = [
            (other, self._rooms[node].labels)
            for key in keys
            if (node := self._placed[key][0]) in self._rooms
            and (other := self._pods.get(key)) is not None
        ]
        return neighbours_of(pod, placed, self._labels())

    def _labels(self) -> Iterable[Mapping[str, str]]:
        return (room.labels for room in self._rooms.values())

    async def _tell_unschedulable(self, pod: Object, why: str) -> None:
        known = find_condition(pod.get("status", {}), "PodScheduled")
        if known is None or known.get("message") != why:
            condition = {
                "lastTransitionTime": self._component.clock.stamp(),
                "message": why,
                "reason": "Unschedulable",
                "status": "False",
                "type": "PodScheduled",
            }
            try:
                await patch_condition(self._api, pod, condition)
            except ClusterError:
                return
        self._events.send(pod, "FailedScheduling", why, "Warning")

    def _node_seen(self, before: Object | None, after: Object | None) -> None:
        name = latest(before, after)["metadata"]["name"]
        if after is None:
            self._rooms.pop(name, None)
            return
        room = self._rooms.get(name)
        if room is not None and before is not None and holds_the_same(before, after):
            return
        limits, taints = self._limits.of(after), taints_of(after)
        labels = after["metadata"].get("labels") or {}
        if room is None:
            self._rooms[name] = room = NodeResources(name, limits, labels, taints)
            for node, wanted in self._placed.values():
                if node == name:
                    room.take(wanted, 1)
            heapq.heappush(self._heap, (room.pods, name))
            self._retry_stuck()
        elif room.change(limits, labels, taints):
            self._retry_stuck()

    def _pod_seen(self, before: Object | None, after: Object | None) -> None:
        key = key_of(latest(before, after))
        if after is None or after.get("status", {}).get("phase") in _OVER:
            self._stuck.discard(key)
            self._joining.pop(key, None)
            if self._release(key):
                self._retry_stuck()
            return
        node = after["spec"].get("nodeName")
        if node:
            if key not in self._placed:
                self._take(key, after, node, self._wanted(after))
        elif key not in self._stuck and not after["metadata"].get("deletionTimestamp"):
            self.queue.add(key)

    def _take(self, key: NamespacedName, pod: Object, node: str, wanted: Mapping[str, int]) -> None:
        self._placed[key] = (node, wanted)
        self._stuck.discard(key)
        self._joining.pop(key, None)
        if pod_terms(pod, "podAntiAffinity"):
            self._apart[key] = None
        if self._joining:
            self._retry_stuck()
        room = self._rooms.get(node)
        if room is not None:
            room.take(wanted, 1)
            heapq.heappush(self._heap, (room.pods, node))

    def _release(self, key: NamespacedName) -> bool:
        placed = self._placed.pop(key, None)
        self._apart.pop(key, None)
        if placed is None:
            return False
        room = self._rooms.get(placed[0])
        if room is not None:
            room.take(placed[1], -1)
            heapq.heappush(self._heap, (room.pods, room.name))
        return True

    def _retry_stuck(self) -> None:
        """There may be room: try again what waits, each pod once its back-off is over."""
        for key, seconds in self._stuck.take_all():
            self.queue.add_after(key, seconds)

    def _wanted(self, pod: Object) -> Mapping[str, int]:
        spec = pod["spec"]
        parts = (spec["containers"], spec.get("initContainers"), spec.get("overhead"))
        known = self._requests.get(id(parts[0]))
        if known is not None and all(
            one is other for one, other in zip(known[0], parts, strict=True)
        ):
            return known[1]
        wanted = pod_requests(spec)
        if len(self._requests) > 1024:
            self._requests.clear()
        self._requests[id(parts[0])] = (parts, wanted)
        return wanted


def _is_bound(pod: Object | None) -> bool:
    return pod is not None and bool(pod["spec"].get("nodeName"))


def _refusal(nodes: int, reasons: Mapping[str, int]) -> str:
    """Why a pod fits nowhere, in kube-scheduler's words."""
    if not nodes:
        return "no nodes available to schedule pods"
    told = ", ".join(f"{count} {reason}" for reason, count in sorted(reasons.items()))
    hopeless = sum(count for reason, count in reasons.items() if reason.startswith(NOT_HELPFUL))
    victims = [
        f"{count} {words}"
        for count, words in (
            (nodes - hopeless, "No preemption victims found for incoming pod"),
            (hopeless, "Preemption is not helpful for scheduling"),
        )
        if count
    ]
    return (
        f"0/{nodes} nodes are available: {told}. preemption: 0/{nodes} nodes are available: "
        f"{', '.join(victims)}."
    )
