"""kube-controller-manager's aggregation of cluster roles, hollow.

Invariant: the rules of a role that aggregates are those of the roles that its selectors choose, in
the order of their names and each once; a role is written only if its rules change.
"""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from virtslo.hollow.client_go.cache import Cache
from virtslo.hollow.kubernetes.affinity import meets
from virtslo.hollow.process.component import Component, run_workers
from virtslo.model.identifiers import NamespacedName, Object
from virtslo.model.kubernetes.access_resources import CLUSTER_ROLES
from virtslo.ports.kube_api import KubeApi, PatchType

WORKERS: Final = 5


class RoleAggregation:
    """Keeps the rules of cluster roles that others are gathered in."""

    def __init__(self, component: Component, api: KubeApi) -> None:
        """`api` is the controller's own: rights are granted by who may grant them."""
        self._api = api
        self._component = component
        self._roles: Cache = component.watch(CLUSTER_ROLES)
        self._queue = component.queue("ClusterRoleAggregator")
        self._roles.when_seen(self._seen)

    def start(self, group: asyncio.TaskGroup) -> None:
        """Work on the queue."""
        run_workers(
            group,
            self._queue,
            self._reconcile,
            workers=WORKERS,
            bad=self._component.bad_objects,
        )

    def _seen(self, before: Object | None, after: Object | None) -> None:
        """Any role may be chosen by any that aggregates."""
        for key, role in self._roles.objects.items():
            if role.get("aggregationRule"):
                self._queue.add(key)

    async def _reconcile(self, key: NamespacedName) -> None:
        role = self._roles.get(key)
        if role is None or not role.get("aggregationRule"):
            return
        selectors = role["aggregationRule"].get("clusterRoleSelectors") or ()
        rules: list[Any] = []
        for selector in selectors:
            for other, found in sorted(self._roles.objects.items()):
                if other != key and _chooses(selector, found):
                    rules += [rule for rule in found.get("rules") or () if rule not in rules]
        if rules == list(role.get("rules") or ()):
            return
        patch = {
            "apiVersion": CLUSTER_ROLES.api_version,
            "kind": CLUSTER_ROLES.kind,
            "metadata": {"name": key[1]},
            "rules": rules,
        }
        await self._api.patch(CLUSTER_ROLES, key[1], patch, patch_type=PatchType.APPLY)


def _chooses(selector: Mapping[str, Any], role: Object) -> bool:
    labels = role["metadata"].get("labels") or {}
    wanted = selector.get("matchLabels") or {}
    expressions = selector.get("matchExpressions") or ()
    return wanted.items() <= labels.items() and all(meets(labels, each) for each in expressions)
