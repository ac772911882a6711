"""A node's kubelet, hollow: starts and stops the containers of its pods.

Invariant: it touches only pods bound to its node, in the order of a real one: GET, status PATCH;
and at the end a DELETE with no grace.
"""

import asyncio
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from virtslo.base.clock import sleep, to_nanoseconds, to_seconds
from virtslo.base.errors import ClusterError, Forbidden, NotFound
from virtslo.hollow.client_go.cache import Cache, key_of
from virtslo.hollow.client_go.ownership import controller_of
from virtslo.hollow.node.host import Host
from virtslo.hollow.process.component import Component
from virtslo.hollow.process.delays import POD_CREATE, POD_START, POD_STOP
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes import resources
from virtslo.ports.kube_api import PatchType

PATIENCE: Final = 20
"""Attempts at a status update before a pod is left to the next event."""
LONGEST_PAUSE: Final = 1.0
"""Seconds between attempts."""
FIRST_REFUSED_PAUSE: Final = 0.02
"""Seconds after a first 403: a real server's node authorizer learns that a pod is bound a moment
after the kubelet does."""
GRACE_SECONDS: Final = 30.0
"""A pod's own, where its deletion names none."""
_OVER: Final = frozenset({"Succeeded", "Failed"})


class Kubelet:
    """One node's kubelet."""

    def __init__(
        self,
        component: Component,
        pods: Cache,
        host: Host,
    ) -> None:
        self._component = component
        self._api = component.api
        self._delays = host.delays
        self._node = host.name
        self._address = host.address
        self._network = host.network
        self._machine = host.machine
        self._group: asyncio.TaskGroup | None = None
        self._started: dict[str, None] = {}
        self._stopping: dict[str, None] = {}
        self._pods = pods
        pods.when_seen(self._pod_seen)
        host.machine.when_launcher_ends(self._launcher_ended)

    def start(self, group: asyncio.TaskGroup) -> None:
        """Pods are started and stopped as tasks of this group."""
        self._group = group

    def _pod_seen(self, before: Object | None, after: Object | None) -> None:
        group = self._group
        if group is None:
            return
        if after is None:
            if before is not None:
                self._started.pop(before["metadata"]["uid"], None)
                self._stopping.pop(before["metadata"]["uid"], None)
                self._network.release(before["metadata"]["uid"])
                self._network.release("/".join(key_of(before)))
            return
        uid = after["metadata"]["uid"]
        phase = after.get("status", {}).get("phase")
        if after["metadata"].get("deletionTimestamp"):
            if uid not in self._stopping:
                self._stopping[uid] = None
                self._component.begin(group, after, self._stop)
        elif phase == "Pending" and uid not in self._started:
            self._started[uid] = None
            self._component.begin(group, after, self._start)

    def _launcher_ended(self, pod_uid: str) -> None:
        """A pod's process ended by itself: say so."""
        for pod in self._pods.objects.values():
            if pod["metadata"]["uid"] == pod_uid and self._group is not None:
                self._component.begin(self._group, pod, self._end)

    async def _end(self, pod: Object) -> None:
        if pod["metadata"]["uid"] not in self._stopping:
            await self._report(pod, stopped(pod, self._now()))

    async def _start(self, pod: Object) -> None:
        key = "/".join(key_of(pod))
        await self._delays.wait_for_pod(POD_CREATE, key)
        if not await self._report(pod, creating(pod, self._now(), self._address)):
            return
        await self._delays.wait_for_pod(POD_START, key)
        if pod["metadata"]["uid"] in self._stopping:
            return
        await self._report(pod, running(pod, self._now(), self._address_of(pod)))

    def _address_of(self, pod: Object) -> str:
        """The address that a pod gets, or has."""
        living = (
            name
            for each in self._pods.objects.values()
            for name in (each["metadata"]["uid"], "/".join(key_of(each)))
        )
        return self._network.assign(self._node, pod["metadata"]["uid"], living)

    async def _stop(self, pod: Object) -> None:
        metadata = pod["metadata"]
        grace = metadata.get("deletionGracePeriodSeconds", GRACE_SECONDS)
        end_ns = self._component.clock.now_ns() + to_nanoseconds(grace)
        await self._delays.wait(POD_STOP, "/".join(key_of(pod)))
        owner = controller_of(pod)
        if owner is not None:
            left_ns = max(0, end_ns - self._component.clock.now_ns())
            await self._machine.domain_down(owner["uid"], to_seconds(left_ns))
        await self._delays.turn_of_pod()
        if pod.get("status", {}).get("phase") not in _OVER:
            await self._report(pod, stopped(pod, self._now()))
        for attempt in range(PATIENCE):
            try:
                await self._api.delete(
                    resources.PODS,
                    metadata["name"],
                    namespace=metadata["namespace"],
                    grace_period_seconds=0,
                    uid=metadata["uid"],
                )
            except NotFound:
                return
            except ClusterError as error:
                await self._pause(error, attempt)
            else:
                return

    async def _report(self, pod: Object, status: dict[str, Any]) -> bool:
        """GET the pod and PATCH its status; whether it is still there."""
        metadata = pod["metadata"]
        for attempt in range(PATIENCE):
            try:
                await self._api.get(
                    resources.PODS, metadata["name"], namespace=metadata["namespace"]
                )
                await self._api.patch(
                    resources.PODS,
                    metadata["name"],
                    {"status": status},
                    patch_type=PatchType.STRATEGIC,
                    namespace=metadata["namespace"],
                    subresource="status",
                )
            except NotFound:
                return False
            except ClusterError as error:
                await self._pause(error, attempt)
            else:
                return True
        return False

    async def _pause(self, error: ClusterError, attempt: int) -> None:
        """Wait before another attempt; a refusal is over once the authorizer has caught up."""
        is_refused = isinstance(error, Forbidden)
        seconds = FIRST_REFUSED_PAUSE * 2**attempt if is_refused else LONGEST_PAUSE
        await sleep(self._component.clock, min(seconds, LONGEST_PAUSE))

    def _now(self) -> str:
        return self._component.clock.stamp()


def creating(pod: Object, now: str, address: str) -> dict[str, Any]:
    """The status when the sandbox is made and containers are being created."""
    return {
        "conditions": _conditions("False", now),
        "containerStatuses": [
            _created(item["image"], item["name"]) for item in pod["spec"]["containers"]
        ],
        "hostIP": address,
        "hostIPs": [_host_address(address)],
        "startTime": now,
    }


def running(pod: Object, now: str, address: str) -> dict[str, Any]:
    """The status when every container runs and is ready."""
    return {
        "conditions": _conditions("True", now),
        "containerStatuses": [
            _started(item["image"], item["name"], now) for item in pod["spec"]["containers"]
        ],
        "phase": "Running",
        "podIP": address,
        "podIPs": [{"ip": address}],
    }


def stopped(pod: Object, now: str) -> dict[str, Any]:
    """The status when every container has ended well."""
    return {
        "conditions": _conditions("False", now, _TYPES_OF_ENDED),
        "containerStatuses": [
            _ended(item["image"], item["name"], now) for item in pod["spec"]["containers"]
        ],
        "phase": "Succeeded",
    }


_TYPES_OF_ENDED: Final = ("ContainersReady", "PodReadyToStartContainers", "Ready")
_TYPES: Final = (*_TYPES_OF_ENDED, "Initialized")

# What pods of one second have in common is made once: parts of objects are never changed.


@lru_cache(maxsize=128)
def _conditions(
    status: str, now: str, types: tuple[str, ...] = _TYPES
) -> Sequence[Mapping[str, Any]]:
    return [{"lastTransitionTime": now, "status": status, "type": name} for name in types]


@lru_cache(maxsize=4096)
def _host_address(address: str) -> Mapping[str, Any]:
    return {"ip": address}


@lru_cache(maxsize=128)
def _created(image: str, name: str) -> Mapping[str, Any]:
    return _container(image, name, ready=False)


@lru_cache(maxsize=128)
def _started(image: str, name: str, now: str) -> Mapping[str, Any]:
    return {**_container(image, name, ready=True), "state": {"running": {"startedAt": now}}}


@lru_cache(maxsize=128)
def _ended(image: str, name: str, now: str) -> Mapping[str, Any]:
    over = {"terminated": {"exitCode": 0, "finishedAt": now, "reason": "Completed"}}
    return {**_container(image, name, ready=False), "state": over}


def _container(image: str, name: str, *, ready: bool) -> dict[str, Any]:
    return {
        "image": image,
        "imageID": "",
        "name": name,
        "ready": ready,
        "restartCount": 0,
        "started": ready,
    }
