"""Whom a connection to another service trusts."""

import ssl
from pathlib import Path

import pytest

from virtslo.base.errors import ClusterError
from virtslo.remote.tls import tls_of
from virtslo.sim.http.certificates import make_certificates

URL = "https://service.example"


def test_what_is_not_encrypted_has_no_context() -> None:
    assert tls_of("http://service.example", "the service") is True


def test_the_systems_authorities_are_trusted_where_none_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "ca.pem"
    file.write_bytes(make_certificates().ca_pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))

    context = tls_of(URL, "the service")

    assert isinstance(context, ssl.SSLContext)
    assert len(context.get_ca_certs()) == 1
    assert context.verify_mode is ssl.CERT_REQUIRED


def test_a_context_may_be_told_not_to_verify() -> None:
    context = tls_of(URL, "the service", authority=make_certificates().ca_pem, verify=False)

    assert isinstance(context, ssl.SSLContext)
    assert context.verify_mode is ssl.CERT_NONE


@pytest.mark.parametrize("authority", [b"none", b"\xff"])
def test_an_authority_that_is_none_is_refused(authority: bytes) -> None:
    with pytest.raises(ClusterError, match="the service: its authority is no PEM certificate"):
        tls_of(URL, "the service", authority=authority)
