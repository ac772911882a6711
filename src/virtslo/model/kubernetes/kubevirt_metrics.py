"""The names of the metrics of KubeVirt's components that virtslo reads, and that hollow ones serve.

Invariant: a name is written here alone; they are those of KubeVirt's own metrics packages.
"""

from typing import Final

REQUESTS: Final = "kubevirt_rest_client_requests_total"
OLDER_REQUESTS: Final = "rest_client_requests_total"
"""The name of `REQUESTS` before KubeVirt gave its metrics a prefix."""
RATE_LIMITER_WAITS: Final = "kubevirt_rest_client_rate_limiter_duration_seconds"
REQUEST_LATENCIES: Final = "kubevirt_rest_client_request_latency_seconds"
QUEUE_WAITS: Final = "kubevirt_workqueue_queue_duration_seconds"
QUEUE_WORK: Final = "kubevirt_workqueue_work_duration_seconds"
LEADING: Final = "kubevirt_virt_controller_leading_status"

PROCESS_START: Final = "process_start_time_seconds"
PROCESS_CPU: Final = "process_cpu_seconds_total"
PROCESS_MEMORY: Final = "process_resident_memory_bytes"
READING_VERBS: Final = ("GET", "LIST", "WATCH")
"""The verbs that are one HTTP method: without a `verb` label they cannot be distinguished."""
VERB_OF_METHOD: Final = {
    "POST": "CREATE",
    "PUT": "UPDATE",
    "PATCH": "PATCH",
    "DELETE": "DELETE",
}
"""Verbs of KubeVirt's metric by HTTP method: some distributions' versions have no `verb` label."""
