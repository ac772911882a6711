"""The machine and cluster around a run: nodes that are not ready, a clock that jumps.

Invariant: nodes are looked at before the first stage and after the last, and a look that failed is
reported, never taken for "all ready"; the machine's date is held against the monotonic clock at
every rest, and never used for a duration.
"""

from dataclasses import dataclass
from typing import Final

from virtslo.app.cluster.environment import read_nodes
from virtslo.base.clock import Clock, to_seconds
from virtslo.base.errors import ClusterError
from virtslo.model.identifiers import Object
from virtslo.model.run.findings import ALL_FIGURES, Finding
from virtslo.ports.kube_api import KubeApi

JUMP_SECONDS: Final = 1.0
"""How far the date may drift from the monotonic clock between two rests."""
NAMED: Final = 5
NOT_READY: Final = "nodes_not_ready"
NOT_READ: Final = "nodes_not_read"
NOT_PERMITTED: Final = "listing them is not permitted"


@dataclass(frozen=True, slots=True)
class Look:
    """One look at the nodes: the names of those that are not ready, or why nothing was seen."""

    unready: tuple[str, ...] = ()
    failure: str = ""


class Surroundings:
    """Looks around before, between and after the stages."""

    def __init__(self, api: KubeApi, clock: Clock) -> None:
        self._api = api
        self._clock = clock
        self._offset = self._measure()
        self._before = Look()
        self.findings: tuple[Finding, ...] = ()

    async def begin(self) -> None:
        """Before the first stage."""
        self._before = await self._look()
        if self._before.failure:
            self._found(NOT_READ, f"nodes could not be read before the run: {self._before.failure}")
        elif self._before.unready:
            self._found(NOT_READY, f"not ready before the run: {_list(self._before.unready)}")

    def at_rest(self) -> None:
        """Between stages."""
        offset = self._measure()
        jump = offset - self._offset
        self._offset = offset
        if not self._clock.is_virtual and abs(jump) > JUMP_SECONDS:
            self._found(
                "clock_jump",
                f"the machine's date moved {jump:+.1f} s against its monotonic clock: it slept, or "
                "the date was set; a sleep is missing from every duration",
                touches=ALL_FIGURES,
            )

    async def end(self) -> None:
        """After the last stage."""
        after = await self._look()
        if after.failure:
            if after.failure != NOT_PERMITTED or self._before.failure != NOT_PERMITTED:
                self._found(
                    NOT_READ,
                    f"nodes could not be read after the run: {after.failure}; whether any became "
                    "not ready is not known",
                )
            return
        fresh = tuple(name for name in after.unready if name not in self._before.unready)
        if fresh:
            words = f"became not ready during the run: {_list(fresh)}"
            if self._before.failure:
                words = f"not ready after the run, and before it not known: {_list(fresh)}"
            self._found(NOT_READY, words, touches=ALL_FIGURES, inconclusive=True)

    async def _look(self) -> Look:
        try:
            nodes = await read_nodes(self._api)
        except ClusterError as error:
            return Look(failure=error.message)
        if nodes is None:
            return Look(failure=NOT_PERMITTED)
        return Look(tuple(node["metadata"]["name"] for node in nodes if not _is_ready(node)))

    def _found(
        self,
        code: str,
        detail: str,
        *,
        touches: tuple[str, ...] = (),
        inconclusive: bool = False,
    ) -> None:
        self.findings = (
            *self.findings,
            Finding(code=code, detail=detail, touches=touches, inconclusive=inconclusive),
        )

    def _measure(self) -> float:
        return self._clock.wall().timestamp() - to_seconds(self._clock.now_ns())


def _is_ready(node: Object) -> bool:
    conditions = node.get("status", {}).get("conditions", ())
    return any(item.get("type") == "Ready" and item.get("status") == "True" for item in conditions)


def _list(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
