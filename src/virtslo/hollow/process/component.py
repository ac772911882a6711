"""A hollow component: one process of the real ones, with its client and its work.

Invariant: a component reaches the cluster through its own accounted client and in no other way.
"""

import asyncio
import zlib
from collections.abc import Awaitable, Callable, Hashable, Mapping
from random import Random
from typing import Final, TypeVar

from virtslo.base.clock import Clock
from virtslo.base.errors import ClusterError
from virtslo.client.accounting import AccountedTransport, CallAccount
from virtslo.client.exposition import Exposition
from virtslo.client.reflector import Reflector
from virtslo.client.token_bucket import TokenBucket
from virtslo.client.work_queue import WorkQueue
from virtslo.hollow.client_go.bad_objects import UNREADABLE, BadObjects, name_of
from virtslo.hollow.client_go.cache import Cache, Left
from virtslo.hollow.process.delays import Work, draw, working_alone
from virtslo.model.identifiers import NamespacedName, Object
from virtslo.model.kubernetes import client_limits
from virtslo.model.kubernetes.identity import Identity
from virtslo.model.kubernetes.resources import Resource
from virtslo.model.simulated.profile import ComponentLimits, Distribution
from virtslo.ports.kube_api import EVERYTHING, KubeApi, Selection, Transport

K = TypeVar("K", bound=Hashable)

KUBEVIRT_NAMESPACE: Final = "kubevirt"

DEFAULT_LIMITS: Final = {
    name: ComponentLimits(*limits) for name, limits in client_limits.COMPONENT_LIMITS.items()
}
"""Client token buckets at the real defaults."""


class Labour:
    """A controller's own work for each reconcile, before it looks at its caches."""

    def __init__(self, work: Work, distribution: Distribution, chance: Random) -> None:
        self._work = work
        self._distribution = distribution
        self._chance = chance

    async def done(self) -> None:
        """Return when one reconcile's own work is done."""
        await self._work(draw(self._distribution, self._chance))


class Component:
    """One component's identity, client, caches and queues."""

    def __init__(
        self,
        identity: Identity,
        transport: Transport,
        clock: Clock,
        *,
        limits: ComponentLimits | None = None,
        labour: Mapping[str, Distribution] | None = None,
        seed: int = 0,
        work: Work | None = None,
    ) -> None:
        self.identity = identity
        self.clock = clock
        self._labour = labour or {}
        self._seed = seed
        self._work = work or working_alone(clock)
        self.account = CallAccount()
        """Every call of every client of this component."""
        self._transport = transport
        self._accounted = AccountedTransport(transport, clock, self.account)
        self.api = KubeApi(self._accounted)
        self.set_limits(limits)
        self.bad_objects = BadObjects(identity.component)
        self.caches: list[Cache] = []
        self.left: list[Left] = []
        """Receives every object that a cache of this component holds no more."""
        self.metrics: list[Callable[[Exposition], None]] = []
        """What a component's parts add to its exposition."""
        self.reflectors: list[Reflector] = []
        self.queues: list[WorkQueue[NamespacedName]] = []
        self.background: list[Callable[[asyncio.TaskGroup], None]] = []
        """What begins to work beside the reflectors: senders of events."""
        self.kubevirt: Object | None = None
        """The KubeVirt object, as far as it was seen; None before, and where it is not watched."""
        self.started = clock.wall().timestamp()
        self._mark = f"{zlib.crc32(identity.component.encode()) & 0xFFF:03x}"
        self._suffixes = 0
        self._running = 0

    def set_limits(self, limits: ComponentLimits | None) -> None:
        """Give the client a new token bucket; none, or no queries per second, is no limit."""
        self.limits = limits
        self._accounted.bucket = None
        if limits is not None and limits.qps > 0:
            self._accounted.bucket = TokenBucket(self.clock, qps=limits.qps, burst=limits.burst)

    def client(self, limits: ComponentLimits | None) -> KubeApi:
        """A client of one part's own, where the parts of a process do not share a token bucket.

        Its calls are counted with the others'.
        """
        if limits is None or limits.qps <= 0:
            return self.api
        bucket = TokenBucket(self.clock, qps=limits.qps, burst=limits.burst)
        return KubeApi(AccountedTransport(self._transport, self.clock, self.account, bucket=bucket))

    def labour(self, controller: str) -> Labour | None:
        """A controller's own work, as its profile says; None where it takes no time.

        There is one random stream for each controller.
        """
        distribution = self._labour.get(controller)
        if distribution is None:
            return None
        return Labour(self._work, distribution, Random(f"{self._seed}:labour:{controller}"))

    def queue(self, name: str) -> WorkQueue[NamespacedName]:
        """A new work queue, which is in the component's metrics under this name."""
        queue: WorkQueue[NamespacedName] = WorkQueue(self.clock, name)
        self.queues.append(queue)
        return queue

    def watch(self, resource: Resource, selection: Selection = EVERYTHING) -> Cache:
        """A cache that a reflector of this component keeps."""
        cache = Cache(self.bad_objects, self.left)
        self.caches.append(cache)
        self.reflectors.append(
            Reflector(self.api, resource, selection, handler=cache, clock=self.clock)
        )
        return cache

    def unique_suffix(self) -> str:
        """A suffix that makes names given at the same moment distinct, in hexadecimal."""
        self._suffixes += 1
        return f"{self.clock.now_ns():x}{self._mark}{self._suffixes:x}"

    def start(self, group: asyncio.TaskGroup) -> None:
        """Run the reflectors, and what runs beside them."""
        for reflector in self.reflectors[self._running :]:
            group.create_task(reflector.run())
        self._running = len(self.reflectors)
        for begin in self.background:
            begin(group)
        self.background.clear()

    def begin(
        self, group: asyncio.TaskGroup, target: Object, work: Callable[[Object], Awaitable[None]]
    ) -> None:
        """Work on an object as a task of a group, which outlives what a malformed one causes."""
        group.create_task(self._guarded(target, work))

    async def _guarded(self, target: Object, work: Callable[[Object], Awaitable[None]]) -> None:
        try:
            await work(target)
        except UNREADABLE as error:
            self.bad_objects.note(name_of(target), error)

    async def synced(self) -> None:
        """Return when every cache has been filled once."""
        for reflector in self.reflectors:
            await reflector.synced.wait()


def run_workers(
    group: asyncio.TaskGroup,
    queue: WorkQueue[K],
    reconcile: Callable[[K], Awaitable[None]],
    *,
    workers: int,
    bad: BadObjects,
    labour: Labour | None = None,
) -> None:
    """Run a number of workers on a queue; a failed key is retried after its back-off.

    `labour` is done before each reconcile.
    """

    async def work() -> None:
        while True:
            key = await queue.get()
            try:
                if labour is not None:
                    await labour.done()
                await reconcile(key)
            except ClusterError:
                queue.add_rate_limited(key)
            except UNREADABLE as error:
                bad.note(f"{queue.name}: {key}", error)
                queue.add_rate_limited(key)
            else:
                queue.forget(key)
            finally:
                queue.done(key)

    for _ in range(workers):
        group.create_task(work())
