"""Opening the sources of REST call counts that a scenario names: audit log, Prometheus.

Invariant: on the simulated cluster in process, the named audit log is what its own API server
writes, for as long as the run lasts; on any other, what is there is read and never written.
"""

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final

from virtslo.app.run.call_counters import CallSources
from virtslo.base.bounded_files import UnreadableFile, open_to_append
from virtslo.base.clock import Clock
from virtslo.base.errors import ClusterError, StoreError
from virtslo.cli.wiring import (
    is_in_process,
    open_audit_log_files,
    open_scrapes,
    simulated_prometheus,
    write_audit_log_to,
)
from virtslo.model.plan.scenario import Observe
from virtslo.ports.audit_log_source import AuditLogSource
from virtslo.ports.kube_api import KubeApi
from virtslo.ports.metric_source import MetricSource

SIMULATED: Final = "simulated"
TOKEN: Final = "VIRTSLO_PROMETHEUS_TOKEN"  # noqa: S105  (a variable's name)


@asynccontextmanager
async def open_sources(observe: Observe, api: KubeApi, clock: Clock) -> AsyncIterator[CallSources]:
    """The sources, open for as long as the context is. Raises StoreError, ClusterError."""
    with _audit_log(observe, api, clock) as audit_log:
        async with _metrics(observe, api, clock) as metrics:
            yield CallSources(audit_log, metrics)


@contextmanager
def _audit_log(observe: Observe, api: KubeApi, clock: Clock) -> Iterator[AuditLogSource | None]:
    if observe.audit_log is None:
        yield None
        return
    path = Path(observe.audit_log)
    source = open_audit_log_files(path, in_thread=not clock.is_virtual)
    if not is_in_process(api):
        yield source
        return
    try:
        file = open_to_append(path)
    except UnreadableFile as error:
        words = f"cannot write the audit log {str(path)!r}: {error.found}"
        raise StoreError(words) from None

    def append(line: bytes) -> None:
        file.write(line)

    with file:
        write_audit_log_to(api, append)
        try:
            yield source
        finally:
            write_audit_log_to(api, None)


@asynccontextmanager
async def _metrics(
    observe: Observe, api: KubeApi, clock: Clock
) -> AsyncIterator[MetricSource | None]:
    if observe.prometheus is None:
        yield None
    elif observe.prometheus == SIMULATED:
        if not is_in_process(api):
            raise ClusterError(
                "observe.prometheus: the simulated Prometheus is there on the simulated cluster "
                "in process only",
                hint="name the URL of a Prometheus that scrapes this cluster",
            )
        async with simulated_prometheus(api, clock) as simulated:
            yield simulated
    else:
        async with open_scrapes(observe.prometheus, token=os.environ.get(TOKEN)) as source:
            yield source
