"""Bytes of clients that are no HTTP are not logged; what is wrong with virtslo itself is."""

import logging

import pytest
from aiohttp.http_exceptions import BadHttpMessage, InvalidURLError

from virtslo.sim.http.client_errors import LOGGER


@pytest.mark.parametrize("error", [BadHttpMessage("no colon"), InvalidURLError("http://[")])
def test_a_malformed_request_is_not_logged(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        LOGGER.error("Error handling request", exc_info=error)

    assert caplog.records == []


def test_a_failure_of_our_own_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        LOGGER.error("Error handling request", exc_info=ValueError("a bug"))

    assert [record.getMessage() for record in caplog.records] == ["Error handling request"]
