"""`virtslo plane up`: a plane, until Ctrl-C or `virtslo plane down`.

Invariant: whatever ends it, nothing that it started is left: no process, no key, no folder.
"""

import asyncio
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any, Final

import click

from virtslo.base.errors import ClusterError, Problem, ScenarioError
from virtslo.cli.plane.options import CONTEXT, PlaneOptions, plane_options, spec_of
from virtslo.cli.printing import say

if TYPE_CHECKING:
    from pathlib import Path

    from virtslo.plane.running import PlaneSpec, RunningPlane

POLL_SECONDS: Final = 0.2
SHOWN_LINES: Final = 25


@click.command("up")
@plane_options
@click.option("--port", type=click.IntRange(1024, 65535),
              help="Port of the API server (default: a free one).")  # fmt: skip
@click.option("--name", default="default", show_default=True, help="Name of the plane.")
@click.option("--detach", is_flag=True, help="Return when it is ready; it goes on.")
def command(name: str, detach: bool, port: int | None, **options: Any) -> int:
    """Bring a plane up, in about ten seconds, until Ctrl-C, which removes everything.

    Programs are looked for in --virt-controller and --virt-api, --kubevirt, --bin,
    KUBEBUILDER_ASSETS, PATH, and where make control-plane built them.

    \b
    virtslo plane up --kubevirt ~/src/kubevirt --gate Snapshot
    virtslo plane up --config virtualMachineInstancesPerNode=200 --nodes 100
    """
    from virtslo.plane.processes import is_free
    from virtslo.plane.state import held, holder_of

    if holder_of(name) is not None:
        with held(name):  # says that it is up
            pass
    if port is not None and not is_free(port):
        problem = Problem("--port", f"{port}, which is in use", "a port that nothing listens on")
        raise ScenarioError("command line", [problem])
    spec = spec_of(PlaneOptions.of(options), _tell, port=port)
    if detach:
        return _detach(name)
    with held(name) as folder:
        asyncio.run(_until_stopped(name, folder, spec))
    _tell(f"plane {name}: ended, nothing of it is left")
    return 0


async def _until_stopped(name: str, folder: "Path", spec: "PlaneSpec") -> None:
    """Run a plane until a signal asks for its end."""
    from virtslo.cli.signals import heeded

    task = asyncio.current_task()
    assert task is not None
    for number in heeded():
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    try:
        await _play(name, folder, spec)
    except asyncio.CancelledError:
        task.uncancel()


async def _play(name: str, folder: "Path", spec: "PlaneSpec") -> None:
    from virtslo.base.clock import SystemClock, timestamp
    from virtslo.plane.running import running_plane
    from virtslo.plane.state import PlaneFacts, write_facts

    async with running_plane(folder, spec, _tell) as plane:
        facts = PlaneFacts(
            name=name,
            pid=os.getpid(),
            url=plane.control_plane.url,
            kubeconfig=str(plane.kubeconfig),
            context=CONTEXT,
            audit_log=str(plane.audit_log),
            version=plane.version,
            nodes=spec.nodes,
            started_at=timestamp(SystemClock().wall()),
            processes=dict(plane.pids),
        )
        write_facts(folder, facts)
        _tell_ready(name, plane)
        await asyncio.get_running_loop().create_future()


def _tell_ready(name: str, plane: "RunningPlane") -> None:
    option = "" if name == "default" else f" {name}"
    say(
        f"ready. In another terminal:\n"
        f"  virtslo run burst --plane{option}\n"
        f"  kubectl --kubeconfig {plane.kubeconfig} get nodes\n"
        f"Ctrl-C ends it and removes everything",
        err=True,
        lines=True,
    )


def _detach(name: str) -> int:
    """Start this command again in the background, and wait until it is ready."""
    from virtslo.plane.state import facts_of, log_of

    arguments = [each for each in sys.argv[1:] if each != "--detach"]
    log = log_of(name)
    log.touch(mode=0o600)
    with log.open("wb") as out:
        process = subprocess.Popen(  # noqa: S603  this command again, without a shell
            [sys.executable, "-m", "virtslo", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    while (facts := facts_of(name)) is None:
        if process.poll() is not None:
            words = "\n".join(log.read_text(errors="replace").splitlines()[-SHOWN_LINES:])
            raise ClusterError(f"the plane {name!r} did not come up:\n{words}")
        time.sleep(POLL_SECONDS)
    option = "" if name == "default" else f" --name {name}"
    say(f"plane {name}: KubeVirt {facts.version} at {facts.url}", err=True)
    say(f"  virtslo plane down{option} ends it; its log: {log}", err=True)
    return 0


def _tell(text: str) -> None:
    say(text, err=True, lines=True)
    sys.stderr.flush()
