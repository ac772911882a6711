"""kube-controller-manager's namespace and service-account controllers, hollow.

Invariant: a terminating namespace is finalized only when nothing is left in it.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from virtslo.base.errors import AlreadyExists, ClusterError, Conflict, NotFound
from virtslo.client.work_queue import WorkQueue
from virtslo.hollow.client_go.cache import Cache, key_of
from virtslo.hollow.process.component import Component, run_workers
from virtslo.model.identifiers import NamespacedName, Object
from virtslo.model.kubernetes import resources
from virtslo.model.kubernetes.other_resources import OTHERS
from virtslo.model.kubernetes.resources import Resource
from virtslo.ports.kube_api import Selection

WORKERS: Final = 10
AGAIN_SECONDS: Final = 1.0
_ROOT_CA: Final = {"ca.crt": "-----BEGIN CERTIFICATE-----\nsimulated\n-----END CERTIFICATE-----\n"}
OF_WORKLOADS: Final = tuple(item for item in resources.ALL if item.namespaced)
"""The kinds that a run of virtslo's own may leave in a namespace."""
EVERY_KIND: Final = (*OF_WORKLOADS, *(item for item in OTHERS if item.namespaced))


class NamespaceController:
    """Furnishes new namespaces and empties terminating ones."""

    def __init__(
        self,
        component: Component,
        namespaces: Cache,
        *,
        kinds: Sequence[Resource] = OF_WORKLOADS,
    ) -> None:
        self._kinds = kinds
        self._component = component
        self._api = component.api
        self._namespaces = namespaces
        self._furnished: dict[str, None] = {}
        self.queue: WorkQueue[NamespacedName] = WorkQueue(component.clock, "namespace")
        namespaces.when_seen(self._seen)

    def start(self, group: asyncio.TaskGroup) -> None:
        """Work on the queue."""
        run_workers(
            group,
            self.queue,
            self._reconcile,
            workers=WORKERS,
            bad=self._component.bad_objects,
        )

    def _seen(self, before: Object | None, after: Object | None) -> None:
        if after is None:
            if before is not None:
                self._furnished.pop(before["metadata"]["uid"], None)
        else:
            self.queue.add(key_of(after))

    async def _reconcile(self, key: NamespacedName) -> None:
        namespace = self._namespaces.get(key)
        if namespace is None:
            return
        if namespace["metadata"].get("deletionTimestamp"):
            await self._empty(key, namespace)
        elif namespace["metadata"]["uid"] not in self._furnished:
            self._furnished[namespace["metadata"]["uid"]] = None
            await self._furnish(key[1])

    async def _furnish(self, name: str) -> None:
        account: dict[str, Any] = {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {"name": "default", "namespace": name},
        }
        bundle = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "kube-root-ca.crt", "namespace": name},
            "data": _ROOT_CA,
        }
        for resource, body in (
            (resources.SERVICE_ACCOUNTS, account),
            (resources.CONFIG_MAPS, bundle),
        ):
            try:
                await self._api.create(resource, body, namespace=name)
            except AlreadyExists:
                continue

    async def _delete_some(self, resource: Resource, selection: Selection) -> bool:
        """Delete what there is of a resource; whether something is left."""
        page = await self._api.list_objects(resource, selection, limit=1)
        if not page.items:
            return False
        await self._api.delete_objects(resource, selection)
        page = await self._api.list_objects(resource, selection, limit=1)
        return bool(page.items)

    async def _empty(self, key: NamespacedName, namespace: Object) -> None:
        name = key[1]
        is_left = False
        failure: ClusterError | None = None
        for resource in self._kinds:
            try:
                is_left = await self._delete_some(resource, Selection(namespace=name)) or is_left
            except ClusterError as error:
                failure = error  # as the real one does, the other resources are still emptied
        if failure is not None:
            raise failure
        if is_left:
            self.queue.add_after(key, AGAIN_SECONDS)
            return
        finalized = {**namespace, "spec": {"finalizers": []}}
        try:
            await self._api.update(resources.NAMESPACES, finalized, subresource="finalize")
        except (NotFound, Conflict):
            return
