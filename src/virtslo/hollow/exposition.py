"""A hollow component's `/metrics`, with the names of the real ones.

Invariant: requests are what the component's client counted, subresources folded into their
resource, as KubeVirt's metric folds them. CPU and memory are a model: seconds per request, and a
base plus bytes per object known; they are labelled as simulated wherever they are printed.
"""

from collections.abc import Iterable
from typing import Final

from virtslo.base.clock import to_seconds
from virtslo.hollow.component import Component

METHODS: Final = {
    "GET": "GET",
    "LIST": "GET",
    "WATCH": "GET",
    "CREATE": "POST",
    "UPDATE": "PUT",
    "PATCH": "PATCH",
    "DELETE": "DELETE",
}
CPU_PER_REQUEST: Final = 0.003
MEMORY_BASE: Final = 60_000_000
MEMORY_PER_REQUEST: Final = 400
HOST: Final = "127.0.0.1:6443"


def expose(component: Component, *, is_leading: bool | None = None) -> bytes:
    """The exposition of one component's process."""
    lines = [*_requests(component), *_clients(component), *_queues(component)]
    calls = component.api.calls
    lines += [
        "# TYPE process_cpu_seconds_total counter",
        f"process_cpu_seconds_total {calls * CPU_PER_REQUEST:.6f}",
        "# TYPE process_resident_memory_bytes gauge",
        f"process_resident_memory_bytes {MEMORY_BASE + calls * MEMORY_PER_REQUEST}",
        "# TYPE process_start_time_seconds gauge",
        f"process_start_time_seconds {component.started:.3f}",
    ]
    if is_leading is not None:
        lines += [
            "# TYPE kubevirt_virt_controller_leading_status gauge",
            f"kubevirt_virt_controller_leading_status {int(is_leading)}",
        ]
    return ("\n".join(lines) + "\n").encode()


def _requests(component: Component) -> Iterable[str]:
    name = "kubevirt_rest_client_requests_total"
    folded: dict[tuple[str, str, str], int] = {}
    for (verb, resource, _, code), count in component.api.requests.items():
        key = (code, resource, verb)
        folded[key] = folded.get(key, 0) + count
    yield f"# TYPE {name} counter"
    for (code, resource, verb), count in sorted(folded.items()):
        yield (
            f'{name}{{code="{code}",host="{HOST}",method="{METHODS[verb]}",'
            f'resource="{resource}",verb="{verb}"}} {count}'
        )


def _clients(component: Component) -> Iterable[str]:
    counts = component.api.calls_by_verb()
    for name, spent in (
        ("kubevirt_rest_client_request_latency_seconds", component.api.answered_ns),
        ("kubevirt_rest_client_rate_limiter_duration_seconds", component.api.waited_ns),
    ):
        yield f"# TYPE {name} histogram"
        for verb, nanoseconds in sorted(spent.items()):
            labels = f'url="https://{HOST}/",verb="{verb}"'
            count = counts.get(verb, 0)
            yield f'{name}_bucket{{{labels},le="+Inf"}} {count}'
            yield f"{name}_sum{{{labels}}} {to_seconds(nanoseconds):.9f}"
            yield f"{name}_count{{{labels}}} {count}"


def _queues(component: Component) -> Iterable[str]:
    for what, attribute in (("adds_total", "adds"), ("retries_total", "retries")):
        yield f"# TYPE kubevirt_workqueue_{what} counter"
        for queue in component.queues:
            count = getattr(queue, attribute)
            yield f'kubevirt_workqueue_{what}{{name="{queue.name}"}} {count}'
    yield "# TYPE kubevirt_workqueue_depth gauge"
    for queue in component.queues:
        yield f'kubevirt_workqueue_depth{{name="{queue.name}"}} {len(queue)}'
    for what, attribute in (("queue_duration", "queued_ns"), ("work_duration", "worked_ns")):
        name = f"kubevirt_workqueue_{what}_seconds"
        yield f"# TYPE {name} histogram"
        for queue in component.queues:
            seconds = to_seconds(getattr(queue, attribute))
            yield f'{name}_bucket{{name="{queue.name}",le="+Inf"}} {queue.done_count}'
            yield f'{name}_sum{{name="{queue.name}"}} {seconds:.9f}'
            yield f'{name}_count{{name="{queue.name}"}} {queue.done_count}'
