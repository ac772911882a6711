"""The revisions of a daemonset: one for each template, the newest with the highest number.

Invariant: the revision of the template that a daemonset has now is higher than all others, also
where that template is one that it had before; older revisions beyond the limit go, but for those
that pods are of.
"""

from collections.abc import Collection
from typing import Any, Final

from virtslo.base.errors import AlreadyExists, NotFound
from virtslo.hollow.client_go.cache import controller_uid
from virtslo.hollow.kubernetes.daemon_pods import REVISION_LABEL, owner_reference, revision_hash
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes import resources
from virtslo.ports.kube_api import KubeApi, Selection

DEFAULT_LIMIT: Final = 10


class DaemonRevisions:
    """Keeps the revisions of daemonsets, as `kubectl rollout` reads them."""

    def __init__(self, api: KubeApi) -> None:
        self._api = api
        self._current: dict[str, str] = {}
        """The hash that each daemonset's newest revision was last seen to have."""

    def forget(self, living: Collection[str]) -> None:
        """Drop what is known of daemonsets but for those with these UIDs."""
        for uid in self._current.keys() - living:
            del self._current[uid]

    async def keep(self, daemon_set: Object, *, in_use: Collection[str | None]) -> None:
        """See to the revision of a daemonset's template; `in_use` are hashes that pods are of."""
        uid, wanted = daemon_set["metadata"]["uid"], revision_hash(daemon_set)
        if self._current.get(uid) == wanted:
            return
        selection = Selection(daemon_set["metadata"]["namespace"])
        page = await self._api.list_objects(resources.CONTROLLER_REVISIONS, selection)
        owned = [each for each in page.items if controller_uid(each) == uid]
        current = next((each for each in owned if _hash(each) == wanted), None)
        old = [each for each in owned if each is not current]
        number = 1 + max((each["revision"] for each in old), default=0)
        if current is None:
            await self._create(daemon_set, number)
        elif current["revision"] < number:
            await self._api.update(
                resources.CONTROLLER_REVISIONS, {**_KIND, **current, "revision": number}
            )
        await self._remove_old(daemon_set, old, in_use)
        self._current[uid] = wanted

    async def _create(self, daemon_set: Object, number: int) -> None:
        metadata, template = daemon_set["metadata"], daemon_set["spec"]["template"]
        revision = revision_hash(daemon_set)
        body: dict[str, Any] = {
            **_KIND,
            "metadata": {
                "name": f"{metadata['name']}-{revision}",
                "namespace": metadata["namespace"],
                "labels": {
                    **((template.get("metadata") or {}).get("labels") or {}),
                    REVISION_LABEL: revision,
                },
                "ownerReferences": [owner_reference(daemon_set)],
            },
            "data": {"spec": {"template": {**template, "$patch": "replace"}}},
            "revision": number,
        }
        try:
            await self._api.create(
                resources.CONTROLLER_REVISIONS, body, namespace=metadata["namespace"]
            )
        except AlreadyExists:
            return  # one that an earlier daemonset of this name left

    async def _remove_old(
        self, daemon_set: Object, old: Collection[Object], in_use: Collection[str | None]
    ) -> None:
        limit = daemon_set["spec"].get("revisionHistoryLimit")
        most = limit if isinstance(limit, int) else DEFAULT_LIMIT
        unused = [each for each in old if _hash(each) not in in_use]
        unused.sort(key=lambda each: int(each["revision"]))
        for each in unused[: max(0, len(unused) - most)]:
            name, namespace = each["metadata"]["name"], each["metadata"]["namespace"]
            try:
                await self._api.delete(resources.CONTROLLER_REVISIONS, name, namespace=namespace)
            except NotFound:
                continue


_KIND: Final = {"apiVersion": "apps/v1", "kind": "ControllerRevision"}


def _hash(revision: Object) -> str:
    return str((revision["metadata"].get("labels") or {}).get(REVISION_LABEL))
