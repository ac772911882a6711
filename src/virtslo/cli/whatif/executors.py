"""Where the points of a sweep are run: on the cores of this machine, or on a Dask cluster.

Invariant: both take the same task and give back the same outcome; a worker that is lost loses no
point, since its points are run again.
"""

import importlib
import multiprocessing
import platform
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from queue import SimpleQueue
from typing import Any, Final, Protocol

from virtslo import __version__
from virtslo.base.collector import COLLECTING
from virtslo.base.errors import ClusterError, Problem, ScenarioError
from virtslo.cli.running.parallel_runs import OF_TERMINALS, core_count
from virtslo.cli.signals import leave_to_parent
from virtslo.cli.whatif.point_run import PointOutcome, run_point
from virtslo.model.whatif.sweep import Point

LOOK_EVERY_SECONDS: Final = 0.2
TRIES: Final = 3
"""How often a point is given to a worker before it counts as one that ends its worker."""
CONNECT_SECONDS: Final = 30


class Executor(Protocol):
    """Runs points."""

    @property
    def description(self) -> str:
        """Where they run, in words."""
        ...

    def run(
        self, points: Sequence[Point], *, is_ended: Callable[[], bool], tell: Callable[[str], None]
    ) -> Iterator[PointOutcome]:
        """The outcomes as they come; no further point begins once it is ended.

        `tell` is given what is run again because its worker was lost.
        """
        ...


def _prepare_worker() -> None:
    """A worker ends with its parent, which alone heeds the terminal."""
    COLLECTING.be_seldom()
    leave_to_parent(OF_TERMINALS)
    for number in OF_TERMINALS:
        signal.signal(number, signal.SIG_IGN)


class LocalExecutor:
    """A process for each core."""

    def __init__(self, command: tuple[str, ...], *, workers: int | None = None) -> None:
        self._command = command
        self._workers = workers or core_count()

    @property
    def description(self) -> str:
        """Where they run, in words."""
        return f"{self._workers} process{'' if self._workers == 1 else 'es'} on this machine"

    def run(
        self, points: Sequence[Point], *, is_ended: Callable[[], bool], tell: Callable[[str], None]
    ) -> Iterator[PointOutcome]:
        """The outcomes as they come. Raises ClusterError for a point that ends its workers."""
        waiting = list(points)
        tries = dict.fromkeys((point.index for point in points), 0)
        while waiting:
            lost: list[Point] = []
            yield from self._until_broken(waiting, lost, is_ended)
            if is_ended():
                return
            for point in lost:
                tries[point.index] += 1
                if tries[point.index] >= TRIES:
                    raise ClusterError(
                        f"point {point.index} ended its process {TRIES} times",
                        hint="is there memory enough? fewer objects, or fewer --workers",
                    )
            if lost:
                named = ", ".join(str(point.index) for point in lost)
                tell(f"a process ended; points that were under way are run again: {named}")
            waiting = [*lost, *waiting]

    def _until_broken(
        self, waiting: list[Point], lost: list[Point], is_ended: Callable[[], bool]
    ) -> Iterator[PointOutcome]:
        """Take points from `waiting` until there are none or a process died; those that were under
        way then are `lost`."""
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(
            self._workers, mp_context=context, initializer=_prepare_worker
        ) as pool:
            active: dict[Future[PointOutcome], Point] = {}
            while active or (waiting and not is_ended()):
                while waiting and not is_ended() and len(active) < self._workers + 1:
                    point = waiting.pop(0)
                    active[pool.submit(run_point, point, self._command)] = point
                done, _ = wait(active, timeout=LOOK_EVERY_SECONDS, return_when=FIRST_COMPLETED)
                for future in done:
                    point = active.pop(future)
                    try:
                        yield future.result()
                    except BrokenProcessPool:
                        lost += [point, *active.values()]
                        return


class DaskExecutor:
    """The workers of a Dask cluster."""

    def __init__(self, address: str, command: tuple[str, ...]) -> None:
        self._address = address
        self._command = command
        self._client = _connect(address)
        self._workers = require_alike(_versions(self._client))

    @property
    def description(self) -> str:
        """Where they run, in words."""
        return f"{self._workers} workers of the Dask cluster at {self._address}"

    def run(
        self, points: Sequence[Point], *, is_ended: Callable[[], bool], tell: Callable[[str], None]
    ) -> Iterator[PointOutcome]:
        """The outcomes as they come; Dask gives the points of a lost worker to another one.

        Raises ClusterError for a point that Dask gave up because it ended its workers.
        """
        distributed: Any = importlib.import_module("distributed")
        waiting = list(points)
        active = distributed.as_completed(loop=self._client.loop)
        lost: SimpleQueue[str] = SimpleQueue()
        indices: dict[str, int] = {}
        self._client.subscribe_topic("all", lambda event: note_lost(event[1], indices, lost.put))
        count = 0
        try:
            while count or (waiting and not is_ended()):
                while waiting and not is_ended() and count < 2 * self._workers:
                    point = waiting.pop(0)
                    key = f"point-{point.index}-of-{self._client.id}"
                    indices[key] = point.index
                    active.add(self._client.submit(run_point, point, self._command, key=key))
                    count += 1
                future = next(active)
                count -= 1
                try:
                    outcome = future.result()
                except (distributed.KilledWorker, distributed.TimeoutError) as error:
                    raise ClusterError(
                        f"the Dask cluster gave up point {indices[future.key]}: {error}",
                        hint="is there memory enough on its workers?",
                    ) from error
                while not lost.empty():
                    tell(lost.get())
                yield outcome
        finally:
            self._client.close()


def note_lost(
    event: Mapping[str, Any], indices: Mapping[str, int], note: Callable[[str], None]
) -> None:
    """Say which of our points a lost worker had; `event` is one that Dask's scheduler logs."""
    if event.get("action") != "remove-worker":
        return
    keys = {*event.get("processing-tasks", ()), *event.get("lost-computed-tasks", ())}
    had = sorted(indices[key] for key in keys if key in indices)
    if had:
        named = ", ".join(map(str, had))
        note(f"worker {event.get('worker')} was lost; its points are run again: {named}")


def _connect(address: str) -> Any:
    try:
        distributed: Any = importlib.import_module("distributed")
    except ImportError as error:
        problem = Problem(
            "--scheduler",
            "a Dask cluster without the package distributed",
            "the extra `distributed`",
            "install it: pip install 'virtslo[distributed]'",
        )
        raise ScenarioError("command line", [problem]) from error
    try:
        return distributed.Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise ClusterError(
            f"no Dask scheduler answers at {address!r}: {error}",
            hint="begin one: dask scheduler, then dask worker --nthreads 1 ADDRESS",
        ) from error


def version_of_worker() -> tuple[str, str]:
    """What must be alike in every process that runs points: virtslo and Python."""
    return __version__, ".".join(platform.python_version_tuple()[:2])


def _versions(client: Any) -> Mapping[str, tuple[str, str]]:
    """What each worker is, by its address. Raises ClusterError."""
    try:
        found: Mapping[str, tuple[str, str]] = client.run(version_of_worker)
    except ModuleNotFoundError as error:
        raise ClusterError(f"a worker has no virtslo: {error}") from error
    return found


def require_alike(found: Mapping[str, tuple[str, str]]) -> int:
    """The number of workers. Raises ClusterError where there is none, or one is unlike us."""
    if not found:
        hint = "dask worker --nthreads 1 ADDRESS"
        raise ClusterError("the Dask cluster has no workers", hint=hint)
    ours = version_of_worker()
    unlike = {name: version for name, version in found.items() if tuple(version) != ours}
    if unlike:
        name, version = next(iter(sorted(unlike.items())))
        raise ClusterError(
            f"{len(unlike)} of {len(found)} workers are unlike this process: {name} has virtslo "
            f"{version[0]} on Python {version[1]}, this is {ours[0]} on {ours[1]}",
            hint="points of unlike versions make no one table: install the same everywhere",
        )
    return len(found)
