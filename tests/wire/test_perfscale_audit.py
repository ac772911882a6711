"""Auditing a burst whose truth is known, on a real Prometheus: our way and perfscale-audit's."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from support.cli import virtslo
from support.hollow_clusters import Hollow, in_hollow_cluster, vmi
from support.real_prometheus import Scrape, prometheus_with
from support.running_prometheus import RunningPrometheus, missing
from virtslo.base.virtual_time import VirtualClock
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes import resources
from virtslo.ports.kube_api import Selection

pytestmark = [
    pytest.mark.skipif(bool(missing("promtool")), reason=missing("promtool") or "none"),
    pytest.mark.slow,
]
COUNT = 100
INTERVAL = 30.0


@dataclass(frozen=True, slots=True)
class Scraped:
    """What was scraped, the window of the test, and the truth."""

    scrapes: tuple[Scrape, ...]
    start: float
    end: float
    pods_created: int
    patches: int
    updates: int


@dataclass(frozen=True, slots=True)
class Audited:
    """A real Prometheus over that."""

    prometheus: RunningPrometheus
    truth: Scraped


def scraped_burst() -> Scraped:
    """A burst of VMIs on the simulated cluster, scraped every 30 s, in virtual time."""

    async def test(hollow: Hollow) -> Scraped:
        scrapes: list[Scrape] = []
        clock = hollow.clock
        assert isinstance(clock, VirtualClock)

        async def scrape() -> None:
            pods = await hollow.api.list_objects(resources.PODS, Selection("kubevirt"))
            for pod in pods.items:
                name = pod["metadata"]["name"]
                path = f"/api/v1/namespaces/kubevirt/pods/https:{name}:8443/proxy/metrics"
                text = (await hollow.api.read_raw(path)).decode()
                scrapes.append((clock.wall().timestamp(), name, text))

        async def keep_scraping() -> None:
            while True:
                await scrape()
                await asyncio.sleep(INTERVAL)

        async with asyncio.TaskGroup() as group:
            scraping = group.create_task(keep_scraping())
            await asyncio.sleep(310)
            start, before = clock.wall().timestamp(), len(hollow.audit_log)
            for index in range(COUNT):
                await hollow.api.create(resources.VMIS, vmi(f"vmi-{index:03d}"))
                await asyncio.sleep(0.1)

            async def all_running() -> bool:
                found = await hollow.list_objects(resources.VMIS)
                return sum(is_running(item) for item in found) == COUNT

            await hollow.until(all_running, seconds=300)
            await asyncio.sleep(5)
            end, after = clock.wall().timestamp(), len(hollow.audit_log)
            await asyncio.sleep(120)
            scraping.cancel()
        lines = hollow.audit_log[before:after]
        made = [line for line in lines if "kubevirt" in str(line["user"].get("username"))]
        return Scraped(
            tuple(scrapes),
            start,
            end,
            pods_created=count(made, "create", "pods"),
            patches=count(made, "patch", "virtualmachineinstances"),
            updates=count(made, "update", "virtualmachineinstances"),
        )

    return in_hollow_cluster(test, profile="ci", nodes=2)


def is_running(item: Object) -> bool:
    return bool(item.get("status", {}).get("phase") == "Running")


def count(lines: list[Object], verb: str, resource: str) -> int:
    """Completed requests of KubeVirt's components in the audit log, subresources folded."""
    return sum(
        line["stage"] == "ResponseComplete"
        and line["verb"] == verb
        and line["objectRef"]["resource"] == resource
        and line["responseStatus"]["code"] < 300
        for line in lines
        if "objectRef" in line
    )


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Audited]:
    truth = scraped_burst()
    with prometheus_with(truth.scrapes, tmp_path_factory.mktemp("prometheus")) as prometheus:
        yield Audited(prometheus, truth)


def date(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat()


def ours(audited: Audited, *more: str) -> dict[str, float]:
    done = virtslo(
        "audit", "--prometheus", audited.prometheus.url,
        "--start", date(audited.truth.start), "--end", date(audited.truth.end),
        "--format", "json", *more,
    )  # fmt: skip
    assert done.code == 0, done.err
    return {key: item["value"] for key, item in done.document["Values"].items()}


def theirs(audited: Audited, verb: str, resource: str) -> float | None:
    """As perfscale-audit asks: increase() over at least ten scrapes, shifted back by one."""
    truth = audited.truth
    span = int(max(10 * INTERVAL, truth.end - truth.start))
    end = truth.start + span
    query = (
        f'increase(kubevirt_rest_client_requests_total{{pod=~"virt-controller.*|virt-handler.*|'
        f'virt-operator.*|virt-api.*"}}[{span}s] offset {int(INTERVAL)}s)'
    )
    values = [
        value
        for labels, value in audited.prometheus.query(query, end)
        if labels.get("verb") == verb and labels.get("resource") == resource and value >= 1
    ]
    return sum(values) if values else None


def test_our_counts_are_the_audit_logs_to_the_last_request(
    audited: Audited, capsys: pytest.CaptureFixture[str]
) -> None:
    found = ours(audited)
    truth = audited.truth
    rows = [
        ("CREATE", "pods", truth.pods_created),
        ("PATCH", "virtualmachineinstances", truth.patches),
        ("UPDATE", "virtualmachineinstances", truth.updates),
    ]

    with capsys.disabled():
        print(  # noqa: T201
            "\n  request                            truth  virtslo audit  increase()  its error"
        )
        for verb, resource, known in rows:
            mine = found[f"{verb}-{resource}-count"]
            other = theirs(audited, verb, resource)
            told = "missing" if other is None else f"{other:10.1f}"
            off = "" if other is None else f"{100 * (other - known) / known:+8.1f} %"
            print(f"  {verb + ' ' + resource:<32} {known:7d}  {mine:13.0f}  {told:>10}  {off}")  # noqa: T201
    assert truth.pods_created == COUNT
    for verb, resource, known in rows:
        assert found[f"{verb}-{resource}-count"] == known


def test_increase_is_not_the_truth(audited: Audited) -> None:
    other = theirs(audited, "CREATE", "pods")

    assert other is None or abs(other - COUNT) > 1


def test_latencies_are_known_to_their_bucket_over_every_process(audited: Audited) -> None:
    done = virtslo(
        "audit", "--prometheus", audited.prometheus.url,
        "--start", date(audited.truth.start), "--end", date(audited.truth.end),
    )  # fmt: skip

    (line,) = [line for line in done.out.splitlines() if "vmiCreationToRunningSecondsP50" in line]
    assert "its histogram knows no more" in line
    assert f"n = {COUNT}" in line


def test_a_threshold_is_exceeded_by_more_and_not_by_less(audited: Audited, tmp_path: Path) -> None:
    truth = audited.truth
    per_pod = truth.updates / truth.pods_created
    judged = {}
    for ratio in (per_pod * 0.5, per_pod * 2):
        document = {
            "startTime": date(truth.start),
            "endTime": date(truth.end),
            "prometheusURL": audited.prometheus.url,
            "prometheusScrapeInterval": 30_000_000_000,
            "thresholdExpectations": {
                "UPDATE-virtualmachineinstances-count": {
                    "metric": "CREATE-pods-count", "ratio": ratio,
                },
            },
        }  # fmt: skip
        path = tmp_path / "perf-audit-input.json"
        path.write_text(json.dumps(document))
        results = tmp_path / "perf-audit-results.json"
        done = virtslo("audit", str(path), "--results-file", str(results))
        found = json.loads(results.read_text())["Values"]["UPDATE-virtualmachineinstances-count"]
        judged[ratio > per_pod] = (done.code, found["thresholdResult"]["thresholdExceeded"])

    assert judged == {False: (1, True), True: (0, False)}


def test_a_window_without_scrapes_is_no_data(audited: Audited) -> None:
    done = virtslo(
        "audit", "--prometheus", audited.prometheus.url,
        "--start", "2020-01-01T00:00:00Z", "--duration", "10m",
    )  # fmt: skip

    assert "no data" in done.out
    assert "was not scraped" in done.out
