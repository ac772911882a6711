"""Secrets of a kubeconfig are in no file and no output, whatever ends the process."""

import asyncio
import base64
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from support.clusters import Served, hollow_served
from virtslo.plane.authority import Authority

AUTHORITY = Authority()


def plant(folder: Path, there: Served) -> tuple[Path, tuple[bytes, ...]]:
    """A kubeconfig full of secrets, and what must not be found anywhere else."""
    pair = AUTHORITY.user("anna")
    answer = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "kind": "ExecCredential",
        "status": {"token": there.token},
    }
    user = {
        "client-certificate-data": base64.b64encode(pair.certificate).decode(),
        "client-key-data": base64.b64encode(pair.key).decode(),
        "exec": {
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": sys.executable,
            "args": ["-c", f"print({json.dumps(json.dumps(answer))})"],
            "interactiveMode": "Never",
        },
    }
    ca = base64.b64encode(there.certificates.ca_pem).decode()
    document = {
        "clusters": [
            {"name": "c", "cluster": {"server": there.url, "certificate-authority-data": ca}}
        ],
        "users": [{"name": "u", "user": user}],
        "contexts": [{"name": "mine", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "mine",
    }
    path = folder / "config"
    path.write_text(yaml.safe_dump(document))
    lines = pair.key.splitlines()
    return path, (there.token.encode(), lines[1], base64.b64encode(pair.key)[40:80])


def leaks(folder: Path, secrets: tuple[bytes, ...]) -> list[str]:
    return [
        str(path)
        for path in folder.rglob("*")
        if path.is_file() and any(secret in path.read_bytes() for secret in secrets)
    ]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=lambda n: n.name)
async def test_no_secret_outlives_the_process(tmp_path: Path, number: signal.Signals) -> None:
    work, temporary = tmp_path / "work", tmp_path / "temporary"
    work.mkdir()
    temporary.mkdir()

    async with hollow_served(nodes=2) as there:
        path, secrets = plant(tmp_path, there)
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "virtslo", "run", "burst", "--repeat", "1", "--count", "20"),
            *("--kubeconfig", str(path), "--context", "mine", "--yes", "--settle", "60s"),
            cwd=work,
            env={**os.environ, "TMPDIR": str(temporary), "NO_COLOR": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        while not list(work.glob("runs/*/operations.jsonl.gz")):
            assert process.returncode is None, await process.communicate()
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.5)
        process.send_signal(number)
        out, err = await process.communicate()

        assert process.returncode in {-signal.SIGKILL, 130}
        assert list(work.rglob("*.json*")), "the run left a record to look into"
        assert leaks(work, secrets) == []
        assert leaks(temporary, secrets) == []
        assert not any(secret in out + err for secret in secrets)
