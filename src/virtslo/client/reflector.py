"""List, watch, resume, relist: how a client keeps up with a collection.

Invariant: nothing is missed and nothing is silent. Events are handed on in order; a broken watch is
resumed from the last version seen, and counted; where that version is no longer known the
collection is listed again, and everything learnt that way is marked as relisted. A server is never
asked in a tight loop: whatever does not last is tried again after client-go's back-off.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Final, Protocol

from virtslo.base.clock import Clock, sleep, to_nanoseconds
from virtslo.base.errors import (
    BadRequest,
    ClusterError,
    ConnectionLost,
    Forbidden,
    Invalid,
    MethodNotAllowed,
    NotFound,
    ResourceExpired,
    TooManyRequests,
    Unauthorized,
    WatchStalled,
)
from virtslo.client.latch import Latch
from virtslo.client.paging import pages
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes.resources import Resource
from virtslo.ports.kube_api import EVERYTHING, DeliversEvents, KubeApi, Selection, WatchEvent

FIRST_DELAY: Final = 0.8
LONGEST_DELAY: Final = 30.0
RESET_SECONDS: Final = 120.0
"""Seconds between attempts: client-go's reflector backs off from 800 ms to 30 s, and begins at
800 ms again when it has not had to for two minutes."""

SHORT_SECONDS: Final = 1.0
"""A watch that breaks sooner, or ends sooner without an event, is not resumed at once, as client-go
has it."""

REFUSED_SECONDS: Final = 60.0
"""How long refusals may last of what was allowed before: an API server that has just been started
refuses everybody until it has read its roles and its resources."""

_HOPELESS: Final = (Unauthorized, Forbidden, NotFound, MethodNotAllowed, BadRequest, Invalid)
_REFUSALS: Final = (Unauthorized, Forbidden, NotFound)


class ReflectorHandler(Protocol):
    """Who wants to keep up."""

    def listed(self, objects: Sequence[Object], received_ns: int, relist: bool) -> None:
        """The whole collection, at first (`relist` False) or again."""
        ...

    def changed(self, event: WatchEvent) -> None:
        """One event of the watch."""
        ...

    def bookmark(self, received_ns: int) -> None:
        """Nothing changed, and the watch lives."""
        ...

    def lost(self, reason: str) -> None:
        """The watch broke; it is being resumed."""
        ...


class Reflector:
    """Keeps a handler up to date with what is selected of a collection."""

    def __init__(
        self,
        api: KubeApi,
        resource: Resource,
        selection: Selection = EVERYTHING,
        *,
        handler: ReflectorHandler,
        clock: Clock,
        stall_after: float | None = None,
        facts_only: bool = False,
    ) -> None:
        """With `facts_only`, the handler reads no more than `ObjectFacts` of a changed object."""
        self._api = api
        self._resource = resource
        self._selection = selection
        self._handler = handler
        self._clock = clock
        self._stall_after = stall_after
        self._facts_only = facts_only
        self._version: str | None = None
        self._delay = FIRST_DELAY
        self._backed_off_ns: int | None = None
        self._refused_since_ns: int | None = None
        self._opened_ns: int | None = None
        self._newest: WatchEvent | None = None
        """What the present watch brought last."""
        self.synced = Latch()
        self.relists = 0
        self.resumed = 0
        self.is_broken = False
        """Whether nothing is learnt now: the watch broke, and no attempt has succeeded since."""

    async def run(self) -> None:
        """List and watch until cancelled. Raises ClusterError for non-retryable errors."""
        while True:
            self._opened_ns = None  # what the watch before lived is no excuse of this turn's
            self._newest = None
            try:
                if self._version is None:
                    await self._list()
                await self._watch()
                if self._was_in_vain():
                    await self._back_off()
            except ResourceExpired:
                self._version = None
                await self._back_off()
            except ClusterError as error:
                if isinstance(error, _HOPELESS) and not self._may_pass(error):
                    raise
                self._handler.lost(str(error))
                self.resumed += 1
                self.is_broken = True
                if not (isinstance(error, ConnectionLost) and self._has_lived()):
                    await self._back_off(error)

    def _has_lived(self) -> bool:
        """Whether what broke was a watch that had been open for a while."""
        if self._opened_ns is None:
            return False
        return self._clock.now_ns() - self._opened_ns >= to_nanoseconds(SHORT_SECONDS)

    def _was_in_vain(self) -> bool:
        """Whether a watch that ended was too short to be resumed at once."""
        return self._newest is None and not self._has_lived()

    def _may_pass(self, error: ClusterError) -> bool:
        """Whether a refusal may be that of an API server that has just been started."""
        if not self.synced.is_set() or not isinstance(error, _REFUSALS):
            return False
        now_ns = self._clock.now_ns()
        if self._refused_since_ns is None:
            self._refused_since_ns = now_ns
        return now_ns - self._refused_since_ns <= to_nanoseconds(REFUSED_SECONDS)

    async def _read_all(self) -> tuple[list[Object], int, str]:
        """The whole collection, page by page; at once where a page's token is no longer known."""
        objects: list[Object] = []
        try:
            async for page in pages(self._api, self._resource, self._selection):
                received_ns = self._clock.now_ns()
                objects.extend(page.items)
        except ResourceExpired:
            if not objects:
                raise
            page = await self._api.list_objects(self._resource, self._selection)
            received_ns = self._clock.now_ns()
            objects = [*page.items]
        return objects, received_ns, page.resource_version

    async def _list(self) -> None:
        objects, received_ns, version = await self._read_all()
        is_again = self.synced.is_set()
        if is_again:
            self.relists += 1
        self._handler.listed(objects, received_ns, is_again)
        self._version = version
        self.synced.set()

    async def _watch(self) -> None:
        try:
            async with self._api.watch(
                self._resource,
                self._selection,
                resource_version=self._version,
                facts_only=self._facts_only,
            ) as events:
                self._refused_since_ns = None
                self._opened_ns = self._clock.now_ns()
                self.is_broken = False
                if self._stall_after is None and isinstance(events, DeliversEvents):
                    await events.deliver(self._take)
                else:
                    await self._iterate(events)
        finally:
            if self._newest is not None:
                self._version = self._newest.object["metadata"]["resourceVersion"]

    async def _iterate(self, events: AsyncIterator[WatchEvent]) -> None:
        """Take one event after another. Raises WatchStalled where none comes for too long."""
        if self._stall_after is None:
            async for event in events:
                self._take(event)
            return
        iterator = aiter(events)
        while True:
            try:
                async with asyncio.timeout(self._stall_after):
                    event = await anext(iterator)
            except StopAsyncIteration:
                return
            except TimeoutError as error:
                raise WatchStalled(
                    f"the watch of {self._resource.plural} was silent for {self._stall_after:g} s"
                ) from error
            self._take(event)

    def _take(self, event: WatchEvent) -> None:
        self._newest = event
        if event.type == "BOOKMARK":
            self._handler.bookmark(event.received_ns)
        else:
            self._handler.changed(event)

    async def _back_off(self, error: ClusterError | None = None) -> None:
        now_ns = self._clock.now_ns()
        since_ns = self._backed_off_ns
        if since_ns is not None and now_ns - since_ns > to_nanoseconds(RESET_SECONDS):
            self._delay = FIRST_DELAY
        delay = self._delay
        if isinstance(error, TooManyRequests) and error.retry_after_seconds:
            delay = max(delay, error.retry_after_seconds)
        self._delay = min(LONGEST_DELAY, self._delay * 2)
        await sleep(self._clock, delay)
        self._backed_off_ns = self._clock.now_ns()
