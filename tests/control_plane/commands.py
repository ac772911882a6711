"""`virtslo` as a process of its own on a real control plane, and what it left.

Invariant: it runs as the service account of the shipped manifest, with its rights and no more.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from virtslo.plane.control_plane import ControlPlane
from virtslo.plane.installing import apply, token_of

ROOT: Final = Path(__file__).parents[2]
DEPLOY: Final = ROOT / "deploy"


@dataclass(frozen=True, slots=True)
class Shown:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """Standard output as JSON."""
        assert self.out, self.err
        return json.loads(self.out)


OF_A_BUSY_MACHINE: Final = frozenset({"lateness", "watch_lag"})
"""What makes a run inconclusive where the machine, and not the run, is too slow."""


def assert_nothing_but_a_busy_machine(shown: Shown) -> None:
    """A run's report is valid, or doubted for what this machine did to it alone."""
    found = shown.document["data_quality"]
    doubts = {item["code"] for item in found if item["inconclusive"]}
    assert doubts <= OF_A_BUSY_MACHINE, f"{found}\n{shown.err}"
    assert shown.code == (4 if doubts else 0), shown.err
    assert shown.document["valid"] is not bool(doubts)


async def account(plane: ControlPlane, *, counters: bool = False) -> Path:
    """The kubeconfig of the shipped service account; with `counters` it may read those too."""
    files = ["rbac.yaml", *(["rbac-counters.yaml"] if counters else [])]
    async with plane.admin() as api:
        for name in files:
            for item in yaml.safe_load_all((DEPLOY / name).read_text(encoding="utf-8")):
                await apply(api, item)
        token = await token_of(api, "virtslo", "virtslo")
    return plane.write_kubeconfig(plane.folder / "account.yaml", {"token": token})


async def start(kubeconfig: Path, *arguments: str) -> asyncio.subprocess.Process:
    """Start a command on the cluster that a kubeconfig leads to."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "virtslo", *arguments),
        *("--kubeconfig", str(kubeconfig), "--context", "real"),
        cwd=kubeconfig.parent,
        env={**os.environ, "NO_COLOR": "1", "PYTHONPATH": str(ROOT / "src")},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


async def finish(process: asyncio.subprocess.Process) -> Shown:
    """Wait for a command's end."""
    out, err = await process.communicate()
    assert process.returncode is not None
    return Shown(process.returncode, out.decode(), err.decode())


async def virtslo(kubeconfig: Path, *arguments: str) -> Shown:
    """Run a command to its end."""
    return await finish(await start(kubeconfig, *arguments))


async def run(kubeconfig: Path, *arguments: str) -> Shown:
    """`virtslo run` without a question, its report as JSON."""
    common = ("--yes", "--settle", "2s", "--format", "json", "--runs", "runs")
    return await virtslo(kubeconfig, "run", *arguments, *common)


async def end(process: asyncio.subprocess.Process) -> Shown:
    """Ask a command to end, as a shutdown does."""
    process.send_signal(signal.SIGTERM)
    return await finish(process)
