"""What the processes of one hollow node share.

Invariant: a kubelet, a virt-handler and a migration agent with one host act on one node: the same
launchers and domains, the same addresses.
"""

from dataclasses import dataclass

from virtslo.hollow.node.machine import Machine
from virtslo.hollow.node.pod_network import PodNetwork
from virtslo.hollow.process.delays import Delays


@dataclass(frozen=True, slots=True)
class Host:
    """A node's name and address, what runs on it, and how long its steps take."""

    name: str
    address: str
    machine: Machine
    network: PodNetwork
    delays: Delays
