"""Whether a cluster has room for a scenario's VMIs: its nodes, and the quotas of namespaces.

Invariant: what is counted as room is an upper bound, so that "no room" is certain and "room" is
not; what pods of others hold is taken off.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from virtslo.app.cluster.environment import is_schedulable, read_nodes
from virtslo.app.preflight.checks import Check, failed, ok, unknown
from virtslo.base.errors import ApiError
from virtslo.base.quantity import NANO, Quantity, read_quantity
from virtslo.client.paging import list_all
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes import resources
from virtslo.model.kubernetes.pod_requests import node_amounts, pod_requests
from virtslo.model.kubernetes.resources import Resource
from virtslo.ports.kube_api import KubeApi, Selection

QUOTAS: Final = Resource("", "v1", "resourcequotas", "ResourceQuota")
KVM: Final = "devices.kubevirt.io/kvm"
NAME: Final = "room on the nodes"
MOST_NAMED: Final = 3
"""Objects that could not be read which a message names."""
_OVER: Final = frozenset({"Succeeded", "Failed"})


@dataclass(frozen=True, slots=True)
class Room:
    """How many VMIs the nodes can hold, by what would run out."""

    by: Mapping[str, int]
    unread: tuple[str, ...] = ()
    """Nodes and pods that could not be read, and why; they are not counted."""

    @property
    def total(self) -> int:
        """How many at most."""
        return min(self.by.values(), default=0)

    def __str__(self) -> str:
        return ", ".join(f"{count} by {name}" for name, count in self.by.items())


async def check_room(api: KubeApi, count: int, memory_bytes: int | None) -> Check:
    """Whether `count` VMIs of this much memory each (None: not known) can run at once."""
    nodes = await read_nodes(api)
    if nodes is None:
        return unknown(NAME, "nodes may not be listed")
    usable = [node for node in nodes if is_schedulable(node)]
    if not usable:
        return failed(
            NAME,
            f"none of {len(nodes)} nodes takes VMIs",
            "a node needs the label kubevirt.io/schedulable=true, set by its virt-handler",
        )
    try:
        pods = await list_all(api, resources.PODS)
    except ApiError as error:
        return unknown(NAME, f"pods cannot be listed: {error.message}")
    room = room_of(usable, pods, memory_bytes)
    unread = f"; not counted: {_some(room.unread)}" if room.unread else ""
    if room.total < count:
        return failed(
            NAME,
            f"{count} VMIs are wanted, {len(usable)} nodes hold at most {room.total} more ({room})"
            f"{unread}",
            f"--count {room.total} at most, or more nodes"
            if room.total
            else "add nodes, or remove what fills them",
        )
    return ok(NAME, f"at most {room.total} more VMIs on {len(usable)} nodes ({room}){unread}")


def room_of(nodes: Sequence[Object], pods: Sequence[Object], memory_bytes: int | None) -> Room:
    """How many more VMIs fit, node by node, each by pods, KVM devices and memory."""
    unread: list[str] = []
    held, memory = _held(pods, unread)
    by = {"pods": 0, "KVM devices": 0}
    if memory_bytes:
        by["memory"] = 0
    for node in nodes:
        name = node["metadata"]["name"]
        try:
            has = node_amounts(node.get("status", {}).get("allocatable"), "status.allocatable")
        except ValueError as error:
            unread.append(f"node {name}: {error}")
            continue
        by["pods"] += max(0, has.get("pods", 0) - held[name])
        by["KVM devices"] += max(0, has.get(KVM, 0))
        if memory_bytes:
            by["memory"] += max(0, (has.get("memory", 0) - memory[name]) // memory_bytes)
    return Room(by, tuple(unread))


async def check_quotas(api: KubeApi, namespaces: Sequence[str], count: int) -> Check | None:
    """Whether quotas of namespaces that exist leave room; None where there are none."""
    name = "quotas"
    share = -(-count // max(1, len(namespaces)))
    tight: list[str] = []
    for namespace in namespaces:
        try:
            found = await api.list_objects(QUOTAS, Selection(namespace=namespace))
        except ApiError as error:
            return unknown(name, f"quotas cannot be read: {error.message}")
        for quota in found.items:
            status = quota.get("status", {})
            for key in ("pods", "count/pods"):
                hard = status.get("hard", {}).get(key)
                if hard is None:
                    continue
                try:
                    left = read_quantity(hard) - read_quantity(status.get("used", {}).get(key))
                except ValueError as error:
                    return unknown(name, f"quota {namespace}/{key}: expected {error}")
                if left < Quantity(share * NANO):
                    tight.append(f"{namespace}: {key} leaves {float(left):g}, {share} are wanted")
    if tight:
        return failed(name, "; ".join(tight), "raise the quota, or use fewer objects")
    return None


def _held(pods: Sequence[Object], unread: list[str]) -> tuple[Counter[str], Counter[str]]:
    """How many pods each node holds, and how many bytes of memory they ask for.

    A pod whose quantities cannot be read is held, and added to `unread`.
    """
    held: Counter[str] = Counter()
    memory: Counter[str] = Counter()
    for pod in pods:
        node = pod["spec"].get("nodeName")
        if node is None or pod.get("status", {}).get("phase") in _OVER:
            continue
        held[node] += 1
        try:
            memory[node] += pod_requests(pod["spec"]).get("memory", 0)
        except ValueError as error:
            unread.append(f"pod {_place(pod)}: {error}")
    return held, memory


def _some(unread: Sequence[str]) -> str:
    """The first few, and how many more."""
    more = f" and {len(unread) - MOST_NAMED} more" if len(unread) > MOST_NAMED else ""
    return "; ".join(unread[:MOST_NAMED]) + more


def _place(target: Object) -> str:
    metadata = target["metadata"]
    return f"{metadata.get('namespace', '')}/{metadata.get('name', '')}"
