"""Connections: addresses, TLS, and what a session does not do."""

import asyncio
import ssl

import pytest

from virtslo.base.errors import ClusterError
from virtslo.kube.connector import Endpoint, check_url, open_session, tls_context


def test_a_url_loses_its_last_slash() -> None:
    assert check_url("https://host:6443/prefix/") == "https://host:6443/prefix"


@pytest.mark.parametrize("url", ["", "host:6443", "ftp://host", "https://"])
def test_what_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(ClusterError, match="is not an http or https URL"):
        check_url(url)


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


def test_a_session_queues_nothing_and_repeats_nothing() -> None:
    async def main() -> None:
        async with open_session(Endpoint(url="http://host", user_agent="me/1")) as session:
            assert session.connector is not None
            assert session.connector.limit == 0
            assert session._retry_connection is False
            assert session.headers["User-Agent"] == "me/1"

    asyncio.run(main())
