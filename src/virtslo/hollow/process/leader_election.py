"""Leader election over a Lease, as client-go's: one leads, the others ask every two seconds.

Invariant: who cannot renew its lease for ten seconds stops leading; a lease changes hands only when
it was released or has not been renewed for fifteen seconds, by the asker's own clock.
"""

from typing import Any, Final

from virtslo.base.clock import Clock, sleep, to_nanoseconds
from virtslo.base.errors import ClusterError, NotFound
from virtslo.hollow.process.component import Component
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes import resources

LEASE_SECONDS: Final = 15.0
RENEW_DEADLINE_SECONDS: Final = 10.0
RETRY_SECONDS: Final = 2.0


class LeadershipLost(ClusterError):
    """A leader could not renew its lease in time; its process ends, as the real one does."""


class LeaderElection:
    """One process's part in an election."""

    def __init__(self, component: Component, *, name: str, namespace: str, identity: str) -> None:
        self._api = component.api
        self._clock: Clock = component.clock
        self._name = name
        self._namespace = namespace
        self._identity = identity
        self._lease: Object | None = None
        self._observed_ns = 0

    async def acquire(self) -> None:
        """Return when this process leads."""
        while not await self._try_to_acquire():
            await self._pause()

    async def renew(self) -> None:
        """Keep leading. Raises LeadershipLost."""
        renewed_ns = self._clock.now_ns()
        while True:
            await self._pause()
            if await self._try_to_renew():
                renewed_ns = self._clock.now_ns()
            elif self._clock.now_ns() - renewed_ns > to_nanoseconds(RENEW_DEADLINE_SECONDS):
                raise LeadershipLost(f"{self._identity} could not renew its lease in time")

    async def release(self) -> None:
        """Give the lease up, so that another may lead at once."""
        if self._lease is None:
            return
        spec = {**self._lease["spec"], "holderIdentity": "", "leaseDurationSeconds": 1}
        await self._put(spec)

    async def _pause(self) -> None:
        await sleep(self._clock, RETRY_SECONDS)

    async def _try_to_acquire(self) -> bool:
        try:
            lease = await self._api.get(resources.LEASES, self._name, namespace=self._namespace)
        except NotFound:
            return await self._create()
        except ClusterError:
            return False
        if self._lease is None or _version(lease) != _version(self._lease):
            self._lease = lease
            self._observed_ns = self._clock.now_ns()
        spec = lease["spec"]
        holder = spec.get("holderIdentity", "")
        age_ns = self._clock.now_ns() - self._observed_ns
        is_over = age_ns > to_nanoseconds(float(spec.get("leaseDurationSeconds", 0)))
        if holder and holder != self._identity and not is_over:
            return False
        changes = int(spec.get("leaseTransitions", 0)) + (holder != self._identity)
        return await self._put(self._spec(changes))

    async def _create(self) -> bool:
        body = {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {"name": self._name, "namespace": self._namespace},
            "spec": self._spec(0),
        }
        try:
            self._lease = await self._api.create(resources.LEASES, body, namespace=self._namespace)
        except ClusterError:
            return False
        return True

    async def _try_to_renew(self) -> bool:
        assert self._lease is not None
        now = self._clock.micro_stamp()
        if await self._put({**self._lease["spec"], "renewTime": now}):
            return True
        try:
            found = await self._api.get(resources.LEASES, self._name, namespace=self._namespace)
        except ClusterError:
            return False
        if found["spec"].get("holderIdentity") == self._identity:
            self._lease = found
        return False

    async def _put(self, spec: dict[str, Any]) -> bool:
        assert self._lease is not None
        try:
            self._lease = await self._api.update(resources.LEASES, {**self._lease, "spec": spec})
        except ClusterError:
            return False
        self._observed_ns = self._clock.now_ns()
        return True

    def _spec(self, transitions: int) -> dict[str, Any]:
        now = self._clock.micro_stamp()
        return {
            "acquireTime": now,
            "holderIdentity": self._identity,
            "leaseDurationSeconds": int(LEASE_SECONDS),
            "leaseTransitions": transitions,
            "renewTime": now,
        }


def _version(lease: Object) -> str:
    version: str = lease["metadata"]["resourceVersion"]
    return version
