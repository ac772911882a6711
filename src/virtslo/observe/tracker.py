"""From watch events to observations: each new fact about an object, once.

Invariant: duplicates and repeated lists change nothing; an object that comes back under its name is
another object; what a later list delivered is marked as relisted. Little is kept of an object,
and never the object.
"""

from collections.abc import Callable, Sequence

import msgspec

from virtslo.model.identifiers import Object
from virtslo.model.kubernetes.resources import Resource
from virtslo.model.run.observations import (
    ADDED,
    DELETED,
    DELETING,
    MIGRATED,
    MIGRATION_FAILED,
    NOT_READY,
    PAUSED,
    PHASE,
    READY,
    RELIST,
    UNPAUSED,
    WATCH,
    Fact,
    Observation,
    Source,
)
from virtslo.observe.phases import NEW, Facts, facts_of, phases_passed, server_timestamp
from virtslo.ports.kube_api import WatchEvent


class Tracker:
    """Follows one resource's objects of one run."""

    def __init__(
        self,
        resource: Resource,
        *,
        origin_ns: int,
        on_observation: Callable[[Observation], None],
        run_label: str,
    ) -> None:
        self.resource = resource
        self._origin_ns = origin_ns
        self._on_observation = on_observation
        self._run_label = run_label
        self._states: dict[str, Facts] = {}
        self.last_event_ns: int | None = None
        self.foreign = 0
        self.relisted_at_ns: list[int] = []
        self.losses: list[str] = []

    def listed(self, objects: Sequence[Object], received_ns: int, relist: bool) -> None:
        """Take over a whole list."""
        source = RELIST if relist else WATCH
        if relist:
            self.relisted_at_ns.append(received_ns - self._origin_ns)
        present: dict[str, None] = {}
        for target in objects:
            present[target["metadata"]["uid"]] = None
            self._take(target, received_ns, source)
        for uid in [uid for uid in self._states if uid not in present]:
            self._forget(uid, received_ns, source)

    def changed(self, event: WatchEvent) -> None:
        """Take over one event."""
        if event.type == "DELETED":
            self._take(event.object, event.received_ns, WATCH, is_last=True)
            self._forget(event.object["metadata"]["uid"], event.received_ns, WATCH)
        else:
            self._take(event.object, event.received_ns, WATCH)

    def bookmark(self, received_ns: int) -> None:
        """Nothing changed."""

    def lost(self, reason: str) -> None:
        """The watch broke."""
        self.losses.append(reason)

    def _take(
        self, target: Object, received_ns: int, source: Source, *, is_last: bool = False
    ) -> None:
        known = self._states.get(target["metadata"]["uid"])
        before = NEW if known is None else known
        facts = facts_of(self.resource, target, before)
        if facts.run != self._run_label:
            self.foreign += 1
            return
        self.last_event_ns = received_ns - self._origin_ns
        if known is None and is_last:
            return
        self._states[facts.uid] = facts
        if known is None:
            self._tell(ADDED, target, facts, received_ns, source)
        if facts.phase is not None and facts.phase != before.phase:
            if source == RELIST:
                self._tell_passed(target, before.phase, facts, received_ns)
            self._tell(PHASE, target, facts, received_ns, source)
        if facts.is_ready != before.is_ready:
            fact = READY if facts.is_ready else NOT_READY
            self._tell(fact, target, facts, received_ns, source)
        if facts.is_paused != before.is_paused:
            fact = PAUSED if facts.is_paused else UNPAUSED
            self._tell(fact, target, facts, received_ns, source)
        if facts.migration is not None and facts.migration != before.migration:
            fact = MIGRATION_FAILED if facts.has_migration_failed else MIGRATED
            self._tell(fact, target, facts, received_ns, source)
        if facts.is_deleting and not before.is_deleting:
            self._tell(DELETING, target, facts, received_ns, source)

    def _tell_passed(
        self, target: Object, before: str | None, facts: Facts, received_ns: int
    ) -> None:
        """The phases that a list jumped over; in a watch one that is lacking stays a fault."""
        for phase in phases_passed(target, before, facts.phase or ""):
            passed = msgspec.structs.replace(facts, phase=phase)
            self._tell(PHASE, target, passed, received_ns, RELIST)

    def _tell(
        self, fact: Fact, target: Object, facts: Facts, received_ns: int, source: Source
    ) -> None:
        self._on_observation(
            Observation(
                received_ns=received_ns - self._origin_ns,
                fact=fact,
                kind=self.resource.kind,
                namespace=facts.namespace,
                name=facts.name,
                uid=facts.uid,
                phase=facts.phase if fact == PHASE else None,
                source=source,
                index=facts.index,
                stage=facts.stage,
                owner_uid=facts.owner_uid,
                node=facts.node,
                server_timestamp=server_timestamp(target, fact, facts.phase),
            )
        )

    def _forget(self, uid: str, received_ns: int, source: Source) -> None:
        known = self._states.pop(uid, None)
        if known is None:
            return
        self.last_event_ns = received_ns - self._origin_ns
        self._on_observation(
            Observation(
                received_ns=received_ns - self._origin_ns,
                fact=DELETED,
                kind=self.resource.kind,
                namespace=known.namespace,
                name=known.name,
                uid=uid,
                source=source,
                index=known.index,
                stage=known.stage,
                owner_uid=known.owner_uid,
            )
        )
