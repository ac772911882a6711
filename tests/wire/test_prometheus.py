"""A real Prometheus scrapes `virtslo simulate`: what it holds is what the audit log says."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from support.bodies import machine
from support.raw_api import RawApi
from support.running_prometheus import RunningPrometheus, missing
from support.scraping_prometheus import prometheus_scraping, raw_api, wait_until_scraped
from support.simulate_process import simulate_process
from virtslo.base.clock import SystemClock

pytestmark = [
    pytest.mark.skipif(bool(missing()), reason=missing() or "none"),
    pytest.mark.slow,
]
NODES = 2
TARGETS = 1 + 1 + 2 + 2 + NODES
"""The API server, virt-operator, virt-api, virt-controller, and a virt-handler a node."""
COUNT = 5
VMIS = "/apis/kubevirt.io/v1/namespaces/default/virtualmachineinstances"


@dataclass(frozen=True, slots=True)
class Scraped:
    """A Prometheus after some VMIs have come and gone, and the audit log up to then."""

    prometheus: RunningPrometheus
    audit: tuple[Any, ...]
    at: float

    def sum(self, query: str) -> float:
        """The sum over the series of a query."""
        return sum(value for _, value in self.prometheus.query(query, self.at))

    def audited(self, user: str, verb: str, resource: str) -> int:
        """Requests of users whose name contains a text, subresources folded."""
        rows: Counter[tuple[str, str]] = Counter()
        for line in self.audit:
            if line["stage"] == "ResponseComplete" and user in line["user"]["username"]:
                rows[line["verb"], line.get("objectRef", {}).get("resource", "")] += 1
        return rows[verb, resource]


@pytest.fixture(scope="module")
def scraped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scraped]:
    folder = tmp_path_factory.mktemp("scraped")
    log = folder / "audit.log"
    arguments = ("--nodes", str(NODES), "--audit-log", str(log))
    with ExitStack() as simulating, ExitStack() as scraping:
        kubeconfig = simulating.enter_context(simulate_process(folder, *arguments))
        prometheus = scraping.enter_context(prometheus_scraping(kubeconfig, folder))
        wait_until_scraped(prometheus, TARGETS, 0.0)
        come_and_go(raw_api(kubeconfig))
        at = wait_until_scraped(prometheus, TARGETS, now())
        simulating.close()  # its log is whole when it has ended
        lines = tuple(json.loads(line) for line in log.read_bytes().splitlines())
        yield Scraped(prometheus, lines, at)


def now() -> float:
    """Unix seconds, as Prometheus dates its scrapes."""
    return SystemClock().wall().timestamp()


def come_and_go(api: RawApi) -> None:
    """Start some VMIs, wait until they run, delete them, wait until they are gone."""
    for index in range(COUNT):
        assert api.call("POST", VMIS, machine(f"m{index}")).code == 201
    until(lambda: [item["status"].get("phase") for item in items(api)] == ["Running"] * COUNT)
    for index in range(COUNT):
        assert api.call("DELETE", f"{VMIS}/m{index}").code == 200
    until(lambda: not items(api))


def items(api: RawApi) -> list[Any]:
    found: list[Any] = api.call("GET", VMIS).document["items"]
    return found


def until(condition: Any) -> None:
    for _ in range(6000):
        if condition():
            return
        time.sleep(0.1)
    raise AssertionError("not in time")


def test_every_component_and_the_api_server_are_scraped_without_an_error(scraped: Scraped) -> None:
    assert scraped.sum("up") == TARGETS
    assert scraped.sum("count(process_start_time_seconds)") == TARGETS


@pytest.mark.parametrize(
    ("verb", "audited", "resource"),
    [
        ("CREATE", "create", "pods"),
        ("UPDATE", "update", "virtualmachineinstances"),
        ("PATCH", "patch", "virtualmachineinstances"),
        ("PATCH", "patch", "pods"),
        ("DELETE", "delete", "pods"),
    ],
)
def test_component_counters_in_prometheus_are_the_audit_log(
    scraped: Scraped, verb: str, audited: str, resource: str
) -> None:
    labels = f'job="kubevirt",verb="{verb}",resource="{resource}"'
    known = scraped.audited("kubevirt", audited, resource)

    assert scraped.sum(f"kubevirt_rest_client_requests_total{{{labels}}}") == known
    assert known >= COUNT


@pytest.mark.parametrize(
    ("verb", "audited", "resource"),
    [
        ("POST", "create", "pods"),
        ("POST", "create", "virtualmachineinstances"),
        ("PUT", "update", "virtualmachineinstances"),
        ("DELETE", "delete", "virtualmachineinstances"),
    ],
)
def test_the_api_servers_counters_in_prometheus_are_the_audit_log(
    scraped: Scraped, verb: str, audited: str, resource: str
) -> None:
    labels = f'job="apiserver",verb="{verb}",resource="{resource}"'
    known = scraped.audited("", audited, resource)

    assert scraped.sum(f"apiserver_request_total{{{labels}}}") == known
    assert scraped.sum(f"apiserver_request_duration_seconds_count{{{labels}}}") == known
    assert known >= COUNT


def test_quantiles_of_request_durations_can_be_asked(scraped: Scraped) -> None:
    query = (
        "histogram_quantile(0.99, sum by (le) "
        '(apiserver_request_duration_seconds_bucket{verb="POST"}))'
    )

    assert 0 < scraped.sum(query) < 60
