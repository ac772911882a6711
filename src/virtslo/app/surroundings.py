"""What goes on around a run: nodes that are not ready, a clock that jumps.

Invariant: nodes are looked at before the first stage and after the last; the machine's date is held
against the monotonic clock at every rest, and never used for a duration.
"""

from typing import Final

from virtslo.app.environment import read_nodes
from virtslo.base.clock import Clock, to_seconds
from virtslo.base.errors import ClusterError
from virtslo.model.findings import Finding
from virtslo.model.identifiers import Object
from virtslo.ports.kube_api import KubeApi

JUMP_SECONDS: Final = 1.0
"""How far the date may drift from the monotonic clock between two rests."""
NAMED: Final = 5


class Surroundings:
    """Looks around before, between and after the stages."""

    def __init__(self, api: KubeApi, clock: Clock) -> None:
        self._api = api
        self._clock = clock
        self._offset = self._measure()
        self._unready_before: tuple[str, ...] = ()
        self.findings: tuple[Finding, ...] = ()

    async def begin(self) -> None:
        """Before the first stage."""
        self._unready_before = await self._unready()
        if self._unready_before:
            self._found(
                "nodes_not_ready", f"not ready before the run: {_list(self._unready_before)}"
            )

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
                touches=("*",),
            )

    async def end(self) -> None:
        """After the last stage."""
        now = await self._unready()
        fresh = tuple(name for name in now if name not in self._unready_before)
        if fresh:
            words = f"became not ready during the run: {_list(fresh)}"
            self._found("nodes_not_ready", words, touches=("*",), inconclusive=True)

    async def _unready(self) -> tuple[str, ...]:
        try:
            nodes = await read_nodes(self._api)
        except ClusterError:
            return ()
        return tuple(node["metadata"]["name"] for node in nodes or () if not _is_ready(node))

    def _found(
        self,
        code: str,
        detail: str,
        *,
        touches: tuple[str, ...] = (),
        inconclusive: bool = False,
    ) -> None:
        self.findings = (*self.findings, Finding(code, detail, touches, inconclusive))

    def _measure(self) -> float:
        return self._clock.wall().timestamp() - to_seconds(self._clock.now_ns())


def _is_ready(node: Object) -> bool:
    conditions = node.get("status", {}).get("conditions", ())
    return any(item.get("type") == "Ready" and item.get("status") == "True" for item in conditions)


def _list(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
