"""What a VMI says of its network: behind masquerade it has the address of its pod. Pure."""

from collections.abc import Mapping
from typing import Any

from virtslo.hollow.node.pod_network import PodNetwork, mac_of
from virtslo.model.identifiers import Object


def with_address(status: Mapping[str, Any], network: PodNetwork, node: str) -> dict[str, Any]:
    """The status with the address of the VMI's pod on a node; as it was where there is no pod."""
    address = _address_on(status, network, node)
    interfaces = status.get("interfaces") or [{"name": "default"}]
    if address is None:
        return dict(status)
    first = {
        **interfaces[0],
        "infoSource": "domain",
        "ipAddress": address,
        "ipAddresses": [address],
        "linkState": "up",
        "mac": mac_of(address),
        "queueCount": 1,
    }
    return {**status, "interfaces": [first, *interfaces[1:]]}


def _address_on(status: Mapping[str, Any], network: PodNetwork, node: str) -> str | None:
    pods: Object = status.get("activePods") or {}
    for uid, place in pods.items():
        if place == node and (address := network.address_of(uid)) is not None:
            return address
    return None
