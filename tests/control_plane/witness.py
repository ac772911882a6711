"""A second observer of VMIs on a real control plane, over a connection without faults.

Invariant: it lists once and watches as the administrator; what it saw is the truth that a run's
record is held against: each phase once and in order, no VMI lost, the times alike.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from statistics import median
from typing import Final

from support.swarm.witness import ORDER
from virtslo.base.background import in_background
from virtslo.base.clock import SystemClock, to_seconds
from virtslo.client.reflector import Reflector
from virtslo.model.identifiers import RUN_LABEL, RUNNING, Object
from virtslo.model.kubernetes.resources import VMIS
from virtslo.model.run.observations import ADDED, PHASE, RELIST
from virtslo.model.run.record import RunRecord
from virtslo.plane.control_plane import ControlPlane
from virtslo.ports.kube_api import Selection, WatchEvent


@dataclass(slots=True)
class Life:
    """What a VMI came to."""

    name: str
    run: str
    added_ns: int
    phases: list[tuple[str, int]] = field(default_factory=list)

    @property
    def running_after(self) -> float | None:
        """Seconds from when it was added to Running."""
        found = next((when for phase, when in self.phases if phase == RUNNING), None)
        return None if found is None else to_seconds(found - self.added_ns)


class Witness:
    """An observer that keeps what its watch delivers."""

    def __init__(self) -> None:
        self.lives: dict[str, Life] = {}
        self.broken: list[str] = []

    def listed(self, objects: Sequence[Object], received_ns: int, relist: bool) -> None:
        """The collection as it is."""
        if relist:
            self.broken.append("the witness had to list again")
        for item in objects:
            self._note(item, received_ns)

    def changed(self, event: WatchEvent) -> None:
        """One event."""
        self._note(event.object, event.received_ns)

    def bookmark(self, received_ns: int) -> None:
        """Nothing changed."""

    def lost(self, reason: str) -> None:
        """The watch is resumed."""

    def _note(self, item: Object, received_ns: int) -> None:
        metadata, phase = item["metadata"], (item.get("status") or {}).get("phase")
        life = self.lives.setdefault(
            metadata["uid"], Life(metadata["name"], metadata["labels"][RUN_LABEL], received_ns)
        )
        before = life.phases[-1][0] if life.phases else None
        if phase and phase != before:
            if ORDER[phase] < ORDER[before]:
                self.broken.append(f"{life.name}: {phase} after {before}")
            life.phases.append((phase, received_ns))


@asynccontextmanager
async def witness(plane: ControlPlane) -> AsyncIterator[Witness]:
    """A witness at work."""
    seen = Witness()
    async with plane.connect("witness", "system:masters") as api:
        reflector = Reflector(
            api, VMIS, Selection(label_selector=RUN_LABEL), handler=seen, clock=SystemClock()
        )
        async with in_background(reflector.run):
            await reflector.synced.wait()
            yield seen


LIMIT_SECONDS: Final = 2.0
"""How far the median of a valid run may be from the truth, beside a tenth of it."""


def assert_as_witnessed(record: RunRecord, seen: Witness, *, is_valid: bool) -> None:
    """A record tells of what was: no VMI and no phase that was not, none lost without a relist."""
    assert seen.broken == []
    true = {uid: life for uid, life in seen.lives.items() if life.run == record.header.run_label}
    facts = [each for each in record.observations if each.kind == VMIS.kind]
    told = {each.uid for each in facts}
    assert told <= true.keys(), f"told, but never there: {told - true.keys()}"
    relisted = any(each.source == RELIST for each in facts)
    if not relisted:
        assert told == true.keys(), f"there, but not told: {true.keys() - told}"
    pairs: list[tuple[float, float]] = []
    for uid in told:
        phases = [
            (each.phase or "", each.received_ns)
            for each in facts
            if (each.uid, each.fact) == (uid, PHASE)
        ]
        names, truth = [phase for phase, _ in phases], [phase for phase, _ in true[uid].phases]
        if relisted:
            rest = iter(truth)
            assert all(name in rest for name in names), f"{true[uid].name}: {names}, not {truth}"
        else:
            assert names == truth, f"{true[uid].name}: {names}, not {truth}"
        added = next(
            (each.received_ns for each in facts if (each.uid, each.fact) == (uid, ADDED)), None
        )
        running = next((when for phase, when in phases if phase == RUNNING), None)
        if added is not None and running is not None:
            after = true[uid].running_after
            assert after is not None
            pairs.append((to_seconds(running - added), after))
    if is_valid and pairs:
        ours, theirs = (median(column) for column in zip(*pairs, strict=True))
        assert abs(ours - theirs) <= LIMIT_SECONDS + theirs / 10, (ours, theirs)
