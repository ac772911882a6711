"""kubectl in tests: found or built, and run in one namespace of a cluster."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from control_plane.binaries import find

KUBECTL = find("kubectl")
WHY_NOT = "kubectl is neither on PATH nor built (make control-plane)"
UNCOLLECTED = {"GOGC": "off"}
"""A variable that keeps kubectl from collecting garbage, a quarter of its processor time."""


class Kubectl:
    """kubectl in one namespace of a simulated cluster."""

    def __init__(self, kubeconfig: Path, namespace: str) -> None:
        self.namespace = namespace
        self._base = [
            str(KUBECTL),
            f"--kubeconfig={kubeconfig}",
            f"--cache-dir={kubeconfig.parent / 'cache'}",
            f"--namespace={namespace}",
        ]

    def command(self, *arguments: str) -> list[str]:
        """The whole command line."""
        return [*self._base, *arguments]

    def run(self, *arguments: str, body: Any = None) -> subprocess.CompletedProcess[str]:
        """Run it to its end."""
        text = body if body is None or isinstance(body, str) else json.dumps(body)
        return subprocess.run(
            self.command(*arguments),
            input=text,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
            env=os.environ | UNCOLLECTED,
        )

    def __call__(self, *arguments: str, body: Any = None) -> str:
        done = self.run(*arguments, body=body)
        assert done.returncode == 0, f"kubectl {' '.join(arguments)}: {done.stdout}{done.stderr}"
        return done.stdout

    def refused(self, *arguments: str, body: Any = None) -> str:
        """Run what is to fail; what it says."""
        done = self.run(*arguments, body=body)
        assert done.returncode != 0, done.stdout
        return done.stderr


def machine(memory: str = "64Mi", **spec: Any) -> dict[str, Any]:
    """The spec of a small machine."""
    return {
        "domain": {
            "devices": {"disks": [{"name": "root", "disk": {"bus": "virtio"}}]},
            "resources": {"requests": {"memory": memory}},
        },
        "volumes": [{"name": "root", "containerDisk": {"image": "cirros"}}],
        **spec,
    }


def vmi(name: str = "one", **labels: str) -> dict[str, Any]:
    """A VMI with these labels."""
    return {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachineInstance",
        "metadata": {"name": name, "labels": labels},
        "spec": machine(),
    }
