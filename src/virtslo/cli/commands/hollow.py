"""`virtslo hollow`: hollow nodes and a hollow KubeVirt on a real API server."""

import asyncio
import sys
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import click

from virtslo.base.errors import ClusterError, Problem, ScenarioError
from virtslo.cli.options import SEEDS, TargetOptions, target_options
from virtslo.cli.printing import say

if TYPE_CHECKING:
    from virtslo.cli.wiring import RealTarget


@dataclass(frozen=True, slots=True)
class HollowOptions:
    """The options of `virtslo hollow` but for its target."""

    nodes: int
    cpu: str
    memory: str
    pods: int
    profile: str
    seed: int
    install_crds: bool
    remove: bool
    yes: bool

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "HollowOptions":
        """Options as click passes them."""
        return cls(**{field.name: values[field.name] for field in fields(cls)})


@click.command("hollow")
@target_options
@click.option(
    "--nodes", type=click.IntRange(1, 5000), default=10, show_default=True, help="Number of nodes."
)
@click.option("--cpu", default="32", show_default=True, help="CPUs of each node.")
@click.option("--memory", default="256Gi", show_default=True, help="Memory of each node.")
@click.option(
    "--pods",
    type=click.IntRange(1, 10_000),
    default=110,
    show_default=True,
    help="Pod capacity of each node.",
)
@click.option("--profile", default="instant", show_default=True, help="Timing profile.")
@click.option("--seed", type=SEEDS, default=1, show_default=True, help="Random seed.")
@click.option(
    "--install-crds", is_flag=True, help="Install KubeVirt's CustomResourceDefinitions first."
)
@click.option("--remove", is_flag=True, help="Remove what an earlier call created, and exit.")
@click.option("--yes", is_flag=True, help="Change the cluster without asking.")
def command(**values: Any) -> int:
    """Run hollow KubeVirt controllers and nodes against a real API server, until Ctrl-C.

    Measures an API server at scale without virtual machines: hollow kubelets, virt-handlers and a
    hollow virt-controller make the same calls as the real ones; scheduler and controller manager
    are the cluster's own. A cluster with KubeVirt installed is refused. Everything that was
    created is removed at the end.

    \b
    virtslo hollow --context empty --nodes 100 --install-crds &
    virtslo run burst --count 1000 --context empty
    """
    from virtslo.cli.targets import real_target

    options = HollowOptions.of(values)
    target = real_target(TargetOptions.of_real(values))
    if target is None:
        problem = Problem("--context, --kubeconfig, --in-cluster", "none of them", "a cluster")
        raise ScenarioError("command line", [problem])
    _agree(target, options)
    left = asyncio.run(_remove(target) if options.remove else _play(target, options))
    if left:
        raise ClusterError(
            "could not remove: " + ", ".join(left), hint="later: virtslo hollow --remove"
        )
    say("removed: nothing of it is left", err=True)
    return 0


def _agree(target: "RealTarget", options: HollowOptions) -> None:
    """Show what will be done to which cluster, and ask. Raises click.Abort on no."""
    from virtslo.cli.targets import require_agreement
    from virtslo.cli.wiring import describe_target

    require_agreement(is_agreed=options.yes)
    say(f"target: {describe_target(target)}", err=True)
    if options.remove:
        say("this will remove hollow nodes and a hollow KubeVirt, if they are ours", err=True)
    else:
        defined = ", definitions of its resources" if options.install_crds else ""
        say(f"this will create {options.nodes} nodes and a KubeVirt{defined}", err=True)
    if not options.yes:
        click.confirm("go on?", abort=True, err=True)


async def _remove(target: "RealTarget") -> tuple[str, ...]:
    from virtslo.app.cluster.hollow_cluster import remove
    from virtslo.base.clock import SystemClock
    from virtslo.cli.wiring import open_cluster

    clock = SystemClock()
    async with open_cluster(target, clock) as api:
        return await remove(api, clock, _tell)


async def _play(target: "RealTarget", options: HollowOptions) -> tuple[str, ...]:
    from virtslo.app.cluster.hollow_cluster import install, remove, require_no_kubevirt
    from virtslo.base.clock import SystemClock
    from virtslo.cli.signals import heeded
    from virtslo.cli.wiring import attached_parts, hollow_profile, open_cluster

    clock = SystemClock()
    profile = hollow_profile(
        options.profile, cpu=options.cpu, memory=options.memory, pods=options.pods
    )
    stop = asyncio.Event()
    for number in heeded():
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with open_cluster(target, clock) as api:
        await require_no_kubevirt(api)
        try:
            await install(
                api,
                clock,
                profile,
                nodes=options.nodes,
                seed=options.seed,
                install_definitions=options.install_crds,
                tell=_tell,
            )
            async with attached_parts(
                target, clock, profile, nodes=options.nodes, seed=options.seed
            ):
                say("playing; Ctrl-C ends it and removes everything", err=True)
                sys.stderr.flush()
                await stop.wait()
        finally:
            left = await remove(api, clock, _tell)
    return left


def _tell(text: str) -> None:
    say(f"  {text}", err=True)
