"""What a node's kubelet and virt-handler share: the machine they run on.

Invariant: nothing of it goes over the API; a launcher that ends is seen by the kubelet alone, and
none ends before its domain, nor, within its pod's grace, before virt-handler has written that end.
That is a simplification: the real launcher waits for some seconds until virt-handler has its last
notice, which virt-handler then writes.
"""

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress

from virtslo.client.latch import Latch


class Machine:
    """One node's machine."""

    def __init__(self) -> None:
        self._when_ended: Callable[[str], None] | None = None
        self._shutting_down: dict[str, _ShuttingDown] = {}
        """By the VMI's uid."""

    def when_launcher_ends(self, ended: Callable[[str], None]) -> None:
        """Tell the kubelet, by the pod's uid; a kubelet started again takes over."""
        self._when_ended = ended

    def end_launcher(self, pod_uid: str) -> None:
        """The launcher of a pod ends by itself: its domain has gone to another node."""
        if self._when_ended is not None:
            self._when_ended(pod_uid)

    def shutting_down(self, vmi_uid: str) -> AbstractContextManager[None]:
        """For as long as a VMI's domain shuts down and its end is not yet reported."""
        return _ShuttingDown(self._shutting_down, vmi_uid)

    async def domain_down(self, vmi_uid: str, seconds: float) -> None:
        """Return when no domain shuts down here and its end is reported, or at the deadline."""
        domain = self._shutting_down.get(vmi_uid)
        if domain is None:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await domain.is_down.wait()


class _ShuttingDown:
    """A domain that shuts down. No generator and no event: all VMIs of a run end at one time."""

    __slots__ = ("_domains", "_vmi_uid", "is_down")

    def __init__(self, domains: "dict[str, _ShuttingDown]", vmi_uid: str) -> None:
        self._domains = domains
        self._vmi_uid = vmi_uid
        self.is_down = Latch()

    def __enter__(self) -> None:
        self._domains[self._vmi_uid] = self

    def __exit__(self, *failure: object) -> None:
        if self._domains.get(self._vmi_uid) is self:
            del self._domains[self._vmi_uid]
        self.is_down.set()
