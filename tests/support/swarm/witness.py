"""A witness inside the simulated API server: every write as it happens, held against the laws.

Invariant: it changes nothing and draws no chance. What it saw is the truth that a record is held
against; a law that is broken is kept as a sentence.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, Final

from support.swarm.door import Exchange
from virtslo.base.clock import Clock
from virtslo.hollow.virt_controller.pool_template import POOL_FINALIZER
from virtslo.model.identifiers import (
    FAILED,
    PENDING,
    RUN_LABEL,
    RUNNING,
    SCHEDULED,
    SCHEDULING,
    SUCCEEDED,
    NamespacedName,
    Object,
)
from virtslo.model.kubernetes.pod_requests import node_amounts, pod_requests
from virtslo.model.kubernetes.resources import NODES, PODS, VMIS, VMS
from virtslo.ports.kube_api import WatchEvent
from virtslo.sim.storage.object_store import ADDED, DELETED, Change, Collection, ObjectStore

ORDER: Final[Mapping[str | None, int]] = {
    phase: rank
    for rank, phases in enumerate(
        ((None, PENDING), (SCHEDULING,), (SCHEDULED,), (RUNNING,), (SUCCEEDED, FAILED))
    )
    for phase in phases
}
LAW: Final = "law of the cluster"
ENDED: Final = (SUCCEEDED, FAILED)


@dataclass(slots=True)
class Life:
    """What happened to one object, by the store. Times are of the virtual clock."""

    name: str
    namespace: str
    run: str | None
    stage: str | None
    kind: str
    added_ns: int
    owner: str | None = None
    """The uid of the object that controls it."""
    phases: list[tuple[str, int]] = field(default_factory=list)
    ready_ns: int | None = None
    """Of a VM: when its status said so first."""
    deleting_ns: int | None = None
    """When it was marked for deletion; None where it went at once."""
    deleted_ns: int | None = None


class Witness:
    """Listens to a store."""

    def __init__(self, store: ObjectStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._last = store.resource_version
        self.broken: list[str] = []
        self._crowded: list[tuple[str, frozenset[NamespacedName]]] = []
        """Bindings beyond a node's room, each with the pods that were there then."""
        self.lives: dict[str, Life] = {}
        """Objects with a run's label, by uid."""
        self._uids: set[str] = set()
        store.listen(self.note)

    def note(self, collection: Collection, change: Change) -> None:
        """Hold one write against the laws."""
        metadata = change.object["metadata"]
        place = f"{collection.resource.plural} {metadata.get('namespace', '')}/{metadata['name']}"
        if change.resource_version <= self._last:
            self._break(f"{place}: version {change.resource_version} after {self._last}")
        if metadata["resourceVersion"] != str(change.resource_version):
            self._break(f"{place}: stored as {metadata['resourceVersion']}")
        self._last = change.resource_version
        uid = metadata["uid"]
        if change.type == ADDED:
            if uid in self._uids:
                self._break(f"{place}: the uid of an earlier object")
            self._uids.add(uid)
        elif change.previous is not None:
            self._against(place, change.previous["metadata"], metadata)
        if collection.resource.plural == PODS.plural and change.type != DELETED:
            self._pod(place, change)
        self._follow(collection.resource.kind, change)

    def crowded(self, exchanges: Iterable[Exchange]) -> list[str]:
        """Bindings beyond a node's room that no lost answer explains.

        A scheduler that has no answer to a binding gives the room away until its watch shows that
        the pod is bound after all; kube-scheduler does so too, and the kubelet refuses the pod.
        """
        lost = {
            (each.namespace, each.name)
            for each in exchanges
            if each.subresource == "binding" and not each.is_success
        }
        return [f"{LAW}: {words}" for words, here in self._crowded if not here & lost]

    def _against(self, place: str, before: Any, after: Any) -> None:
        if before["uid"] != after["uid"]:
            self._break(f"{place}: another uid under one name without a deletion")
        if "deletionTimestamp" in before and "deletionTimestamp" not in after:
            self._break(f"{place}: a deletion was taken back")

    def _pod(self, place: str, change: Change) -> None:
        """A pod stays where it was bound, and its node has room for it."""
        before = (change.previous or {}).get("spec", {}).get("nodeName")
        node = change.object["spec"].get("nodeName")
        if before and before != node:
            self._break(f"{place}: moved from {before} to {node}")
        if node and not before:
            self._has_room(place, node)

    def _has_room(self, place: str, name: str) -> None:
        node = self._store.collection(NODES).objects.get(("", name))
        if node is None:
            self._break(f"{place}: bound to {name}, which does not exist")
            return
        there = node_amounts(node["status"]["allocatable"], "status.allocatable")
        used: dict[str, int] = {}
        here: set[NamespacedName] = set()
        for place_of_pod, pod in self._store.collection(PODS).objects.items():
            is_over = pod.get("status", {}).get("phase") in ENDED
            if pod["spec"].get("nodeName") != name or is_over:
                continue
            here.add(place_of_pod)
            for key, amount in {**pod_requests(pod["spec"]), "pods": 1}.items():
                used[key] = used.get(key, 0) + amount
        for key, amount in used.items():
            if amount > there.get(key, 0):
                words = f"{place}: {name} has {there.get(key, 0)} {key}, asked for {amount}"
                self._crowded.append((words, frozenset(here)))

    def _follow(self, kind: str, change: Change) -> None:
        metadata = change.object["metadata"]
        labels = metadata.get("labels") or {}
        life = self.lives.get(metadata["uid"])
        if life is None:
            if change.type != ADDED or RUN_LABEL not in labels:
                return
            life = Life(
                metadata["name"],
                metadata.get("namespace", ""),
                labels[RUN_LABEL],
                labels.get("virtslo.io/stage"),
                kind,
                self._clock.now_ns(),
                _controller_of(metadata),
            )
            self.lives[metadata["uid"]] = life
        if kind == VMIS.kind:
            self._phase(metadata["name"], life, change.object)
        if kind == VMS.kind and life.ready_ns is None and _is_ready(change.object):
            life.ready_ns = self._clock.now_ns()
        if life.deleting_ns is None and "deletionTimestamp" in metadata:
            life.deleting_ns = self._clock.now_ns()
        if change.type == DELETED:
            life.deleted_ns = self._clock.now_ns()

    def _phase(self, name: str, life: Life, vmi: Object) -> None:
        phase = (vmi.get("status") or {}).get("phase") or None
        before = life.phases[-1][0] if life.phases else None
        if phase == before or phase is None:
            return
        if ORDER.get(phase, -1) < ORDER.get(before, 0):
            self._break(f"VMI {name}: {phase} after {before}")
        if phase == RUNNING and not (vmi["status"].get("nodeName")):
            self._break(f"VMI {name}: Running without a node")
        life.phases.append((phase, self._clock.now_ns()))

    def _break(self, words: str) -> None:
        if len(self.broken) < 20:
            self.broken.append(f"{LAW}: {words}")

    def left(self, run_label: str) -> list[str]:
        """Objects of a run that are still there."""
        return sorted(
            f"{collection.resource.kind} {key[0]}/{key[1]}"
            for collection in self._store.collections()
            for key, item in collection.objects.items()
            if (item["metadata"].get("labels") or {}).get(RUN_LABEL) == run_label
        )

    def held(self) -> list[str]:
        """VMs that are being deleted and that KubeVirt itself holds for ever.

        Its pool controller takes a pool that is gone when it wants to put a finalizer on it for one
        that has it, and makes its VMs; nobody takes the pool's finalizer off these (v1.9.0).
        """
        return [
            name
            for name, metadata in self._without_owner()
            if metadata.get("deletionTimestamp")
            and POOL_FINALIZER in metadata.get("finalizers", ())
        ]

    def orphans(self) -> list[str]:
        """Objects whose owners are all gone, but for those that KubeVirt holds."""
        held = self.held()
        return [name for name, _ in self._without_owner() if name not in held]

    def _without_owner(self) -> list[tuple[str, Object]]:
        """Objects whose owners are all gone: what it is called, and its metadata."""
        uids = {
            item["metadata"]["uid"]
            for collection in self._store.collections()
            for item in collection.objects.values()
        }
        found = [
            (f"{collection.resource.kind} {key[0]}/{key[1]}", item["metadata"])
            for collection in self._store.collections()
            for key, item in collection.objects.items()
            if (owners := item["metadata"].get("ownerReferences"))
            and not any(owner["uid"] in uids for owner in owners)
        ]
        return sorted(found, key=itemgetter(0))


def _controller_of(metadata: Object) -> str | None:
    owners = metadata.get("ownerReferences") or ()
    return next((owner["uid"] for owner in owners if owner.get("controller")), None)


def _is_ready(machine: Object) -> bool:
    return bool((machine.get("status") or {}).get("ready"))


class Mirror:
    """What a client knows that lists once and watches: it must come to what is stored."""

    def __init__(self) -> None:
        self.versions: dict[str, str] = {}
        self.broken: list[str] = []

    def listed(self, objects: Sequence[Object], received_ns: int, relist: bool) -> None:
        """Take over a list."""
        self.versions = {
            item["metadata"]["uid"]: item["metadata"]["resourceVersion"] for item in objects
        }

    def changed(self, event: WatchEvent) -> None:
        """Take over an event."""
        metadata = event.object["metadata"]
        uid, version = metadata["uid"], metadata["resourceVersion"]
        if event.type == ADDED and uid in self.versions:
            self.broken.append(f"watch: {metadata['name']} was added twice")
        if event.type != ADDED and uid not in self.versions:
            self.broken.append(f"watch: {metadata['name']} was {event.type} before it was added")
        if int(version) <= int(self.versions.get(uid, "0")):
            self.broken.append(f"watch: {metadata['name']} went back to version {version}")
        if event.type == DELETED:
            self.versions.pop(uid, None)
        else:
            self.versions[uid] = version

    def bookmark(self, received_ns: int) -> None:
        """Nothing changed."""

    def lost(self, reason: str) -> None:
        """The watch is being resumed."""

    def differs(self, store: ObjectStore) -> list[str]:
        """How what was watched differs from what is stored."""
        stored = {
            item["metadata"]["uid"]: item["metadata"]["resourceVersion"]
            for item in store.collection(VMIS).objects.values()
        }
        if stored == self.versions:
            return self.broken
        return [*self.broken, f"watch: {len(self.versions)} VMIs known, {len(stored)} stored"]
