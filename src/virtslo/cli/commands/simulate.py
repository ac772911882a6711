"""`virtslo simulate`: the simulated cluster on loopback, for kubectl and other tools."""

import asyncio
import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import click

from virtslo.base.bounded_files import UnreadableFile, open_to_append
from virtslo.base.errors import Problem, ScenarioError, StoreError
from virtslo.cli.options import SEEDS, TargetOptions, settings_option
from virtslo.cli.printing import say

LONGEST_AGE: Final = 8760 * 3600.0
"""A year, seconds."""


@click.command("simulate")
@click.option(
    "--kubeconfig",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("simulated.kubeconfig"),
    show_default=True,
    help="Path of the kubeconfig to write.",
)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help="Port to listen on; 0: a free port."
)
@click.option(
    "--profile", default="instant", show_default=True, help="Timing profile, or path to one."
)
@click.option("--nodes", type=click.IntRange(1, 20_000), help="Number of hollow nodes.")
@click.option("--seed", type=SEEDS, default=1, show_default=True, help="Random seed.")
@click.option(
    "--fault", "faults", multiple=True, metavar="NAME[:KEY=VALUE,...]", help="Fault to inject."
)
@settings_option
@click.option(
    "--event-ttl",
    default="1h",
    show_default=True,
    metavar="DURATION",
    help="Time that events are kept after their last write, as kube-apiserver has it.",
)
@click.option(
    "--etcd-compaction-interval",
    "compaction",
    default="5m",
    show_default=True,
    metavar="DURATION",
    help="Age at which old versions may be forgotten, as kube-apiserver has it.",
)
@click.option(
    "--audit-log",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write an audit log in the real format.",
)
def command(
    *,
    kubeconfig: Path,
    port: int,
    profile: str,
    nodes: int | None,
    seed: int,
    faults: tuple[str, ...],
    settings: tuple[str, ...],
    event_ttl: str,
    compaction: str,
    audit_log: Path | None,
) -> int:
    """Serve the simulated cluster on loopback until Ctrl-C, with a kubeconfig for kubectl.

    \b
    virtslo simulate --kubeconfig /tmp/sim.kubeconfig &
    kubectl --kubeconfig /tmp/sim.kubeconfig get nodes
    """
    from virtslo.cli.targets import refuse_stages, simulated_target

    options = TargetOptions(profile=profile, nodes=nodes, faults=faults, settings=settings)
    target = simulated_target(options, seed=seed, count=0, option="--profile")
    refuse_stages(faults)
    ages = _ages({"--event-ttl": event_ttl, "--etcd-compaction-interval": compaction})
    try:
        with _opened(audit_log) as write:
            asyncio.run(
                _serve(target, kubeconfig=kubeconfig, port=port, audit_log=write, ages=ages)
            )
    except KeyboardInterrupt:
        say("stopped", err=True)
    return 0


async def _serve(
    target: Any,
    *,
    kubeconfig: Path,
    port: int,
    audit_log: Callable[[bytes], None] | None,
    ages: tuple[float, float],
) -> None:
    from virtslo.base.clock import SystemClock
    from virtslo.cli.signals import heeded
    from virtslo.cli.targets import describe_simulated
    from virtslo.cli.wiring import served_cluster

    async with served_cluster(
        target,
        clock=SystemClock(),
        port=port,
        kubeconfig=kubeconfig,
        audit_log=audit_log,
        ages=ages,
    ) as url:
        say(f"serving {describe_simulated(target)} at {url}")
        say(f"  kubectl --kubeconfig {kubeconfig} get nodes")
        say("  Ctrl-C ends it")
        stop = asyncio.Event()
        for number in heeded():
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await stop.wait()
    say("stopped", err=True)


def _ages(texts: Mapping[str, str]) -> tuple[float, float]:
    """Seconds of each option. Raises ScenarioError with every problem."""
    from virtslo.cli.durations import read_duration

    problems: list[Problem] = []
    event_ttl, compaction = (
        read_duration(option, text, problems, least=1.0, most=LONGEST_AGE)
        for option, text in texts.items()
    )
    if problems:
        raise ScenarioError("command line", problems)
    return event_ttl, compaction


@contextmanager
def _opened(path: Path | None) -> Iterator[Callable[[bytes], None] | None]:
    if path is None:
        yield None
        return
    try:
        log = open_to_append(path)
    except UnreadableFile as error:
        words = f"cannot write {str(path)!r}: {error.found}"
        raise StoreError(words) from None
    with io.BufferedWriter(log) as file:

        def write(line: bytes) -> None:
            file.write(line)

        yield write
