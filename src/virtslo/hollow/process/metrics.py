"""A hollow component's `/metrics`, with the names, labels and types of the real ones.

Invariant: requests are what the component's client counted, subresources folded into their
resource, as KubeVirt's metric folds them. CPU and memory are a model, the same every time: seconds
for each request, and a base plus bytes for each object that the caches hold.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from virtslo.client.accounting import METHODS, Endpoint
from virtslo.client.exposition import Exposition
from virtslo.client.histogram import Histogram
from virtslo.hollow.process.component import Component
from virtslo.model.kubernetes import kubevirt_metrics
from virtslo.model.kubernetes.components import VIRT_API, VIRT_CONTROLLER, VIRT_HANDLER

CPU_PER_REQUEST: Final = 0.003
"""Seconds: virt-controller spends 0.030 s on the ten or so requests that bring one VMI up."""
CPU_PER_SECOND: Final = 0.002
MEMORY_BASE: Final = {VIRT_API: 200, VIRT_CONTROLLER: 84, VIRT_HANDLER: 60}
"""MiB when idle, as measured on a real plane (virt-handler's is a guess)."""
MEMORY_PER_OBJECT: Final = 12_000
"""Bytes that an informer's copy of an object takes, with its indexes."""
HOST: Final = "127.0.0.1:6443"


def expose(component: Component, *, is_leading: bool | None = None) -> bytes:
    """The exposition of one component's process; `is_leading` where it has a leader."""
    text = Exposition()
    _requests(text, component)
    _client_times(text, component)
    _queues(text, component)
    for more in component.metrics:
        more(text)
    _readiness(text, component, is_leading)
    _process(text, component)
    return text.encode()


def _requests(text: Exposition, component: Component) -> None:
    name = kubevirt_metrics.REQUESTS
    words = "Number of HTTP requests, partitioned by status code, method, and host."
    text.family(name, "counter", words)
    folded: dict[tuple[str, str, str], int] = {}
    for (verb, resource, _, code), count in component.account.requests.items():
        key = (code, resource, verb)
        folded[key] = folded.get(key, 0) + count
    for (code, resource, verb), count in sorted(folded.items()):
        labels = {
            "code": code,
            "host": HOST,
            "method": METHODS[verb],
            "resource": resource,
            "verb": verb,
        }
        text.sample(name, labels, count)


def _client_times(text: Exposition, component: Component) -> None:
    account = component.account
    families: Iterable[tuple[str, str, Mapping[Endpoint, Histogram]]] = (
        (kubevirt_metrics.REQUEST_LATENCIES, "Request latency in seconds.", account.answered),
        (
            kubevirt_metrics.RATE_LIMITER_WAITS,
            "Client side rate limiter latency in seconds.",
            account.waited,
        ),
    )
    for name, words, histograms in families:
        text.family(name, "histogram", f"{words} Broken down by verb and URL.")
        for endpoint, histogram in sorted(histograms.items()):
            labels = {"url": f"https://{HOST}{endpoint.path}", "verb": endpoint.method}
            text.histogram(name, labels, histogram)


def _queues(text: Exposition, component: Component) -> None:
    prefix = "kubevirt_workqueue"
    queues = [(queue, {"name": queue.name}) for queue in component.queues]
    if not queues:
        return
    text.family(f"{prefix}_adds_total", "counter", "Number of adds handled by workqueue")
    for queue, labels in queues:
        text.sample(f"{prefix}_adds_total", labels, queue.adds)
    text.family(f"{prefix}_retries_total", "counter", "Number of retries handled by workqueue")
    for queue, labels in queues:
        text.sample(f"{prefix}_retries_total", labels, queue.retries)
    text.family(f"{prefix}_depth", "gauge", "Current depth of workqueue")
    for queue, labels in queues:
        text.sample(f"{prefix}_depth", labels, len(queue))
    for name, words in (
        (kubevirt_metrics.QUEUE_WAITS, "stays in workqueue"),
        (kubevirt_metrics.QUEUE_WORK, "takes to be processed"),
    ):
        is_wait = name == kubevirt_metrics.QUEUE_WAITS
        text.family(name, "histogram", f"How long in seconds an item {words}")
        for queue, labels in queues:
            text.histogram(name, labels, queue.queued if is_wait else queue.worked)
    for index, part in enumerate(("unfinished_work", "longest_running_processor")):
        name = f"{prefix}_{part}_seconds"
        text.family(name, "gauge", "How many seconds of work are in progress")
        for queue, labels in queues:
            text.sample(name, labels, queue.unfinished_seconds()[index])


def _readiness(text: Exposition, component: Component, is_leading: bool | None) -> None:
    if is_leading is not None:
        name = kubevirt_metrics.LEADING
        words = "Indication for an operating virt-controller."
        text.single(name, "gauge", words, int(is_leading))
    name = component.identity.component.replace("-", "_")
    if name in {"virt_api", "virt_controller", "virt_operator"}:
        words = f"Indication for a {component.identity.component} that is ready."
        text.single(f"kubevirt_{name}_ready_status", "gauge", words, 1)


def _process(text: Exposition, component: Component) -> None:
    age = component.clock.wall().timestamp() - component.started
    cpu = component.account.calls * CPU_PER_REQUEST + age * CPU_PER_SECOND
    words = "Total user and system CPU time spent in seconds."
    text.single(kubevirt_metrics.PROCESS_CPU, "counter", words, round(cpu, 2))
    held = sum(len(cache.objects) for cache in component.caches)
    base = MEMORY_BASE.get(component.identity.component, 60) * 1024 * 1024
    words = "Resident memory size in bytes."
    memory = base + held * MEMORY_PER_OBJECT
    text.single(kubevirt_metrics.PROCESS_MEMORY, "gauge", words, memory)
    words = "Start time of the process since unix epoch in seconds."
    text.single(kubevirt_metrics.PROCESS_START, "gauge", words, round(component.started, 2))
