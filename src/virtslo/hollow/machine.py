"""What a node's kubelet and virt-handler share: the machine they run on.

Invariant: nothing of it goes over the API; a launcher that ends is seen by the kubelet alone.
"""

from collections.abc import Callable


class Machine:
    """One node's machine."""

    def __init__(self) -> None:
        self._when_ended: Callable[[str], None] | None = None

    def when_launcher_ends(self, ended: Callable[[str], None]) -> None:
        """Tell the kubelet, by the pod's uid; a kubelet started again takes over."""
        self._when_ended = ended

    def end_launcher(self, pod_uid: str) -> None:
        """The launcher of a pod ends by itself: its domain has gone to another node."""
        if self._when_ended is not None:
            self._when_ended(pod_uid)
