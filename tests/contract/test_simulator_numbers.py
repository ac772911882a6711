"""Numbers and options of requests that are none: refused, never a failure of the server's own."""

from collections.abc import Iterator
from typing import Any

import pytest

from support.bodies import config_map
from support.raw_api import RawApi, simulated_api

LONG = "9" * 5000
MAPS = "/api/v1/namespaces/default/configmaps"


@pytest.fixture(scope="module")
def api() -> Iterator[RawApi]:
    with simulated_api() as found:
        yield found


@pytest.mark.parametrize("text", [LONG, "²", "١", "1e3", "1_0"])
@pytest.mark.parametrize("key", ["limit", "resourceVersion", "gracePeriodSeconds"])
def test_a_number_of_a_query_is_one_that_go_reads(api: RawApi, key: str, text: str) -> None:
    verb, path = ("DELETE", f"{MAPS}/a") if key == "gracePeriodSeconds" else ("GET", MAPS)
    api.call("POST", MAPS, config_map("a"))

    assert api.call(verb, path, **{key: text}).code == 400


@pytest.mark.parametrize(
    "options",
    [
        {"gracePeriodSeconds": "soon"},
        {"gracePeriodSeconds": 10**30},
        {"gracePeriodSeconds": True},
        {"preconditions": 3},
        {"propagationPolicy": ["Orphan"]},
        {"orphanDependents": "yes"},
    ],
)
def test_options_of_a_deletion_have_their_types(api: RawApi, options: dict[str, Any]) -> None:
    api.call("POST", MAPS, config_map("b"))

    assert api.call("DELETE", f"{MAPS}/b", options).code == 400


def test_a_grace_beyond_every_date_is_kept_within_them(api: RawApi) -> None:
    pods = "/api/v1/namespaces/default/pods"
    pod = {
        "metadata": {"name": "long"},
        "spec": {"nodeName": "n", "containers": [{"name": "a", "image": "x"}]},
    }
    api.call("POST", pods, pod)

    deleted = api.call("DELETE", f"{pods}/long", {"gracePeriodSeconds": 2**63 - 1})

    assert deleted.code == 200
    assert deleted.document["metadata"]["deletionGracePeriodSeconds"] == 10**9


@pytest.mark.parametrize("token", ["W" * 6000, "eyJ2IjoxZTk5OSwiYWZ0ZXIiOlsiYSIsImIiXX0", "x"])
def test_a_token_that_goes_on_with_nothing_is_refused(api: RawApi, token: str) -> None:
    assert api.call("GET", MAPS, **{"continue": token}).code == 400


def test_a_check_of_health_that_there_is_not_makes_no_series(api: RawApi) -> None:
    for number in range(20):
        api.call("GET", f"/livez/none-{number}")

    metrics = api.call("GET", "/metrics").body.decode()

    assert "apiserver_request_total" in metrics
    assert "none-1" not in metrics
