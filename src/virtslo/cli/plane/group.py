"""`virtslo plane`: the group of its commands, imported when they are called."""

from collections.abc import Mapping
from typing import Final

import click

from virtslo.cli.lazy_group import LazyGroup

COMMANDS: Final[Mapping[str, tuple[str, str]]] = {
    "up": ("virtslo.cli.plane.up", "Bring a plane up."),
    "down": ("virtslo.cli.plane.down", "End a plane and remove everything of it."),
    "status": ("virtslo.cli.plane.status", "List the planes that are up."),
    "kubeconfig": ("virtslo.cli.plane.kubeconfig", "Print the path of a plane's kubeconfig."),
}


@click.group("plane", cls=LazyGroup, modules=COMMANDS)
def command() -> None:
    """Run a real control plane without machines, on loopback.

    etcd, Kubernetes' and KubeVirt's own programs as processes of this machine, with hollow nodes
    that make a kubelet's and a virt-handler's calls: KubeVirt's real controllers, measured without
    a machine that can run virtual machines.

    \b
    virtslo plane up --detach
    virtslo run burst --plane
    virtslo plane down
    """
