"""Repetitions side by side: a process for each seed, as many at once as there are cores.

Short runs of few objects are made one after another instead: a process takes longer to start.

Invariant: this process alone writes `suite.json`; a child runs the parts of one seed and says what
changed. A signal reaches the children through this process, once, and each ends its own run; when
one fails, the others are ended and the first failure is raised.
"""

import multiprocessing
import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import TYPE_CHECKING, Final

from virtslo.app.run.interruption import Interruption
from virtslo.base.clock import SystemClock
from virtslo.base.collector import COLLECTING
from virtslo.base.errors import ClusterError, VirtsloError
from virtslo.cli.signals import leave_to_parent
from virtslo.model.plan.suite import SuitePart, SuiteRecord
from virtslo.ports.progress import Snapshot

if TYPE_CHECKING:
    from virtslo.cli.running.run_once import Execution
    from virtslo.cli.running.series import SeriesListener

SMALL: Final = 60
"""A run that makes at most this number of objects takes less than a process takes to start."""
FEW_NODES: Final = 100
"""More nodes take longer themselves: each starts, renews a lease, and has its metrics read."""
LONG_SECONDS: Final = 600.0
"""Of a longer load too, whatever it makes."""
LOOK_EVERY_SECONDS: Final = 0.2
OF_TERMINALS: Final = (signal.SIGINT, signal.SIGHUP)
SNAPSHOT_EVERY_NS: Final = 200_000_000


@dataclass(frozen=True, slots=True)
class Batch:
    """What a child needs: the parts of one seed."""

    suite: SuiteRecord
    directory: Path
    command: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Began:
    """A part begins."""

    part: SuitePart


@dataclass(frozen=True, slots=True)
class Ended:
    """A part is over."""

    part: SuitePart


@dataclass(frozen=True, slots=True)
class Failed:
    """The child could not go on."""

    message: str
    hint: str


Message = SuitePart | Began | Ended | Snapshot | Failed | str


def core_count() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def is_worth_processes(batches: Sequence[SuiteRecord]) -> bool:
    """Whether these batches end sooner in processes of their own."""
    if len(batches) < 2 or core_count() < 2:
        return False
    return any(not _is_small(batch) for batch in batches)


def _is_small(batch: SuiteRecord) -> bool:
    if batch.simulated is not None and batch.simulated.nodes > FEW_NODES:
        return False
    made = seconds = 0.0
    for part in batch.pending():
        load, count = part.scenario.load, part.scenario.workload.count
        if load.replay is not None or load.hold:
            return False
        made += count
        seconds += count / load.arrival.rate if load.arrival.rate else 0.0
        if load.churn is not None:
            made += (load.churn.rate or 0.0) * (load.churn.duration or 0.0)
            made += load.churn.objects * load.churn.cycles
            seconds += load.churn.duration or load.churn.every * load.churn.cycles
    return made <= SMALL and seconds <= LONG_SECONDS


def run_side_by_side(
    batches: Sequence[SuiteRecord],
    execution: "Execution",
    *,
    changed: Callable[[SuitePart], None],
    progress: "SeriesListener",
    interruption: Interruption,
) -> bool:
    """Run these batches, each in a process of its own, if that ends sooner; whether it was done.

    Raises ClusterError if one fails.
    """
    if not is_worth_processes(batches):
        return False
    waiting = [Batch(suite, execution.runs, execution.command) for suite in batches]
    children = _Children(changed, progress)
    interruption.when_requested(children.end)
    try:
        while children.active or (waiting and not children.is_ending):
            while waiting and not children.is_ending and len(children.active) < core_count():
                children.start(waiting.pop(0))
            children.listen()
    finally:
        children.end()
    if children.failure is not None:
        raise ClusterError(children.failure.message, hint=children.failure.hint)
    return True


class _Children:
    """The processes under way."""

    def __init__(self, changed: Callable[[SuitePart], None], progress: "SeriesListener") -> None:
        self._changed = changed
        self._progress = progress
        self._context = multiprocessing.get_context("spawn")
        self.active: dict[Connection, BaseProcess] = {}
        self.failure: Failed | None = None
        self.is_ending = False

    def start(self, batch: Batch) -> None:
        """Start a child. It ignores what a terminal sends to all, and gets SIGTERM from us."""
        receiver, sender = self._context.Pipe(duplex=False)
        process = self._context.Process(target=_run_child, args=(batch, sender))
        before = {number: signal.signal(number, signal.SIG_IGN) for number in OF_TERMINALS}
        try:
            process.start()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
        sender.close()
        self.active[receiver] = process

    def listen(self) -> None:
        """Take in what the children say, for a moment."""
        for pipe in wait(list(self.active), timeout=LOOK_EVERY_SECONDS):
            assert isinstance(pipe, Connection)
            try:
                self._hear(pipe, pipe.recv())
            except EOFError:
                process = self.active.pop(pipe)
                process.join()
                pipe.close()
                if process.exitcode and self.failure is None and not self.is_ending:
                    raise RuntimeError(
                        f"the process of a repetition ended with {process.exitcode}"
                    ) from None

    def end(self) -> None:
        """Ask every child to end its run."""
        self.is_ending = True
        for process in self.active.values():
            process.terminate()

    def _hear(self, pipe: Connection, message: Message) -> None:
        match message:
            case SuitePart():
                self._changed(message)
            case Began():
                self._progress.begin(message.part)
            case Ended():
                self._progress.end(message.part)
            case Failed():
                self.failure = self.failure or message
                self.end()
            case Snapshot():
                if pipe is next(iter(self.active)):
                    self._progress.update(message)
            case str():
                self._progress.note(message)


class _Talk:
    """Progress, as messages to the parent."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._clock = SystemClock()
        self._next_ns = 0

    def send(self, message: Message) -> None:
        """Send it. Where the parent is gone there is no use in going on."""
        try:
            self._pipe.send(message)
        except BrokenPipeError:
            raise SystemExit(1) from None

    def update(self, snapshot: Snapshot) -> None:
        """Send it, if the last is old enough."""
        now_ns = self._clock.now_ns()
        if now_ns >= self._next_ns:
            self._next_ns = now_ns + SNAPSHOT_EVERY_NS
            self.send(snapshot)

    def note(self, message: str) -> None:
        """Send it."""
        self.send(message)

    def begin(self, part: SuitePart) -> None:
        """Send it."""
        self.send(Began(part))

    def end(self, part: SuitePart) -> None:
        """Send it."""
        self.send(Ended(part))


def _run_child(batch: Batch, pipe: Connection) -> None:
    """The parts of one seed, in a process of their own."""
    COLLECTING.be_seldom()
    leave_to_parent(OF_TERMINALS)
    from virtslo.cli.running.run_once import Execution
    from virtslo.cli.running.series import RunSeries

    talk = _Talk(pipe)
    series = RunSeries(
        batch.suite,
        Execution(batch.directory, batch.command, talk),
        directory=batch.directory,
        where=None,
    )
    try:
        series.carry_out_as_child(talk, talk.send)
    except VirtsloError as error:
        talk.send(Failed(str(error), error.hint))
    COLLECTING.end()
