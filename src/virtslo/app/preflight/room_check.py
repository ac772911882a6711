"""Whether a cluster has room for a scenario's VMIs: its nodes, and the quotas of namespaces.

Invariant: what is counted as room is an upper bound, so that "no room" is certain and "room" is
not; what pods of others hold is taken off.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from virtslo.app.cluster.environment import PAGE, is_schedulable, read_nodes
from virtslo.app.preflight.checks import Check, failed, ok, unknown
from virtslo.base.errors import ApiError
from virtslo.base.units import parse_quantity
from virtslo.model import resources
from virtslo.model.identifiers import Object
from virtslo.model.resources import Resource
from virtslo.ports.kube_api import KubeApi, Selection

QUOTAS: Final = Resource("", "v1", "resourcequotas", "ResourceQuota")
KVM: Final = "devices.kubevirt.io/kvm"
NAME: Final = "room on the nodes"
_OVER: Final = frozenset({"Succeeded", "Failed"})


@dataclass(frozen=True, slots=True)
class Room:
    """How many VMIs the nodes can hold, by what would run out."""

    by: Mapping[str, int]

    @property
    def total(self) -> int:
        """How many at most."""
        return min(self.by.values(), default=0)

    def __str__(self) -> str:
        return ", ".join(f"{count} by {name}" for name, count in self.by.items())


async def check_room(api: KubeApi, count: int, memory_bytes: float) -> Check:
    """Whether `count` VMIs of this much memory each can run at once."""
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
        pods = await _list_all(api, resources.PODS)
    except ApiError as error:
        return unknown(NAME, f"pods cannot be listed: {error.message}")
    room = room_of(usable, pods, memory_bytes)
    if room.total < count:
        return failed(
            NAME,
            f"{count} VMIs are wanted, {len(usable)} nodes hold at most {room.total} more ({room})",
            f"--count {room.total} at most, or more nodes"
            if room.total
            else "add nodes, or remove what fills them",
        )
    return ok(NAME, f"at most {room.total} more VMIs on {len(usable)} nodes ({room})")


def room_of(nodes: Sequence[Object], pods: Sequence[Object], memory_bytes: float) -> Room:
    """How many more VMIs fit, node by node, each by pods, KVM devices and memory."""
    held, memory = _held(pods)
    by = {"pods": 0, "KVM devices": 0}
    if memory_bytes > 0:
        by["memory"] = 0
    for node in nodes:
        name = node["metadata"]["name"]
        has = node.get("status", {}).get("allocatable", {})
        by["pods"] += max(0, int(_number(has, "pods")) - held[name])
        by["KVM devices"] += max(0, int(_number(has, KVM)))
        if memory_bytes > 0:
            left = _number(has, "memory") - memory[name]
            by["memory"] += max(0, int(left // memory_bytes))
    return Room(by)


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
                left = parse_quantity(hard) - _number(status.get("used", {}), key)
                if left < share:
                    tight.append(f"{namespace}: {key} leaves {left:g}, {share} are wanted")
    if tight:
        return failed(name, "; ".join(tight), "raise the quota, or use fewer objects")
    return None


async def _list_all(api: KubeApi, resource: Resource) -> list[Object]:
    items: list[Object] = []
    token: str | None = None
    while True:
        page = await api.list_objects(resource, limit=PAGE, continue_token=token)
        items += page.items
        token = page.continue_token
        if not token:
            return items


def _held(pods: Sequence[Object]) -> tuple[Counter[str], Counter[str]]:
    """How many pods each node holds, and how many bytes of memory they ask for."""
    held: Counter[str] = Counter()
    memory: Counter[str] = Counter()
    for pod in pods:
        node = pod["spec"].get("nodeName")
        if node is None or pod.get("status", {}).get("phase") in _OVER:
            continue
        held[node] += 1
        for container in pod["spec"].get("containers", ()):
            requests = (container.get("resources") or {}).get("requests") or {}
            memory[node] += int(_number(requests, "memory"))
    return held, memory


def _number(quantities: Mapping[str, Any], key: str) -> float:
    value = quantities.get(key)
    return 0.0 if value is None else parse_quantity(str(value))
