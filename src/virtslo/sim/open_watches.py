"""The watches of an API server, from their opening to their end.

Invariant: a watch that is closed is counted once and gets nothing more; while watches are held,
nothing is delivered to any, whenever it was opened.
"""

from typing import Final

from virtslo.base.clock import Clock, to_nanoseconds
from virtslo.base.errors import ConnectionLost, ResourceExpired
from virtslo.model.simulated.profile import ServerProfile
from virtslo.sim.api.requests import Request
from virtslo.sim.flow_control.cores import Pace
from virtslo.sim.objects.handlers import Handlers
from virtslo.sim.storage.listing import check_watch_options, version_of, whole_of
from virtslo.sim.storage.object_store import ObjectStore
from virtslo.sim.storage.watch_hub import WatchHub
from virtslo.sim.storage.watch_log import INITIAL_EVENTS_END, Watcher, bookmark_of, send_bookmarks

BOOKMARK_EVERY_NS: Final = 60_000_000_000


class OpenWatches:
    """Opens watches, ends them, and sends their bookmarks."""

    def __init__(
        self,
        store: ObjectStore,
        handlers: Handlers,
        clock: Clock,
        profile: ServerProfile,
        pace: Pace,
    ) -> None:
        self.hub = WatchHub()
        store.listen(self.hub.changed)
        self._store = store
        self._handlers = handlers
        self._clock = clock
        self._pace = pace
        self._delay_ns = to_nanoseconds(profile.watch_delay)
        self._delays_ns = {
            plural: to_nanoseconds(seconds) for plural, seconds in profile.watch_delays.items()
        }
        self._holds = 0
        self.bookmark_due_ns = clock.now_ns() + BOOKMARK_EVERY_NS
        """When watches get their next bookmarks."""

    def open(self, request: Request) -> Watcher:
        """Open a watch. Raises ApiError for options that contradict each other."""
        resource, query = request.resource, request.query
        watcher = self._watcher(request)
        check_watch_options(query)
        version = version_of(query)
        wants_initial = query.get("sendInitialEvents")
        initial = wants_initial == "true"
        if initial or (version is None and wants_initial is None):
            objects = self._handlers.handle(
                Request("list", resource, selection=request.selection, user=request.user)
            ).body["items"]
            end = None
            if initial:
                end = bookmark_of(
                    resource, self._store.resource_version, {INITIAL_EVENTS_END: "true"}
                )
            watcher.send_initial(objects, end=end)
        elif version is not None:
            try:
                changes = self._store.changes_since(resource, version)
            except ResourceExpired as error:
                # The first event says so, as the real server's watch cache does.
                watcher.close(error)
                return watcher
            watcher.catch_up(changes)
        self.hub.add(watcher)
        watcher.is_held = self._holds > 0
        return watcher

    def close(self, watcher: Watcher) -> None:
        """End a watch: what is queued is still read."""
        watcher.close()
        self._forget(watcher)

    def close_all(self) -> None:
        """End every watch."""
        for watcher in self.hub.watchers():
            self.close(watcher)

    def break_all(self, why: ConnectionLost) -> None:
        """Reset the connections of every open watch; what was not delivered is lost with them."""
        for watcher in self.hub.watchers():
            watcher.abort(why)
            self._forget(watcher)

    def hold(self) -> None:
        """Deliver nothing from now on, to watches that are open or will be."""
        self._holds += 1
        for watcher in self.hub.watchers():
            watcher.is_held = True

    def release(self) -> None:
        """Deliver again, what was held back first."""
        self._holds -= 1
        for watcher in self.hub.watchers():
            if not self._holds:
                watcher.release()

    def bookmark(self) -> None:
        """Tell watches how far they have come, every minute."""
        now_ns = self._clock.now_ns()
        if now_ns >= self.bookmark_due_ns:
            self.bookmark_due_ns = now_ns + BOOKMARK_EVERY_NS
            send_bookmarks(self.hub.watchers(), self._store.resource_version)

    def _watcher(self, request: Request) -> Watcher:
        resource, query = request.resource, request.query
        delay_ns = self._delays_ns.get(resource.plural, self._delay_ns)
        watcher = Watcher(
            resource, request.selection, clock=self._clock, pace=self._pace, delay_ns=delay_ns
        )
        watcher.wants_bookmarks = query.get("allowWatchBookmarks") == "true"
        if seconds := whole_of(query, "timeoutSeconds"):
            # As the real server's timer: one that is set to less than nothing fires at once.
            watcher.ends_at_ns = self._clock.now_ns() + to_nanoseconds(max(0, seconds))
            watcher.version_at_end = self._newest_version
        return watcher

    def _newest_version(self) -> int:
        return self._store.resource_version

    def _forget(self, watcher: Watcher) -> None:
        self.hub.discard(watcher)
        if watcher.noted is not None:
            watcher.noted.finish(watcher.delivered)
            watcher.noted = None
