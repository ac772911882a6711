"""The addresses of pods: each node has a range of its own, each pod an address of its node's range.

Invariant: no two pods have one address at the same time; the same pods in the same order get the
same addresses. A range is gone through in turn, as CNI's host-local does, so that an address is
not given again at once.
"""

import ipaddress
from collections.abc import Iterable, Sequence
from typing import Final

FIRST: Final = int(ipaddress.IPv4Address("10.128.0.0"))
LONGEST_PREFIX: Final = 24
"""A node's range as kube-controller-manager cuts it by default, unless its pods need more."""
RESERVED: Final = 2
"""The network's own address, and the bridge's."""


class PodNetwork:
    """The ranges of every node, and who has which address."""

    def __init__(self, nodes: Sequence[str], *, pods_per_node: int) -> None:
        bits = max(32 - LONGEST_PREFIX, (pods_per_node + RESERVED).bit_length())
        self._size = 1 << bits
        self._prefix = 32 - bits
        self._ranges = {
            node: _Range(FIRST + index * self._size, self._size) for index, node in enumerate(nodes)
        }
        self._addresses: dict[str, tuple[str, int]] = {}

    def range_of(self, node: str) -> str:
        """A node's range, as `spec.podCIDR` says it."""
        return f"{_dotted(self._ranges[node].first)}/{self._prefix}"

    def assign(self, node: str, pod: str, living: Iterable[str] = ()) -> str:
        """The address of a pod on a node, the one it has if it has one.

        `living` is looked at when the range is used up: what is not in it has no address any more.
        """
        known = self._addresses.get(pod)
        if known is None:
            pool = self._ranges[node]
            address = pool.take()
            if address is None:
                self._forget_dead(node, frozenset(living))
                address = pool.take()
            if address is None:
                raise ValueError(f"{node}: every address of {self.range_of(node)} is in use")
            known = self._addresses[pod] = (node, address)
        return _dotted(known[1])

    def release(self, pod: str) -> None:
        """The pod is gone."""
        known = self._addresses.pop(pod, None)
        if known is not None:
            self._ranges[known[0]].give_back(known[1])

    def address_of(self, pod: str) -> str | None:
        """The address of a pod; None if it has none."""
        known = self._addresses.get(pod)
        return None if known is None else _dotted(known[1])

    def _forget_dead(self, node: str, living: frozenset[str]) -> None:
        for pod in [pod for pod, (owner, _) in self._addresses.items() if owner == node]:
            if pod not in living:
                self.release(pod)


class _Range:
    """The addresses of one node."""

    def __init__(self, first: int, size: int) -> None:
        self.first = first
        self._size = size
        self._next = RESERVED
        self._used: dict[int, None] = {}

    def take(self) -> int | None:
        """The next address that is free; None if there is none."""
        for _ in range(self._size):
            address = self.first + self._next
            self._next = self._next + 1 if self._next + 2 < self._size else RESERVED
            if address not in self._used:
                self._used[address] = None
                return address
        return None

    def give_back(self, address: int) -> None:
        """An address is free again."""
        self._used.pop(address, None)


def _dotted(address: int) -> str:
    """An address as it is written."""
    return f"{address >> 24}.{address >> 16 & 255}.{address >> 8 & 255}.{address & 255}"


def mac_of(address: str) -> str:
    """The hardware address of a pod's interface, made from its address as OVN makes it."""
    return f"0a:58:{bytes(map(int, address.split('.'))).hex(':')}"
