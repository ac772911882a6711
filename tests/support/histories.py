"""Histories of VMIs as a server has them, and as a watch with troubles tells them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from virtslo.model.kubernetes import resources
from virtslo.model.run.observations import Observation
from virtslo.observe.tracker import Tracker
from virtslo.ports.kube_api import WatchEvent

RUN = "s1"
PHASES = ("Pending", "Scheduling", "Scheduled", "Running", "Succeeded")
NAMES = ("a", "b", "c")
SECOND = 1_000_000_000

Step = tuple[str, str]
"""(what happens, to which name)."""

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["create", "advance", "advance", "mark", "remove", "foreign"]),
        st.sampled_from(NAMES),
    ),
    max_size=60,
)
TROUBLES = st.lists(
    st.sampled_from(["fine", "fine", "fine", "twice", "lost", "relist", "resumed"]),
    min_size=60,
    max_size=60,
)


@dataclass
class Server:
    """What is true: objects by name, and what happened to each uid when."""

    objects: dict[str, dict[str, Any]] = field(default_factory=dict)
    added: dict[str, int] = field(default_factory=dict)
    running: dict[str, int] = field(default_factory=dict)
    removed: dict[str, int] = field(default_factory=dict)
    foreign: dict[str, None] = field(default_factory=dict)
    _made: int = 0

    def do(self, step: Step, now_ns: int) -> tuple[str, Mapping[str, Any]] | None:
        """One step; returns the event it makes, if it makes one."""
        what, name = step
        current = self.objects.get(name)
        if what in {"create", "foreign"}:
            return None if current is not None else self._create(name, what, now_ns)
        if current is None:
            return None
        if what == "remove":
            del self.objects[name]
            self.removed[current["metadata"]["uid"]] = now_ns
            return "DELETED", current
        if what == "mark":
            changed = {**current, "metadata": {**current["metadata"], "deletionTimestamp": "x"}}
        else:
            phase = current["status"].get("phase")
            number = PHASES.index(phase) + 1 if phase else 0
            if number >= len(PHASES):
                return None
            changed = {**current, "status": {"phase": PHASES[number]}}
            if PHASES[number] == "Running":
                self.running[current["metadata"]["uid"]] = now_ns
        self.objects[name] = changed
        return "MODIFIED", changed

    def _create(self, name: str, what: str, now_ns: int) -> tuple[str, Mapping[str, Any]]:
        self._made += 1
        uid = f"uid-{self._made}"
        labels = {"virtslo.io/index": "0", "virtslo.io/run": RUN if what == "create" else "other"}
        made: dict[str, Any] = {
            "metadata": {"name": name, "namespace": "ns", "uid": uid, "labels": labels},
            "status": {},
        }
        self.objects[name] = made
        if what == "create":
            self.added[uid] = now_ns
        else:
            self.foreign[uid] = None
        return "ADDED", made


def told(steps: list[Step], troubles: list[str]) -> tuple[Server, list[Observation]]:
    """Play the steps, a second apart, through a troubled watch that ends with a whole list."""
    server = Server()
    found: list[Observation] = []
    tracker = Tracker(resources.VMIS, origin_ns=0, on_observation=found.append, run_label=RUN)
    tracker.listed([], 0, relist=False)
    last: WatchEvent | None = None
    for number, step in enumerate(steps):
        now_ns = (number + 1) * SECOND
        event = server.do(step, now_ns)
        trouble = troubles[number]
        if event is not None and trouble != "lost":
            last = WatchEvent(event[0], event[1], now_ns)
            tracker.changed(last)
            if trouble == "twice":
                tracker.changed(WatchEvent(event[0], event[1], now_ns + 1))
        if trouble == "relist":
            tracker.listed(list(server.objects.values()), now_ns + 2, relist=True)
            last = None  # a watch that begins after a list tells nothing older
        elif trouble == "resumed" and last is not None:
            tracker.changed(WatchEvent(last.type, last.object, now_ns + 3))
    end_ns = (len(steps) + 1) * SECOND
    tracker.listed(list(server.objects.values()), end_ns, relist=True)
    return server, found
