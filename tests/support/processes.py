"""`virtslo` as a process of its own, and the record it writes while it runs."""

import asyncio
import base64
import contextlib
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from support.clusters import Served

SOURCES = Path(__file__).parents[2] / "src"


@dataclass(frozen=True, slots=True)
class Shown:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str


def kubeconfig_of(there: Served, folder: Path) -> Path:
    """The kubeconfig of a served cluster; its one context is `mine`."""
    ca = base64.b64encode(there.certificates.ca_pem).decode()
    cluster = {"server": there.url, "certificate-authority-data": ca}
    document = {
        "clusters": [{"name": "c", "cluster": cluster}],
        "users": [{"name": "u", "user": {"token": there.token}}],
        "contexts": [{"name": "mine", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "mine",
    }
    path = folder / "config"
    path.write_text(yaml.safe_dump(document))
    return path


async def start(folder: Path, *arguments: str) -> asyncio.subprocess.Process:
    """Start a command in a folder."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "virtslo", *arguments),
        cwd=folder,
        env={**os.environ, "NO_COLOR": "1", "PYTHONPATH": str(SOURCES)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


async def finish(process: asyncio.subprocess.Process) -> Shown:
    """Wait for a command's end."""
    out, err = await process.communicate()
    assert process.returncode is not None
    return Shown(process.returncode, out.decode(), err.decode())


async def until_stage(folder: Path, stage: str) -> dict[str, Any]:
    """Wait until the run of a folder is in a stage; returns its record's header."""
    for _ in range(12_000):
        header = current_header(folder)
        if header and header["stages"] and header["stages"][-1]["name"] == stage:
            return header
        await asyncio.sleep(0.05)
    raise AssertionError(f"no run got to {stage}: {current_header(folder)}")


def current_header(folder: Path) -> dict[str, Any]:
    """The header of the one record of a folder; empty where there is none yet."""
    for path in folder.glob("runs/*/run.json"):
        with contextlib.suppress(ValueError):
            found: dict[str, Any] = json.loads(path.read_text())
            return found
    return {}
