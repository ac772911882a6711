"""The door of the simulated API server: every exchange as its caller had it.

Invariant: it changes nothing and draws no chance; an exchange is noted when its caller has the
answer, or learns that there is none.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

from virtslo.base.clock import Clock
from virtslo.base.errors import ApiError, ClusterError
from virtslo.model.kubernetes.identity import Identity
from virtslo.sim.api.requests import Request, Response
from virtslo.sim.api_server import ApiServer
from virtslo.sim.storage.watch_log import Watcher

NO_ANSWER: Final = "no answer"
GIVEN_UP: Final = "given up"
"""In place of a code: the caller no longer waited."""

A = TypeVar("A")


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and what came of it. Times are of the virtual clock."""

    caller: str
    """The component's name; `virtslo` for the run itself."""
    verb: str
    resource: str
    subresource: str
    namespace: str
    name: str
    """Empty where no object is named, but for a create: that of the object."""
    begun_ns: int
    ended_ns: int
    outcome: str
    """The code, `NO_ANSWER` or `GIVEN_UP`."""
    is_dry: bool = False
    """Whether nothing was to be written."""
    is_raw: bool = False
    """Whether it was a GET of a path that is no resource."""

    @property
    def seconds(self) -> float:
        """From sent to answered."""
        return (self.ended_ns - self.begun_ns) / 1e9

    @property
    def is_success(self) -> bool:
        """Whether the caller has an answer that says it was carried out."""
        return self.outcome.startswith("2")


class Door:
    """Notes what goes through a server, in the order of its answers."""

    def __init__(self, server: ApiServer, clock: Clock) -> None:
        self._clock = clock
        self.exchanges: list[Exchange] = []
        handle, open_watch, read_raw = server.handle, server.open_watch, server.read_raw

        async def handled(request: Request) -> Response:
            note = self._begun(request)
            try:
                response = await handle(request)
            except BaseException as error:
                note(_outcome_of(error))
                raise
            note(str(response.code))
            return response

        async def opened(request: Request) -> Watcher:
            note = self._begun(request)
            try:
                watcher = await open_watch(request)
            except BaseException as error:
                note(_outcome_of(error))
                raise
            note("200")
            return watcher

        async def read(path: str, query: Mapping[str, str], user: Identity) -> bytes:
            begun_ns, outcome = self._clock.now_ns(), "200"
            try:
                return await read_raw(path, query, user)
            except BaseException as error:
                outcome = _outcome_of(error)
                raise
            finally:
                parts = path.strip("/").split("/")
                what = ("pods", "proxy") if "proxy" in parts else (parts[-1], "")
                ended_ns = self._clock.now_ns()
                self.exchanges.append(
                    Exchange(
                        user.component, "get", *what, "", "", begun_ns, ended_ns, outcome,
                        is_raw=True,
                    )
                )  # fmt: skip

        server.read_raw = read  # type: ignore[method-assign]
        server.handle = handled  # type: ignore[method-assign]
        server.open_watch = opened  # type: ignore[method-assign]

    def _begun(self, request: Request) -> Callable[[str], None]:
        begun_ns = self._clock.now_ns()
        name = request.name or ""
        if request.verb == "create" and request.body:
            name = name or request.body.get("metadata", {}).get("name", "")

        def note(outcome: str) -> None:
            exchange = Exchange(
                request.user.component,
                request.verb,
                request.resource.plural,
                request.subresource or "",
                request.namespace or "",
                name,
                begun_ns,
                self._clock.now_ns(),
                outcome,
                "dryRun" in request.query,
            )
            self.exchanges.append(exchange)

        return note


def _outcome_of(error: BaseException) -> str:
    if isinstance(error, ApiError):
        return str(error.code)
    return NO_ANSWER if isinstance(error, ClusterError) else GIVEN_UP
