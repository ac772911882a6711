"""Every way of a kubeconfig to a server: certificates, token files, proxies, acting for others.

The server is one that tells what it was sent.
"""

import asyncio
import base64
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import web

from virtslo.base.clock import SystemClock
from virtslo.base.errors import ClusterError
from virtslo.kube.credentials import connect
from virtslo.kube.identities import TOKEN_CHECK_NS
from virtslo.kube.proxies import environment_proxy
from virtslo.plane.authority import Authority, server_context

AUTHORITY = Authority()
OTHER = Authority("another")
SECRET = "s3cr3t-t0ken"


class LateClock(SystemClock):
    """The machine's clock, with a way to be later."""

    def __init__(self) -> None:
        super().__init__()
        self.later_ns = 0

    def now_ns(self) -> int:
        return super().now_ns() + self.later_ns


@asynccontextmanager
async def telling_server(*, asks_certificates: bool = False) -> AsyncIterator[int]:
    """A server that answers with the headers it got, and the user of the certificate."""

    async def tell(request: web.Request) -> web.Response:
        assert request.transport is not None
        peer = request.transport.get_extra_info("peercert") or {}
        user = dict(pair[0] for pair in peer.get("subject", ())).get("commonName")
        headers = [[key.lower(), value] for key, value in request.headers.items()]
        return web.json_response({"user": user, "headers": headers})

    app = web.Application()
    app.router.add_get("/version", tell)
    runner = web.AppRunner(app)
    await runner.setup()
    context = server_context(
        AUTHORITY.server("told", dns=("localhost", "api.internal")),
        clients_of=AUTHORITY.pem if asks_certificates else None,
    )
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def kubeconfig(folder: Path, port: int, *, user: dict[str, Any], **cluster: Any) -> Path:
    if "certificate-authority" not in cluster:
        cluster["certificate-authority-data"] = encoded(AUTHORITY.pem)
    document = {
        "clusters": [{"name": "c", "cluster": {"server": f"https://127.0.0.1:{port}", **cluster}}],
        "users": [{"name": "u", "user": user}],
        "contexts": [{"name": "mine", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "mine",
    }
    path = folder / "config"
    path.write_text(yaml.safe_dump(document))
    return path


def encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()


async def told(path: Path, clock: SystemClock | None = None) -> dict[str, Any]:
    async with await connection(path, clock) as api:
        answer: dict[str, Any] = json.loads(await api.read_raw("/version"))
        return answer


async def connection(path: Path, clock: SystemClock | None = None) -> Any:
    return await connect(
        kubeconfig=path,
        context=None,
        in_cluster=False,
        clock=clock or SystemClock(),
        user_agent="me/1",
    )


def header(answer: dict[str, Any], name: str) -> list[str]:
    return [value for key, value in answer["headers"] if key == name]


@pytest.mark.parametrize("as_files", [False, True], ids=["in the file", "beside the file"])
async def test_a_certificate_says_who_we_are(tmp_path: Path, as_files: bool) -> None:
    pair = AUTHORITY.user("anna", "admins")
    user = {
        "client-certificate-data": encoded(pair.certificate),
        "client-key-data": encoded(pair.key),
    }
    if as_files:
        (tmp_path / "cert.pem").write_bytes(pair.certificate)
        (tmp_path / "key.pem").write_bytes(pair.key)
        user = {"client-certificate": "cert.pem", "client-key": "key.pem"}

    async with telling_server(asks_certificates=True) as port:
        assert (await told(kubeconfig(tmp_path, port, user=user)))["user"] == "anna"


async def test_a_plug_in_may_give_a_certificate(tmp_path: Path) -> None:
    pair = AUTHORITY.user("bert")
    answer = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "kind": "ExecCredential",
        "status": {
            "clientCertificateData": pair.certificate.decode(),
            "clientKeyData": pair.key.decode(),
        },
    }
    user = {
        "exec": {
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": sys.executable,
            "args": ["-c", f"print({json.dumps(json.dumps(answer))})"],
            "interactiveMode": "Never",
        }
    }

    async with telling_server(asks_certificates=True) as port:
        assert (await told(kubeconfig(tmp_path, port, user=user)))["user"] == "bert"


def test_a_key_of_another_certificate_is_told_with_file_and_context(tmp_path: Path) -> None:
    user = {
        "client-certificate-data": encoded(AUTHORITY.user("anna").certificate),
        "client-key-data": encoded(AUTHORITY.user("bert").key),
    }
    path = kubeconfig(tmp_path, 1, user=user)

    with pytest.raises(ClusterError, match="do not belong together") as refused:
        asyncio.run(told(path))

    assert refused.value.message.startswith(f"{str(path)!r}: context 'mine': ")
    assert "client-key" in refused.value.hint


async def test_a_token_file_is_read_again_when_it_was_refreshed(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("first\n")
    clock = LateClock()

    async with telling_server() as port:
        path = kubeconfig(tmp_path, port, user={"tokenFile": "token", "token": "unused"})
        async with await connection(path, clock) as api:
            first = json.loads(await api.read_raw("/version"))
            (tmp_path / "token").write_text("second\n")
            clock.later_ns = TOKEN_CHECK_NS
            second = json.loads(await api.read_raw("/version"))
            assert header(first, "authorization") == ["Bearer first"]
            assert header(second, "authorization") == ["Bearer second"]
            (tmp_path / "token").unlink()
            clock.later_ns = 2 * TOKEN_CHECK_NS
            kept = json.loads(await api.read_raw("/version"))
            assert header(kept, "authorization") == ["Bearer second"]


async def test_a_token_file_that_was_never_there_is_refused(tmp_path: Path) -> None:
    async with telling_server() as port:
        path = kubeconfig(tmp_path, port, user={"tokenFile": "token"})
        async with await connection(path, LateClock()) as api:
            with pytest.raises(ClusterError, match=r"users\[0\].user.tokenFile: cannot read"):
                await api.read_raw("/version")


async def test_a_user_may_act_for_another(tmp_path: Path) -> None:
    user = {
        "token": SECRET,
        "as": "carla",
        "as-uid": "7",
        "as-groups": ["one", "two"],
        "as-user-extra": {"reason": ["load test"]},
    }

    async with telling_server() as port:
        answer = await told(kubeconfig(tmp_path, port, user=user))

    assert header(answer, "impersonate-user") == ["carla"]
    assert header(answer, "impersonate-uid") == ["7"]
    assert header(answer, "impersonate-group") == ["one", "two"]
    assert header(answer, "impersonate-extra-reason") == ["load test"]


def test_acting_for_a_group_alone_is_refused(tmp_path: Path) -> None:
    path = kubeconfig(tmp_path, 1, user={"as-groups": ["one"]})

    with pytest.raises(ClusterError, match=r"users\[0\].user.as: expected a name"):
        asyncio.run(told(path))


async def test_a_server_may_be_known_by_another_name(tmp_path: Path) -> None:
    async with telling_server() as port:
        path = kubeconfig(tmp_path, port, user={}, **{"tls-server-name": "api.internal"})
        assert (await told(path))["headers"]
        path = kubeconfig(tmp_path, port, user={}, **{"tls-server-name": "not.this"})
        with pytest.raises(ClusterError, match="not trusted"):
            await told(path)


async def test_a_bundle_of_authorities_may_be_a_file(tmp_path: Path) -> None:
    (tmp_path / "bundle.pem").write_bytes(OTHER.pem + AUTHORITY.pem)

    async with telling_server() as port:
        path = kubeconfig(tmp_path, port, user={}, **{"certificate-authority": "bundle.pem"})
        assert (await told(path))["headers"]


def test_a_file_that_a_kubeconfig_names_and_that_is_missing_is_told(tmp_path: Path) -> None:
    path = kubeconfig(tmp_path, 1, user={}, **{"certificate-authority": "missing.pem"})

    with pytest.raises(
        ClusterError, match=r"clusters\[0\].cluster.certificate-authority: .*missing"
    ):
        asyncio.run(told(path))


@asynccontextmanager
async def tunnelling_proxy() -> AsyncIterator[tuple[int, list[str]]]:
    """A proxy that tunnels, and its first lines."""
    asked: list[str] = []

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = (await reader.readuntil(b"\r\n\r\n")).decode().splitlines()[0]
        asked.append(line)
        host, _, port = line.split()[1].rpartition(":")
        inner_reader, inner_writer = await asyncio.open_connection(host, int(port))
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        async with asyncio.TaskGroup() as group:
            group.create_task(copy(reader, inner_writer))
            group.create_task(copy(inner_reader, writer))

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], asked
    finally:
        server.close()


async def test_a_proxy_of_the_kubeconfig_is_gone_through(tmp_path: Path) -> None:
    async with telling_server() as port, tunnelling_proxy() as (through, asked):
        proxy = {"proxy-url": f"http://127.0.0.1:{through}"}
        assert (await told(kubeconfig(tmp_path, port, user={}, **proxy)))["headers"]
        assert asked == [f"CONNECT 127.0.0.1:{port} HTTP/1.1"]


def test_a_proxy_that_cannot_be_spoken_to_is_not_shown(tmp_path: Path) -> None:
    path = kubeconfig(tmp_path, 1, user={}, **{"proxy-url": f"socks5://me:{SECRET}@host:1"})

    with pytest.raises(ClusterError, match="neither http") as refused:
        asyncio.run(told(path))

    assert SECRET not in str(refused.value)


def test_proxies_of_the_environment_count_but_not_for_loopback(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:3128")
    monkeypatch.setenv("NO_PROXY", ".inside")

    assert environment_proxy("https://api.outside:6443") == "http://proxy:3128"
    assert environment_proxy("https://api.inside:6443") is None
    assert environment_proxy("https://127.0.0.1:6443") is None
