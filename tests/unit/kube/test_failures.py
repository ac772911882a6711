"""Every exception of the network becomes one of ours that names the place."""

import ssl

import aiohttp
import pytest
from aiohttp.client_reqrep import ConnectionKey

from virtslo.base.errors import ClusterError, ConnectionLost
from virtslo.kube.failures import NETWORK_ERRORS, lost

KEY = ConnectionKey("host", 443, True, True, None, None, None)


def untrusted() -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_message = "self-signed certificate"
    return error


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (TimeoutError(), "no answer in time"),
        (aiohttp.ServerTimeoutError(), "no answer in time"),
        (aiohttp.ServerDisconnectedError(), "closed before the answer"),
        (aiohttp.ClientPayloadError("cut"), "closed within the answer"),
        (aiohttp.ClientConnectorError(KEY, OSError(111, "Connection refused")), "refused"),
        (ConnectionResetError(104, "Connection reset by peer"), "reset by peer"),
        (aiohttp.ClientError(), "ClientError"),
    ],
)
def test_a_broken_connection_is_a_lost_connection(error: Exception, words: str) -> None:
    ours = lost("GET /x at host:1", error)

    assert isinstance(error, NETWORK_ERRORS)
    assert type(ours) is ConnectionLost
    assert ours.message.startswith("GET /x at host:1: ")
    assert words in ours.message


@pytest.mark.parametrize(
    "error", [untrusted(), aiohttp.ClientConnectorCertificateError(KEY, untrusted())]
)
def test_a_certificate_that_is_not_trusted_is_told_as_that(error: Exception) -> None:
    ours = lost("GET /x at host:1", error)

    assert type(ours) is ClusterError
    assert "self-signed certificate" in ours.message
    assert "certificate-authority-data" in ours.hint


def test_an_address_that_is_none_is_told_as_that() -> None:
    ours = lost("GET /x at host", aiohttp.InvalidURL("http://:"))

    assert "this is no address" in ours.message
