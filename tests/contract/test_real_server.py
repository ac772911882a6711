"""The contract suites judge a real API server too, where one is named."""

import os

import pytest

from support.clusters import REAL
from support.raw_api import RawApi


def test_a_real_api_server_is_judged_where_one_is_named(request: pytest.FixtureRequest) -> None:
    if not os.environ.get(REAL):
        pytest.skip(f"no real API server: {REAL} names no kubeconfig (see make test-all)")
    api: RawApi = request.getfixturevalue("api")

    assert api.call("GET", "/version").code == 200
