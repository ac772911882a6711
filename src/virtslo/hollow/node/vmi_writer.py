"""How virt-handler writes a VMI: on the newest object it knows, again on a newer one if refused.

Invariant: a write is given up only when the VMI is gone.
"""

from collections.abc import Callable
from typing import Final

from virtslo.base.clock import NANOSECONDS_PER_SECOND
from virtslo.base.errors import ClusterError, Conflict, NotFound
from virtslo.hollow.client_go.cache import Cache, key_of
from virtslo.hollow.process.component import Component
from virtslo.hollow.process.delays import Delays
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes import resources

FIRST_RETRY_NS: Final = 5_000_000
LONGEST_RETRY_NS: Final = 5_000_000_000

Change = Callable[[Object], Object]


class VmiWriter:
    """Writes VMIs that a cache knows."""

    def __init__(self, component: Component, vmis: Cache, delays: Delays) -> None:
        self._component = component
        self._vmis = vmis
        self._delays = delays

    async def write(self, vmi: Object, change: Change) -> bool:
        """PUT the newest known VMI, if the change makes it another; whether it is still there.

        The VMI is read when work on it begins: a write by another client meanwhile is a conflict.
        """
        uid, key = vmi["metadata"]["uid"], key_of(vmi)
        clock = self._component.clock
        delay_ns = FIRST_RETRY_NS
        while True:
            async with self._delays.turn():
                current = self._vmis.get(key)
                if current is None or current["metadata"]["uid"] != uid:
                    return False
                changed = change(current)
            if changed is current:
                return True
            try:
                await self._component.api.update(resources.VMIS, changed)
            except NotFound:
                return False
            except Conflict:
                pass
            except ClusterError:
                delay_ns = max(delay_ns, NANOSECONDS_PER_SECOND)
            else:
                return True
            await clock.sleep_until(clock.now_ns() + delay_ns)
            delay_ns = min(LONGEST_RETRY_NS, delay_ns * 2)
