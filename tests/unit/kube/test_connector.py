"""Connections: addresses, TLS, and what a session does not do."""

import ssl
from asyncio import sslproto

import aiohttp
import pytest

from virtslo.base.errors import ClusterError
from virtslo.base.tls_buffer import TLS_BUFFER_BYTES
from virtslo.kube.connector import (
    Endpoint,
    open_session,
    server_url,
    tls_context,
)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://host:6443/prefix/", "https://host:6443/prefix"),
        ("HTTPS://Host:6443", "https://host:6443"),
        ("https://[::1]:6443", "https://[::1]:6443"),
        ("https://user:secret@host", "https://host"),
    ],
)
def test_an_address_is_put_into_one_form(text: str, url: str) -> None:
    assert server_url(text, "place").url == url


def test_a_user_in_an_address_is_sent_and_not_shown() -> None:
    server = server_url("https://me:p%40ss@host", "place")

    assert server.authorization == "Basic bWU6cEBzcw=="


@pytest.mark.parametrize(
    "text",
    [
        "",
        "host:6443",
        "ftp://host",
        "https://",
        "https://me:s3cret@host:99999",
        "https://me:s3cret@host:x",
        "https://[s3cret",
        "https://me:s3cret@ho\nst",
        "s3cret://",
    ],
)
def test_what_is_no_url_is_refused_without_being_shown(text: str) -> None:
    with pytest.raises(ClusterError, match="expected an http or https URL") as refused:
        server_url(text, "place")

    assert "s3cret" not in f"{refused.value}{refused.value.hint}"


def test_the_host_of_an_endpoint_holds_no_password() -> None:
    endpoint = Endpoint(url="https://user:secret@host:6443", user_agent="x")

    assert endpoint.host == "host:6443"


def test_a_context_may_be_told_not_to_verify() -> None:
    strict, lax = tls_context(), tls_context(verify=False)

    assert strict.verify_mode is ssl.CERT_REQUIRED
    assert lax.verify_mode is ssl.CERT_NONE
    assert not lax.check_hostname


def test_certificates_that_are_none_are_refused_without_being_shown() -> None:
    with pytest.raises(ClusterError, match="certificates") as refused:
        tls_context(certificate=b"secret", key=b"secret")

    assert "secret" not in str(refused.value)


@pytest.mark.sockets
async def test_a_session_queues_nothing_and_repeats_nothing() -> None:
    async with open_session(Endpoint(url="http://host", user_agent="me/1")) as session:
        assert session.connector is not None
        assert session.connector.limit == 0
        assert session._retry_connection is False
        assert session.headers["User-Agent"] == "me/1"


async def test_what_asyncio_keeps_for_a_tls_connection_is_small(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sslproto.SSLProtocol, "max_size", 256 * 1024)
    session = open_session(Endpoint("https://host:6443", "virtslo"))
    await session.close()

    assert sslproto.SSLProtocol.max_size == TLS_BUFFER_BYTES


@pytest.mark.sockets
@pytest.mark.parametrize(
    ("proxy", "has_context"), [("https://proxy:8443", True), ("http://proxy:8080", False)]
)
async def test_a_proxy_that_is_encrypted_is_verified_though_the_server_is_not(
    proxy: str, *, has_context: bool
) -> None:
    async with open_session(Endpoint("http://host", "virtslo", proxy=proxy)) as session:
        connector = session.connector

        assert isinstance(connector, aiohttp.TCPConnector)
        assert isinstance(connector._ssl, ssl.SSLContext) == has_context
