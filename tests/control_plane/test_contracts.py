"""What is promised of API servers and of the API port holds on a real API server too."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

from control_plane.binaries import programs
from virtslo.plane.control_plane import ControlPlane
from virtslo.plane.installing import apply, install_definitions, manifests, token_of
from virtslo.plane.programs import MANIFESTS

ROOT = Path(__file__).parents[2]
DIFFERENCES: dict[str, str] = {
    "test_a_machine_without_memory_is_refused_by_the_webhook[real]": "no webhook is installed",
}
"""Where the real server does otherwise than a suite says, or has more in it, and how."""


def test_the_version_is_the_one_that_was_built(plane: ControlPlane) -> None:
    async def main() -> str:
        async with plane.admin() as api:
            version: str = json.loads(await api.read_raw("/version"))["gitVersion"]
            return version

    assert asyncio.run(main()).startswith("v1.36.")


def test_every_request_is_in_the_audit_log_with_who_sent_it(plane: ControlPlane) -> None:
    async def main() -> None:
        async with plane.connect("anna", agent="anna/1") as api:
            try:
                await api.read_raw("/api/v1/nodes")
            except Exception:  # noqa: BLE001  refused or not, it is audited
                return

    asyncio.run(main())

    (event,) = [each for each in plane.audited() if each["user"]["username"] == "anna"]
    assert event["userAgent"] == "anna/1"
    assert (event["verb"], event["objectRef"]["resource"]) == ("list", "nodes")
    assert event["responseStatus"]["code"] == 403


def test_the_contract_of_api_servers_holds_on_the_real_one(plane: ControlPlane) -> None:
    async def main() -> None:
        async with plane.admin() as api:
            await install_definitions(api, await manifests(programs()[MANIFESTS]))

    asyncio.run(main())
    kubeconfig = asyncio.run(kubeconfig_of_an_account(plane))
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"),
            *("-k", "real", "tests/contract"),
        ],
        cwd=ROOT,
        env={**os.environ, "VIRTSLO_CONTRACT_KUBECONFIG": str(kubeconfig)},
        capture_output=True,
        text=True,
        check=False,
    )

    told = done.stdout.splitlines()
    failed = {line.split("::")[1].split(" - ")[0] for line in told if line.startswith("FAILED")}
    assert " passed" in told[-1], done.stdout[-6000:]
    assert failed - set(DIFFERENCES) == set(), done.stdout[-6000:]


async def kubeconfig_of_an_account(plane: ControlPlane) -> Path:
    """The kubeconfig of a service account that may do everything, by token."""
    account = {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": "contract", "namespace": "default"},
    }
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "contract"},
        "roleRef": {
            "apiGroup": "rbac.authorization.k8s.io",
            "kind": "ClusterRole",
            "name": "cluster-admin",
        },
        "subjects": [{"kind": "ServiceAccount", "name": "contract", "namespace": "default"}],
    }
    async with plane.admin() as api:
        await apply(api, account)
        await apply(api, binding)
        token = await token_of(api, "contract", "default")
    return plane.write_kubeconfig(plane.folder / "contract.yaml", {"token": token})
