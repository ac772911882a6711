"""What a node's kubelet and virt-handler share: the machine they run on.

Invariant: nothing of it goes over the API; a launcher that ends is seen by the kubelet alone, and
none ends before its domain, nor, within its pod's grace, before virt-handler has written that end.
That is a simplification: the real launcher waits for some seconds until virt-handler has its last
notice, which virt-handler then writes.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress


class Machine:
    """One node's machine."""

    def __init__(self) -> None:
        self._when_ended: Callable[[str], None] | None = None
        self._shutting_down: dict[str, asyncio.Event] = {}

    def when_launcher_ends(self, ended: Callable[[str], None]) -> None:
        """Tell the kubelet, by the pod's uid; a kubelet started again takes over."""
        self._when_ended = ended

    def end_launcher(self, pod_uid: str) -> None:
        """The launcher of a pod ends by itself: its domain has gone to another node."""
        if self._when_ended is not None:
            self._when_ended(pod_uid)

    @contextmanager
    def shutting_down(self, vmi_uid: str) -> Iterator[None]:
        """For as long as a VMI's domain shuts down and its end is not yet reported."""
        down = self._shutting_down[vmi_uid] = asyncio.Event()
        try:
            yield
        finally:
            if self._shutting_down.get(vmi_uid) is down:
                del self._shutting_down[vmi_uid]
            down.set()

    async def domain_down(self, vmi_uid: str, seconds: float) -> None:
        """Return when no domain shuts down here and its end is reported, or at the deadline."""
        down = self._shutting_down.get(vmi_uid)
        if down is None:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await down.wait()
