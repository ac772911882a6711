"""A real Prometheus holding what was scraped from a simulated cluster in virtual time.

The scrapes are made in virtual time, written as OpenMetrics with their times, turned into blocks by
promtool, and served by Prometheus on loopback: what it answers is what it would have after having
scraped for as long.
"""

import json
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from support.running_prometheus import RunningPrometheus, running_prometheus

Scrape = tuple[float, str, str]
"""(Unix seconds, pod, exposition)."""


def lines_of(scrape: Scrape) -> Iterator[str]:
    """The samples of a scrape with the labels that a scrape config adds, and its time."""
    at, pod, text = scrape
    added = {"pod": pod, "namespace": "kubevirt", "instance": f"{pod}:8443", "job": "kubevirt"}
    families = text_string_to_metric_families(text)
    for family in families:
        for sample in family.samples:
            labels = ",".join(
                f"{key}={json.dumps(value)}" for key, value in {**sample.labels, **added}.items()
            )
            yield f"{sample.name}{{{labels}}} {sample.value!r} {at:.3f}"


@contextmanager
def prometheus_with(scrapes: Sequence[Scrape], folder: Path) -> Iterator[RunningPrometheus]:
    """A Prometheus that holds these scrapes."""
    text = folder / "scrapes.txt"
    with text.open("w") as file:
        for scrape in scrapes:
            file.writelines(f"{line}\n" for line in lines_of(scrape))
        file.write("# EOF\n")
    data = folder / "data"
    command = ["promtool", "tsdb", "create-blocks-from", "openmetrics", str(text), str(data)]
    subprocess.run(command, check=True, capture_output=True, timeout=600)
    with running_prometheus(
        folder, {"global": {}}, "--storage.tsdb.retention.time=100y"
    ) as running:
        yield running
