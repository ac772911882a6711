"""Worlds: scenario, knobs, faults and interruption, drawn from a seed.

Invariant: a seed always draws the same world; a world is a document that a person can run.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

PROFILES: Final = ("instant", "ci", "ci", "ci", "regressed")
LIMITS: Final = ((5, 10), (20, 20), (200, 400))
"""Requests per second of virt-controller, and its burst."""
KNOBS: Final[Mapping[str, tuple[int, ...]]] = {
    "kubevirt.virtController.threads.vmi": (1, 3, 10),
    "apiServer.workers": (1, 4, 16),
    "nodes.pods": (3, 20, 110),
}
FAULTS: Final = (
    "latency:rate={share},delay={short}",
    "too-many-requests:rate={share}",
    "server-error:rate={share}",
    "server-error:rate={share},code=503",
    "connection-reset:rate={share}",
    "connection-reset:rate={share},served=1",
    "slow-webhook:delay={short}",
    "dropped-watches:at={at},every={every}",
    "stalled-watches:at={at},for={short}",
    "compaction:at={at},every={every}",
    "api-server-restart:at={at},for={short}",
    "node-loss:at={at},remedy=40s",
    "virt-controller-restart:at={at}",
    "leader-change:at={at}",
)
STAGES: Final = ("ramp_up", "churn", "ramp_down", "ramp_down", "run")
"""The stages to which some faults are confined; the others strike the measured one."""


@dataclass(frozen=True, slots=True)
class World:
    """One run: what is asked for, and when it is interrupted."""

    seed: int
    document: Mapping[str, Any]
    """The scenario file."""
    interrupted_at: float | None = None
    """Virtual seconds after the run begins; None: it runs to its end."""

    @property
    def faults(self) -> tuple[str, ...]:
        """The faults that were planted."""
        return tuple(self.document.get("faults", ()))

    def has_fault(self, *names: str) -> bool:
        """Whether one of these faults was planted."""
        return any(text.partition(":")[0] in names for text in self.faults)


def draw(seed: int) -> World:
    """The world of a seed."""
    chance = random.Random(seed)
    kind = chance.choice(("vmi", "vmi", "vm", "vmpool", "vmirs"))
    pattern = chance.choice(("burst", "burst", "steady-state", "constant-churn"))
    if kind == "vmirs" and pattern == "constant-churn":
        pattern = "steady-state"
    count = chance.randint(1, 12)
    settings = {
        name: chance.choice(values) for name, values in KNOBS.items() if chance.random() < 0.15
    }
    if chance.random() < 0.2:
        qps, burst = chance.choice(LIMITS)
        settings |= {"kubevirt.virtController.qps": qps, "kubevirt.virtController.burst": burst}
    document: dict[str, Any] = {
        "apiVersion": "virtslo/v1",
        "name": f"seed-{seed}",
        "workload": {"kind": kind, "count": count},
        "load": {"pattern": pattern, "settle": chance.choice(("1s", "5s"))},
        "simulated": {
            "profile": chance.choice(PROFILES),
            "nodes": chance.randint(1, 4),
            "set": settings,
        },
        "faults": [_fault(chance) for _ in range(chance.choice((0, 0, 1, 1, 1, 2, 3)))],
        "deadlines": {"running": "300s", "gone": "300s"},
    }
    if kind in ("vmi", "vm") and chance.random() < 0.3:
        document["workload"]["namespaces"] = chance.randint(1, count)
    if chance.random() < 0.4:
        document["load"]["arrival"] = _arrival(chance)
    if chance.random() < 0.2:
        document["load"]["maxInFlight"] = chance.randint(1, 5)
    if pattern != "burst":
        document["load"]["churn"] = _churn(chance, pattern, count)
    if chance.random() < 0.2:
        document["warmUp"] = {"objects": chance.randint(0, 3)}
    _more(document, random.Random(f"{seed}:more"))
    interrupted = chance.uniform(0.0, 90.0) if chance.random() < 0.2 else None
    return World(seed, document, interrupted)


def _more(document: dict[str, Any], chance: random.Random) -> None:
    """Faults of one stage, populations that are enough for a P95, holds, other forms of churn.

    A stream of its own keeps the worlds of seeds that were drawn before.
    """
    if chance.random() < 0.3:
        has_churn = "churn" in document["load"]
        stage = chance.choice([name for name in STAGES if has_churn or name != "churn"])
        early = _fault(chance, latest=8)
        text = f"{early}{',' if ':' in early else ':'}stage={stage}"
        document["faults"] = [*document["faults"], text]
    if chance.random() < 0.1:
        document["workload"]["count"] += 20
    if chance.random() < 0.1:
        document["load"]["hold"] = chance.choice(("5s", "40s"))
    is_steady = document["load"]["pattern"] == "steady-state"
    mode = {"vmpool": "scale", "vm": "restart"}.get(document["workload"]["kind"])
    if is_steady and mode is not None and chance.random() < 0.3:
        document["load"]["churn"] = {**document["load"]["churn"], "mode": mode}


def _fault(chance: random.Random, latest: int = 40) -> str:
    return chance.choice(FAULTS).format(
        share=chance.choice(("0.01", "0.05", "0.2")),
        short=chance.choice(("300ms", "2s", "8s")),
        at=f"{chance.randint(0, latest)}s",
        every=f"{chance.randint(7, 40)}s",
    )


def _arrival(chance: random.Random) -> dict[str, Any]:
    process = chance.choice(("constant", "poisson", "ramp"))
    arrival: dict[str, Any] = {"process": process, "rate": chance.choice(("0.5/s", "5/s", "50/s"))}
    if process == "ramp":
        arrival["startRate"] = "0.2/s"
    return arrival


def _churn(chance: random.Random, pattern: str, count: int) -> dict[str, Any]:
    """At most as many replacements as there are objects: a pool's later names are not known."""
    if pattern == "constant-churn":
        rate, each = chance.choice((("0.1/s", 10), ("0.2/s", 5)))
        return {"rate": rate, "duration": f"{min(count, 6) * each}s"}
    objects = chance.randint(1, max(1, count // 3))
    return {
        "objects": objects,
        "cycles": chance.randint(1, min(3, count // objects)),
        "every": chance.choice(("5s", "30s", "60s")),
        "victims": chance.choice(("random", "oldest", "newest")),
    }
