"""The contract suites judge a real API server too, where one is named."""

import os
from pathlib import Path

import pytest

from support.clusters import REAL
from support.raw_api import real_api


def test_a_real_api_server_is_judged_where_one_is_named() -> None:
    if not os.environ.get(REAL):
        pytest.skip(f"no real API server: {REAL} names no kubeconfig (see make test-all)")

    assert real_api(Path(os.environ[REAL])).call("GET", "/version").code == 200
