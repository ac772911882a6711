"""What asyncio keeps for a TLS connection: one small buffer, whichever side was opened last."""

import ast
from asyncio import sslproto
from pathlib import Path

import pytest

from virtslo.base.tls_buffer import TLS_BUFFER_BYTES, keep_tls_buffers_small

SOURCES = Path(__file__).parents[3] / "src" / "virtslo"
HOME = SOURCES / "base" / "tls_buffer.py"


def test_a_tls_connection_reads_a_record_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sslproto.SSLProtocol, "max_size", 256 * 1024)
    keep_tls_buffers_small()

    assert sslproto.SSLProtocol.max_size == TLS_BUFFER_BYTES == 16 * 1024


def test_the_size_is_set_in_one_place() -> None:
    setting = {
        path
        for path in SOURCES.rglob("*.py")
        if "max_size" in (text := path.read_text(encoding="utf-8"))
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Attribute) and node.attr == "max_size"
    }

    assert setting == {HOME}
