"""A real control plane for the length of one virtslo command, whose output is shown.

`python -m control_plane.measure real run suite --count 100`, with `tests` and `src` on PYTHONPATH.
`real` is KubeVirt's own virt-api and virt-controller with hollow nodes, `hollow` what
`virtslo hollow` plays. Invariant: the command runs as the service account of the shipped manifests;
what it wrote is kept in the working folder, everything else is gone afterwards.
"""

import asyncio
import os
import sys
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

import click

from control_plane.binaries import missing, programs
from control_plane.clusters import hollow, labelled, real
from control_plane.commands import account
from virtslo.plane.control_plane import ControlPlane

CONTEXT = ("--context", "real", "--yes")


async def measure(plane: ControlPlane, kind: str, nodes: int, arguments: tuple[str, ...]) -> int:
    """Run the command on a cluster; returns its exit code."""
    await plane.start()
    async with AsyncExitStack() as stack:
        if kind == "real":
            await stack.enter_async_context(real(plane, nodes=nodes))
        else:
            await stack.enter_async_context(hollow(plane, nodes=nodes))
        kubeconfig = await account(plane, counters=kind == "real")
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "virtslo", *arguments),
            *("--kubeconfig", str(kubeconfig), *CONTEXT),
            env={**os.environ, "NO_COLOR": "1"},
        )
        code = await process.wait()
        async with plane.admin() as api:
            left = await labelled(api)
        click.echo(f"left on the cluster: {', '.join(left) or 'nothing'}", err=True)
    return code


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("kind", type=click.Choice(["real", "hollow"]))
@click.option("--hollow-nodes", "nodes", default=10, help="How many hollow nodes.")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, required=True)
def main(kind: str, nodes: int, arguments: tuple[str, ...]) -> None:
    """Run one virtslo command on a real control plane."""
    if lacking := missing():
        raise click.ClickException(f"not built: {', '.join(lacking)}; run make control-plane")
    with tempfile.TemporaryDirectory(prefix="plane-") as folder:
        plane = ControlPlane(Path(folder), programs())
        try:
            code = asyncio.run(measure(plane, kind, nodes, arguments))
        finally:
            plane.stop()
    sys.exit(code)


if __name__ == "__main__":
    main()
