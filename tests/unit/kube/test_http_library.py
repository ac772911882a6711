"""aiohttp is loaded without the system's authorities, and what is set for others stays set."""

import os
import ssl
from pathlib import Path

import pytest

from virtslo.kube.http_library import AUTHORITIES, no_authorities
from virtslo.sim.http.certificates import make_certificates


def trusted() -> int:
    return len(ssl.create_default_context().get_ca_certs())


def test_no_authority_is_read_within_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "ca.pem"
    file.write_bytes(make_certificates().ca_pem)
    monkeypatch.setenv(AUTHORITIES, str(file))

    with no_authorities():
        within = trusted()

    assert (within, trusted(), os.environ[AUTHORITIES]) == (0, 1, str(file))


def test_what_was_not_set_is_not_set_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(AUTHORITIES, raising=False)

    with no_authorities():
        assert os.environ[AUTHORITIES] == os.devnull

    assert AUTHORITIES not in os.environ
