"""Kubeconfigs, plug-ins and service accounts, against a simulated API server on loopback."""

import asyncio
import base64
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.clusters import Served, served
from virtslo.base.clock import SystemClock
from virtslo.base.errors import ClusterError, Unauthorized
from virtslo.kube import credentials
from virtslo.kube.credentials import connect, describe_target

pytestmark = pytest.mark.sockets

SECRET = "s3cr3t-t0ken"


def write(path: Path, *, server: str, user: dict[str, Any], **cluster: object) -> Path:
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "here", "cluster": {"server": server, **cluster}}],
        "users": [{"name": "me", "user": user}],
        "contexts": [
            {"name": "first", "context": {"cluster": "here", "user": "me"}},
            {"name": "second", "context": {"cluster": "here", "user": "me"}},
        ],
        "current-context": "first",
    }
    path.write_text(yaml.safe_dump(document))
    return path


def ca_of(there: Served) -> str:
    return base64.b64encode(there.certificates.ca_pem).decode()


async def version(
    path: Path | None, context: str | None = None, *, in_cluster: bool = False
) -> Any:
    opened = await connect(
        kubeconfig=path,
        context=context,
        in_cluster=in_cluster,
        clock=SystemClock(),
        user_agent="me/1",
    )
    async with opened as api:
        return json.loads(await api.read_raw("/apis"))


async def test_a_token_of_a_kubeconfig_opens_the_cluster(tmp_path: Path) -> None:
    async with served() as there:
        path = write(
            tmp_path / "config",
            server=there.url,
            user={"token": there.token},
            **{"certificate-authority-data": ca_of(there)},
        )
        assert (await version(path, "second"))["kind"] == "APIGroupList"


async def test_no_file_of_certificates_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))

    async with served() as there:
        path = write(
            tmp_path / "config",
            server=there.url,
            user={"token": there.token},
            **{"certificate-authority-data": ca_of(there)},
        )
        for _ in range(2):
            await version(path)
            assert list(folder.iterdir()) == []


async def test_a_plug_in_gives_the_token(tmp_path: Path) -> None:
    async with served() as there:
        answer = {
            "apiVersion": "client.authentication.k8s.io/v1",
            "kind": "ExecCredential",
            "status": {"token": there.token},
        }
        plug_in = tmp_path / "plug_in.py"
        plug_in.write_text(f"print({json.dumps(json.dumps(answer))})")
        user = {
            "exec": {
                "apiVersion": "client.authentication.k8s.io/v1",
                "command": sys.executable,
                "args": [str(plug_in)],
                "interactiveMode": "Never",
            }
        }
        path = write(
            tmp_path / "config",
            server=there.url,
            user=user,
            **{"certificate-authority-data": ca_of(there)},
        )
        assert (await version(path))["kind"] == "APIGroupList"


def test_a_plug_in_that_fails_is_told_without_its_words(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    program = f"import sys; sys.stderr.write({SECRET!r}); sys.exit(3)"
    user = {
        "exec": {
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": sys.executable,
            "args": ["-c", program],
            "interactiveMode": "Never",
        }
    }
    path = write(tmp_path / "config", server="https://127.0.0.1:1", user=user)

    with pytest.raises(ClusterError, match=r"users\[0\].user.exec: .*returned 3") as refused:
        asyncio.run(version(path))

    assert str(path) in refused.value.message
    assert SECRET not in f"{refused.value}{refused.value.hint}{capfd.readouterr()}"


async def test_a_wrong_token_is_refused_by_the_server(tmp_path: Path) -> None:
    async with served() as there:
        path = write(
            tmp_path / "config",
            server=there.url,
            user={"token": SECRET},
            **{"certificate-authority-data": ca_of(there)},
        )
        with pytest.raises(Unauthorized) as refused:
            await version(path)
        assert SECRET not in str(refused.value)


async def test_a_server_of_another_authority_is_not_trusted(tmp_path: Path) -> None:
    async with served() as there:
        path = write(tmp_path / "config", server=there.url, user={"token": there.token})
        with pytest.raises(ClusterError, match="certificate is not trusted"):
            await version(path)


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match=r"no kubeconfig at .*missing") as refused:
        asyncio.run(version(tmp_path / "missing"))

    assert "--kubeconfig" in refused.value.hint


def test_a_context_that_is_missing_is_told_with_those_that_exist(tmp_path: Path) -> None:
    path = write(tmp_path / "config", server="https://host", user={})

    with pytest.raises(ClusterError, match="no context 'third'; contexts there: first, second"):
        asyncio.run(version(path, "third"))


@pytest.mark.parametrize("text", [f"token: [{SECRET}", f"- {SECRET}", f"contexts: {SECRET}"])
def test_a_file_that_is_no_kubeconfig_is_not_shown(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config"
    path.write_text(text)

    with pytest.raises(ClusterError, match="config") as refused:
        asyncio.run(version(path))

    assert SECRET not in str(refused.value)


def test_a_cluster_without_an_address_is_told(tmp_path: Path) -> None:
    path = write(tmp_path / "config", server="host:6443", user={"token": SECRET})

    with pytest.raises(ClusterError, match="expected an http or https URL"):
        asyncio.run(version(path))


def test_files_named_by_the_environment_are_merged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "config", server="https://host:1", user={})
    monkeypatch.setenv("KUBECONFIG", f"{tmp_path / 'missing'}:{path}")

    told = describe_target(kubeconfig=None, context=None, in_cluster=False)

    assert told == "context 'first' at https://host:1"


def test_outside_a_pod_there_is_no_service_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)

    with pytest.raises(ClusterError, match="in-cluster credentials"):
        asyncio.run(version(None, in_cluster=True))


async def test_within_a_pod_the_service_account_opens_the_cluster(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with served() as there:
        (tmp_path / "token").write_text(there.token + "\n")
        (tmp_path / "ca.crt").write_bytes(there.certificates.ca_pem)
        monkeypatch.setattr(credentials, "SERVICE_ACCOUNT", tmp_path)
        host, _, port = there.url.removeprefix("https://").rpartition(":")
        monkeypatch.setenv("KUBERNETES_SERVICE_HOST", host)
        monkeypatch.setenv("KUBERNETES_SERVICE_PORT", port)

        assert (await version(None, in_cluster=True))["kind"] == "APIGroupList"
        told = describe_target(kubeconfig=None, context=None, in_cluster=True)
        assert told == f"the cluster this pod runs in, at {there.url}"
