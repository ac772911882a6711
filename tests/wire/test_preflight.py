"""`virtslo preflight` and the run after it, on a cluster that is served on loopback."""

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.bodies import machine, namespace
from support.cli import Outcome, virtslo_in_thread
from support.clusters import Served, connected, hollow_served
from support.processes import Shown, finish, kubeconfig_of, start
from virtslo.model.identifiers import RUN_LABEL
from virtslo.model.kubernetes.resources import KUBEVIRTS, NAMESPACES, NODES, VMIS
from virtslo.plane.installing import apply, token_of
from virtslo.ports.kube_api import PatchType

DEPLOY = Path(__file__).parents[2] / "deploy"


@asynccontextmanager
async def cluster(folder: Path) -> AsyncIterator[tuple[Served, Path]]:
    async with hollow_served(nodes=2) as there:
        yield there, kubeconfig_of(there, folder)


def located(kubeconfig: Path, *arguments: str) -> tuple[str, ...]:
    return (*arguments, "--kubeconfig", str(kubeconfig), "--context", "mine")


async def preflight(kubeconfig: Path, *arguments: str) -> Outcome:
    return await virtslo_in_thread(*located(kubeconfig, "preflight", *arguments))


async def run(kubeconfig: Path, *arguments: str) -> Shown:
    """As a process: only its main thread may take signals, and it has no terminal."""
    return await finish(await start(kubeconfig.parent, *located(kubeconfig, "run", *arguments)))


def lines(shown: Shown | Outcome, mark: str) -> Sequence[str]:
    return [line for line in shown.err.splitlines() if line.strip().startswith(mark)]


async def names(there: Served) -> set[str]:
    async with connected(there) as api:
        machines = await api.list_objects(VMIS)
        spaces = await api.list_objects(NAMESPACES)
        return {item["metadata"]["name"] for item in (*machines.items, *spaces.items)}


async def test_a_cluster_that_is_ready_passes_and_stays_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with cluster(tmp_path) as (there, kubeconfig):
        before = await names(there)
        shown = await preflight(kubeconfig, "burst", "--count", "10")

        assert shown.code == 0, shown.err
        assert lines(shown, "FAILED") == []
        assert "played by hollow controllers" in shown.err
        assert any("that a run needs" in line for line in lines(shown, "ok"))
        assert "not allowed" not in shown.err
        assert await names(there) == before
        assert not (tmp_path / "runs").exists()


def shipped(without: str = "") -> list[dict[str, Any]]:
    """What `deploy/rbac.yaml` says, but for one resource."""
    items = list(yaml.safe_load_all((DEPLOY / "rbac.yaml").read_text(encoding="utf-8")))
    for item in items:
        for rule in item.get("rules") or ():
            rule["resources"] = [each for each in rule["resources"] if each != without]
        if "rules" in item:
            item["rules"] = [rule for rule in item["rules"] if rule["resources"]]
    return items


async def act_as_shipped(there: Served, kubeconfig: Path, items: list[dict[str, Any]]) -> None:
    """Install a role, and go on as its service account."""
    async with connected(there) as api:
        for item in items:
            await apply(api, item)
        token = await token_of(api, "virtslo", "virtslo")
    use_token(kubeconfig, token)


def use_token(kubeconfig: Path, token: str) -> None:
    document = yaml.safe_load(kubeconfig.read_text(encoding="utf-8"))
    document["users"][0]["user"] = {"token": token}
    kubeconfig.write_text(yaml.safe_dump(document), encoding="utf-8")


async def test_the_shipped_role_is_enough(tmp_path: Path) -> None:
    async with cluster(tmp_path) as (there, kubeconfig):
        await act_as_shipped(there, kubeconfig, shipped())
        shown = await preflight(kubeconfig, "burst", "--count", "10")
        ran = await run(
            kubeconfig, "burst", "--count", "2", "--yes", "--repeat", "1", "--settle", "1s"
        )

        assert shown.code == 0, shown.err
        assert lines(shown, "FAILED") == []
        assert "pods/proxy" in shown.err
        assert ran.code in {0, 4}, ran.err
        assert re.search(r"\b403\b", ran.err) is None, ran.err


async def test_rights_that_are_missing_are_all_told(tmp_path: Path) -> None:
    async with cluster(tmp_path) as (there, kubeconfig):
        await act_as_shipped(there, kubeconfig, shipped(without="pods"))
        shown = await preflight(kubeconfig, "burst", "--count", "10")

        assert shown.code == 3
        (told,) = lines(shown, "FAILED")
        assert "not allowed: list pods, watch pods" in told


async def test_everything_that_is_wrong_is_told_at_once_with_what_to_do(tmp_path: Path) -> None:
    async with cluster(tmp_path) as (there, kubeconfig), connected(there) as api:
        left = namespace("left")
        left["metadata"]["labels"] = {RUN_LABEL: "r1"}
        await api.create(NAMESPACES, left)
        await api.create(VMIS, machine("one", **{RUN_LABEL: "r1"}))
        await api.patch(
            KUBEVIRTS,
            "kubevirt",
            {"status": {"phase": "Deploying"}},
            patch_type=PatchType.MERGE,
            namespace="kubevirt",
            subresource="status",
        )
        arguments = ("burst", "--count", "5000", "--max-in-flight", "500")
        shown = await preflight(kubeconfig, *arguments)

        assert shown.code == 3
        told = "\n".join(lines(shown, "FAILED"))
        assert "500 at once" in told
        assert "'Deploying'" in told
        assert "5000 VMIs are wanted" in told
        assert "virtslo clean --run r1" in shown.err


async def test_a_run_that_would_not_work_touches_nothing(tmp_path: Path) -> None:
    async with cluster(tmp_path) as (there, kubeconfig), connected(there) as api:
        for item in (await api.list_objects(NODES)).items:
            spec = {**item["spec"], "unschedulable": True}
            await api.update(NODES, {**item, "spec": spec})
        before = await names(there)
        shown = await run(kubeconfig, "burst", "--repeat", "1", "--count", "1", "--yes")

        assert shown.code == 3
        assert "none of 2 nodes takes VMIs" in shown.err
        assert "nothing was touched" in shown.err
        assert await names(there) == before


async def test_without_a_terminal_and_without_yes_nothing_is_asked_of_the_cluster(
    tmp_path: Path,
) -> None:
    async with cluster(tmp_path) as (_, kubeconfig):
        shown = await run(kubeconfig, "burst", "--repeat", "1", "--count", "1")

        assert shown.code == 2
        assert "--yes" in shown.err
