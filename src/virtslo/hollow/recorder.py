"""Events, as client-go's recorder sends them: created once, then patched as a series.

Invariant: an event that says the same of the same object again is a PATCH of the first.
"""

from collections.abc import Mapping
from typing import Any

from virtslo.base.clock import timestamp
from virtslo.base.errors import ClusterError
from virtslo.hollow.component import Component
from virtslo.model import resources
from virtslo.model.identifiers import Object
from virtslo.ports.kube_api import PatchType

LONGEST_MEMORY = 4096
"""Events remembered for series: client-go's cache size."""


class EventRecorder:
    """Sends a component's events."""

    def __init__(self, component: Component, source: str) -> None:
        self._component = component
        self._source = source
        self._known: dict[tuple[str, str, str], tuple[str, str, int]] = {}
        self._sent = 0

    async def send(self, about: Object, reason: str, message: str, kind: str = "Normal") -> None:
        """Send an event about an object; a failure is dropped, as the real recorder drops it."""
        metadata = about["metadata"]
        series = (metadata["uid"], reason, message)
        known = self._known.get(series)
        try:
            if known is not None:
                await self._again(series, known)
            else:
                await self._first(about, metadata, series, kind)
        except ClusterError:
            self._known.pop(series, None)

    async def _first(
        self, about: Object, metadata: Mapping[str, Any], series: tuple[str, str, str], kind: str
    ) -> None:
        self._sent += 1
        now = timestamp(self._component.clock.wall())
        name = f"{metadata['name']}.{self._component.clock.now_ns():016x}{self._sent:x}"
        namespace = metadata.get("namespace") or "default"
        self._known[series] = (namespace, name, 1)
        if len(self._known) > LONGEST_MEMORY:
            del self._known[next(iter(self._known))]
        event = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": name, "namespace": namespace},
            "involvedObject": {
                "apiVersion": about["apiVersion"],
                "kind": about["kind"],
                "name": metadata["name"],
                "namespace": namespace,
                "uid": metadata["uid"],
            },
            "reason": series[1],
            "message": series[2],
            "source": {"component": self._source},
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
            "type": kind,
        }
        await self._component.api.create(resources.EVENTS, event, namespace=namespace)

    async def _again(self, series: tuple[str, str, str], known: tuple[str, str, int]) -> None:
        namespace, name, count = known
        self._known[series] = (namespace, name, count + 1)
        patch = {"count": count + 1, "lastTimestamp": timestamp(self._component.clock.wall())}
        await self._component.api.patch(
            resources.EVENTS, name, patch, patch_type=PatchType.STRATEGIC, namespace=namespace
        )
