"""kube-controller-manager's controller of daemonsets, hollow: a pod on each node of theirs.

Invariant: a node gets its next pod only when the one before is gone, and a daemonset is not acted
on until what was asked for it has been seen. Pods go with their daemonset by the garbage collector.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from virtslo.base.errors import ClusterError, NotFound
from virtslo.hollow.client_go.cache import Cache
from virtslo.hollow.client_go.event_handlers import follow, follow_controlled
from virtslo.hollow.client_go.expectations import Expectations
from virtslo.hollow.client_go.parallel import all_of
from virtslo.hollow.kubernetes.daemon_pods import (
    Place,
    by_node,
    hash_of,
    is_going,
    next_status,
    node_of,
    outdated,
    place_on,
    pod_on,
)
from virtslo.hollow.kubernetes.daemon_revisions import DaemonRevisions
from virtslo.hollow.process.component import Component, run_workers
from virtslo.hollow.process.recorder import EventRecorder
from virtslo.model.identifiers import NamespacedName, Object
from virtslo.model.kubernetes import resources
from virtslo.model.kubernetes.other_resources import DAEMON_SETS
from virtslo.ports.kube_api import KubeApi

WORKERS: Final = 2
_OVER: Final = frozenset({"Succeeded", "Failed"})


class DaemonSetController:
    """Keeps the pods of daemonsets."""

    def __init__(
        self,
        component: Component,
        api: KubeApi,
        nodes: Cache,
        *,
        named_by_node: Collection[NamespacedName] = (),
    ) -> None:
        """`named_by_node`: daemonsets whose pods are named after their nodes, as they were."""
        self._component = component
        self._api = api
        self._nodes = nodes
        self._named_by_node = frozenset(named_by_node)
        self._sets: Cache = component.watch(DAEMON_SETS)
        self.pods: Cache = component.watch(resources.PODS)
        self.pods.index_owners()
        self._events = EventRecorder(component, "daemonset-controller")
        self._expected = Expectations(component.clock)
        self._revisions = DaemonRevisions(api)
        self.queue = component.queue("daemonset")
        follow(self._sets, self.queue.add)
        follow_controlled(self.pods, "DaemonSet", self._expected, self.queue.add)
        nodes.when_seen(self._node_seen)

    def start(self, group: asyncio.TaskGroup) -> None:
        """Work on the queue."""
        run_workers(
            group,
            self.queue,
            self._reconcile,
            workers=WORKERS,
            bad=self._component.bad_objects,
        )

    def _node_seen(self, before: Object | None, after: Object | None) -> None:
        if before is None or after is None or _looks(before) != _looks(after):
            for key in self._sets.objects:
                self.queue.add(key)

    async def _reconcile(self, key: NamespacedName) -> None:
        daemon_set = self._sets.get(key)
        if daemon_set is None:
            self._expected.forget(key)
            living = {each["metadata"]["uid"] for each in self._sets.objects.values()}
            self._revisions.forget(living)
            return
        if is_going(daemon_set) or not (daemon_set.get("spec") or {}).get("template"):
            return  # a real server refuses one without a template
        owned = self._owned(daemon_set).values()
        hashes = {hash_of(pod) for pods in owned for pod in pods}
        await self._revisions.keep(daemon_set, in_use=hashes)
        places = {
            node["metadata"]["name"]: place_on(daemon_set, node)
            for node in self._nodes.objects.values()
        }
        failure: ClusterError | None = None
        if self._expected.are_met(key):
            try:
                await self._manage(key, daemon_set, places)
            except ClusterError as error:
                failure = error
        await self._update_status(key, daemon_set, places)
        if failure is not None:
            raise failure

    def _owned(self, daemon_set: Object) -> dict[str, list[Object]]:
        return by_node(self.pods.controlled_by(daemon_set["metadata"]["uid"]))

    async def _manage(
        self, key: NamespacedName, daemon_set: Object, places: Mapping[str, Place]
    ) -> None:
        pods = self._owned(daemon_set)
        leaving = _leaving(places, pods) or outdated(daemon_set, places, pods)
        missing = [name for name, each in places.items() if each.is_wanted and not pods.get(name)]
        if missing:
            self._expected.expect_creations(key, len(missing))
        for pod in leaving:
            self._expected.expect_deletion(key, pod["metadata"]["uid"])
        await all_of(
            (
                *(self._create(key, daemon_set, name) for name in missing),
                *(self._delete(key, daemon_set, pod, places) for pod in leaving),
            )
        )

    async def _create(self, key: NamespacedName, daemon_set: Object, node: str) -> None:
        body = pod_on(daemon_set, node)
        if key in self._named_by_node:
            body["metadata"]["name"] = f"{key[1]}-{node}"
        try:
            made = await self._api.create(resources.PODS, body, namespace=key[0])
        except ClusterError as error:
            self._expected.creation_observed(key)
            self._events.send(daemon_set, "FailedCreate", f"Error creating: {error}", "Warning")
            raise
        words = f"Created pod: {made['metadata']['name']}"
        self._events.send(daemon_set, "SuccessfulCreate", words)

    async def _delete(
        self, key: NamespacedName, daemon_set: Object, pod: Object, places: Mapping[str, Place]
    ) -> None:
        name, uid = pod["metadata"]["name"], pod["metadata"]["uid"]
        # A pod whose node is gone has no kubelet to end it; pods' own garbage collector forces it.
        grace = None if node_of(pod) in places and pod["spec"].get("nodeName") else 0
        try:
            await self._api.delete(
                resources.PODS, name, namespace=key[0], uid=uid, grace_period_seconds=grace
            )
        except ClusterError as error:
            self._expected.deletion_observed(key, uid)
            if isinstance(error, NotFound):
                return
            words = f"Error deleting: {error}"
            self._events.send(daemon_set, "FailedDelete", words, "Warning")
            raise
        self._events.send(daemon_set, "SuccessfulDelete", f"Deleted pod: {name}")

    async def _update_status(
        self, key: NamespacedName, daemon_set: Object, places: Mapping[str, Place]
    ) -> None:
        status = next_status(daemon_set, places, self._owned(daemon_set))
        if status == (daemon_set.get("status") or {}):
            return
        changed = {**daemon_set, "status": status}
        await self._api.update(DAEMON_SETS, changed, subresource="status")


def _leaving(places: Mapping[str, Place], pods: Mapping[str, Sequence[Object]]) -> list[Object]:
    """Pods that have ended, that are where none may stay, and all but the oldest of a node."""
    leaving = []
    for name, found in pods.items():
        living = [pod for pod in found if not is_going(pod)]
        ended = [pod for pod in living if (pod.get("status") or {}).get("phase") in _OVER]
        place = places.get(name)
        if place is None or not place.may_stay:
            leaving += living
        else:
            leaving += ended + [pod for pod in living if pod not in ended][1:]
    return leaving


def _looks(node: Object) -> tuple[Any, Any]:
    """What of a node decides over its pods."""
    spec = node.get("spec") or {}
    return node["metadata"].get("labels"), (spec.get("unschedulable"), spec.get("taints"))
