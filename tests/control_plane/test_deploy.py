"""The shipped manifests on a real API server, and the Job's command as its pod would run it.

No container is run: the process has the pod's account, user, rights, read-only root and files in a
mount namespace of its own. What only a container runtime could show (the image) is not shown.
"""

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from control_plane.binaries import find
from control_plane.clusters import hollow, labelled
from control_plane.commands import DEPLOY, OF_A_BUSY_MACHINE, ROOT, Shown
from control_plane.flow_control import ACCOUNT
from virtslo.model.kubernetes.resources import PODS
from virtslo.plane.control_plane import ControlPlane
from virtslo.plane.installing import token_of
from virtslo.ports.kube_api import KubeApi, Selection
from virtslo.slo.findings.run_findings import findings_of
from virtslo.slo.record.measured import measure
from virtslo.store.records import read_record

MANIFESTS = ["rbac.yaml", "rbac-counters.yaml", "job.yaml", "checkup.yaml"]
IN_A_POD = """
set -e
mount --bind "$POD" /mnt
mount -o remount,bind,ro /
mount -t tmpfs tmpfs /run
mkdir -p /run/secrets/kubernetes.io
cp -r /mnt/account /run/secrets/kubernetes.io/serviceaccount
exec setpriv --reuid "$POD_USER" --regid "$POD_USER" --clear-groups --no-new-privs \\
    --inh-caps=-all --bounding-set=-all "$@"
"""
"""What a kubelet would set up: a read-only root, the account's files, a user without any right."""


READS_PYTHON = "import os, sys, virtslo; sys.exit(not os.access(sys.executable, os.X_OK))"


def test_every_manifest_is_what_the_server_takes(plane: ControlPlane) -> None:
    admin = plane.kubeconfig("admin", "system:masters")
    for namespace in ("kubevirt", "virtslo"):  # of a dry run nothing is there for the next
        kubectl(admin, "create", "namespace", namespace, "--save-config")
    for name in MANIFESTS:
        strictly = ("--dry-run=server", "--validate=strict")
        told = kubectl(admin, "apply", *strictly, "-f", str(DEPLOY / name))
        documents = list(yaml.safe_load_all((DEPLOY / name).read_text(encoding="utf-8")))
        assert len(told.splitlines()) == len(documents), told
        assert "Warning" not in told


async def test_the_jobs_command_runs_as_its_pod_would(plane: ControlPlane, tmp_path: Path) -> None:
    why = why_no_pod_can_be_played()
    if why:
        pytest.skip(why)

    admin = plane.kubeconfig("admin", "system:masters")
    async with hollow(plane), plane.admin() as api:
        kubectl(admin, "apply", "-f", str(DEPLOY / "job.yaml"))
        pod = await pod_of_the_job(api)
        shown = await run_as(plane, pod, tmp_path, await token_for(api, pod))
        (folder,) = [path.parent for path in (tmp_path / "runs").glob("*/run.json")]
        doubts = {
            item.code for item in findings_of(measure(read_record(folder))) if item.inconclusive
        }
        assert doubts <= OF_A_BUSY_MACHINE, "nothing but a busy machine may spoil it"
        assert shown.code == (4 if doubts else 0), shown.err
        assert "| Burst |" in shown.out, shown.out
        assert await labelled(api) == []
        kubectl(admin, "delete", "-f", str(DEPLOY / "job.yaml"))
        assert pods_of_our_calls(plane) == {pod["metadata"]["name"]}


def kubectl(kubeconfig: Path, *arguments: str) -> str:
    """Run it to its end; what it printed."""
    done = subprocess.run(
        [str(find("kubectl")), f"--kubeconfig={kubeconfig}", "--context=real", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    told = done.stdout + done.stderr
    assert done.returncode == 0 or "AlreadyExists" in told, told
    return told


def why_no_pod_can_be_played() -> str | None:
    """What is missing here to run a process as a pod's; None where nothing is."""
    if os.geteuid() != 0:
        return "a mount namespace and another user need root"
    steps = ("mount -o remount,bind,ro /", "mount -t tmpfs tmpfs /run", "setpriv true")
    tried = " && ".join(steps)
    try:
        subprocess.run(
            ["unshare", "--mount", "sh", "-c", tried], check=True, capture_output=True, text=True
        )
    except OSError as error:
        return f"no mount namespace can be made here: {error}"
    except subprocess.CalledProcessError as error:
        return f"no mount namespace can be made here: {error.stderr.strip()}"
    return None


def user_of(pod: dict[str, Any]) -> int:
    """The pod's user; root, without any right of root, where that one may not read Python."""
    user = int(pod["spec"]["securityContext"]["runAsUser"])
    done = subprocess.run(
        [
            *("setpriv", "--reuid", str(user), "--regid", str(user), "--clear-groups"),
            *(sys.executable, "-c", READS_PYTHON),
        ],
        check=False,
        capture_output=True,
        env={"PYTHONPATH": str(ROOT / "src")},
    )
    return user if done.returncode == 0 else 0


async def pod_of_the_job(api: KubeApi) -> dict[str, Any]:
    """The pod that kube-controller-manager made for the Job."""
    selection = Selection(
        namespace="virtslo", label_selector="batch.kubernetes.io/job-name=virtslo"
    )
    for _ in range(150):
        found = (await api.list_objects(PODS, selection)).items
        if found:
            return dict(found[0])
        await asyncio.sleep(0.2)
    raise AssertionError("the Job has no pod")


async def token_for(api: KubeApi, pod: dict[str, Any]) -> str:
    """The token that a kubelet would ask for."""
    metadata = pod["metadata"]
    bound = {"apiVersion": "v1", "kind": "Pod", "name": metadata["name"], "uid": metadata["uid"]}
    return await token_of(api, pod["spec"]["serviceAccountName"], "virtslo", bound=bound)


async def run_as(plane: ControlPlane, pod: dict[str, Any], folder: Path, token: str) -> Shown:
    """The pod's one container, as a process."""
    (container,) = pod["spec"]["containers"]
    user = user_of(pod)
    prepare_volumes(folder, user, token=token, ca=plane.authority.pem)
    volumes = {each["mountPath"]: f"/mnt{each['mountPath']}" for each in container["volumeMounts"]}
    arguments = [volumes.get(each, each) for each in container["args"]]
    process = await asyncio.create_subprocess_exec(
        *("unshare", "--mount", "sh", "-c", IN_A_POD, "pod"),
        *(sys.executable, "-m", "virtslo", *arguments),
        cwd="/",
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT / "src"),
            "PYTHONDONTWRITEBYTECODE": "1",
            "HOME": "/",  # what container runtimes give a user who has no home
            "TMPDIR": volumes["/tmp"],
            "KUBERNETES_SERVICE_HOST": "127.0.0.1",
            "KUBERNETES_SERVICE_PORT": str(plane.port),
            "POD": str(folder),
            "POD_USER": str(user),
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return Shown(process.returncode, out.decode(), err.decode())


def prepare_volumes(folder: Path, user: int, *, token: str, ca: bytes) -> None:
    """The volumes of the pod, and the files of its account."""
    for name in ("account", "runs", "tmp"):
        (folder / name).mkdir()
        os.chown(folder / name, user, user)
    (folder / "account" / "token").write_text(token)
    (folder / "account" / "ca.crt").write_bytes(ca)
    folder.chmod(0o755)


def pods_of_our_calls(plane: ControlPlane) -> set[str]:
    """The pods that the tokens of virtslo's account were bound to, by the audit log."""
    extras = [
        event["user"].get("extra", {}).get("authentication.kubernetes.io/pod-name", ["no pod"])[0]
        for event in plane.audited()
        if event["user"]["username"] == ACCOUNT
    ]
    return set(extras)
