"""A search from its first trial to its bounds, on a simulated or a real cluster.

Invariant: `search.json` is written before the first trial and after every one, with the bounds so
far, so that nothing that ends the process loses them. A real cluster is empty of the run's objects
before the next trial begins.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from virtslo.app.build_report import build_report
from virtslo.app.cluster.clean_up import find_leftovers
from virtslo.app.run.interruption import Interruption
from virtslo.app.search.assess import assess
from virtslo.app.search.bounding import Slots, bounded_by, ceilings_of, slots_of
from virtslo.app.search.controller import (
    Ended,
    Limits,
    bounds_of,
    conditional_of,
    next_load,
)
from virtslo.base.clock import Clock, SystemClock, sleep
from virtslo.base.errors import ClusterError, VirtsloError
from virtslo.base.virtual_time import VirtualClock, run_in_virtual_time
from virtslo.cli.running.run_once import Execution, OneRun, real_label, simulated_label
from virtslo.cli.running.series import REST_SECONDS
from virtslo.cli.signals import handled_signals
from virtslo.cli.wiring import RealTarget, open_cluster, read_record, simulated_cluster
from virtslo.cli.wiring.whatif import write_search
from virtslo.config.profiles import profile_of_target
from virtslo.model.kubernetes.components import VIRT_CONTROLLER
from virtslo.model.plan.scenario import Scenario
from virtslo.model.run.record import RunHeader, RunRecord, RunStatus
from virtslo.model.simulated.target import SimulatedTarget
from virtslo.model.whatif.search import Ceiling, SearchResult, Trial, TrialOutcome
from virtslo.ports.progress import Progress

INTERRUPTED = "ended by the user"
UNDER_WAY = "not ended: a trial is under way, or the process was stopped at once"
GUARDED = "a bad trial that the guard names"


@dataclass(frozen=True, slots=True)
class Order:
    """What a search needs beside its state."""

    limits: Limits
    scenario_at: Callable[[float], Scenario]
    target_at: Callable[[Scenario, int], SimulatedTarget] | None
    """The simulated cluster of a trial; None: a real one."""
    where: RealTarget | None
    guard: frozenset[str]
    command: tuple[str, ...]
    note: Callable[[str], None]
    progress: Progress


class Search:
    """Carries out trials until the bounds are found."""

    def __init__(self, result: SearchResult, order: Order, directory: Path) -> None:
        self.result = result
        self._order = order
        self._directory = directory
        self._interruption = Interruption()
        self._last: RunRecord | None = None
        self.running: OneRun | None = None

    @property
    def is_interrupted(self) -> bool:
        """Whether the user ended it."""
        return self._interruption.is_requested

    def carry_out(self) -> SearchResult:
        """Run trials; the result with its bounds. Raises VirtsloError for a trial that cannot be
        run, and for a cluster that is not clean after one; the bounds so far are kept."""
        self._interruption.when_requested(
            lambda: self._order.note("ending the trial under way, and cleaning up after it")
        )
        try:
            with handled_signals(self._interruption, self.last_words):
                return self._keep(self._search())
        except VirtsloError as error:
            self._keep(f"a trial could not be run: {error}")
            raise

    def _search(self) -> str:
        """Try loads until there is no other; why there is none."""
        self._keep(UNDER_WAY)
        while not isinstance(load := self._next(), str):
            self._try(load)
        return load

    def _next(self) -> float | str:
        """The next load, or why there is none."""
        if self.is_interrupted:
            return INTERRUPTED
        trials = self.result.trials
        if trials and trials[-1].outcome is TrialOutcome.BAD:
            named = self._order.guard.intersection(trials[-1].reasons)
            if named:
                return f"{GUARDED}: {', '.join(sorted(named))}"
        found = next_load(trials, self.result.goal, self._order.limits)
        return found.value if isinstance(found, Ended) else found

    def _try(self, load: float) -> None:
        number = len(self.result.trials) + 1
        scenario = self._order.scenario_at(load)
        record = self._run(scenario, number)
        if record.header.status is RunStatus.INTERRUPTED or self.is_interrupted:
            return
        self._last = record
        report = build_report([record])
        goal = self.result.goal
        trial = assess(record, report, load=load, within=self.result.within, goal=goal)
        trial = replace(trial, record=Path(record.host.directory).name)
        self.result = replace(self.result, trials=(*self.result.trials, trial))
        self._keep(UNDER_WAY)
        self._order.note(f"trial {number}: {trial_words(trial, self.result.quantity.value)}")

    def _run(self, scenario: Scenario, number: int) -> RunRecord:
        execution = Execution(self._directory, self._order.command, self._order.progress)
        if self._order.target_at is not None:
            target = self._order.target_at(scenario, number)
            label = simulated_label(scenario, target)
            self.running = run = OneRun(scenario, execution, label, target, self._interruption)

            async def main(clock: VirtualClock) -> None:
                async with simulated_cluster(target, clock, run.stages) as api:
                    await run.carry_out(api, clock)

            run_in_virtual_time(main)
        else:
            label = real_label()
            self.running = run = OneRun(scenario, execution, label, None, self._interruption)
            asyncio.run(self._on_real(run, label, SystemClock()))
        return read_record(run.directory)

    async def _on_real(self, run: OneRun, label: str, clock: Clock) -> None:
        assert self._order.where is not None
        async with open_cluster(self._order.where, clock) as api:
            await run.carry_out(api, clock)
            left = await find_leftovers(api, label)
            if not left.is_empty:
                raise ClusterError(
                    f"the cluster is not clean after a trial: {', '.join(left.describe())}",
                    hint=f"virtslo clean --run {label}",
                )
            await sleep(clock, REST_SECONDS)

    def _keep(self, ended: str) -> SearchResult:
        """Write the bounds by the trials so far, and why the search ended."""
        trials, goal = self.result.trials, self.result.goal
        bounds = bounds_of(trials, goal)
        quantity = self.result.quantity
        ceilings: tuple[Ceiling, ...] = ()
        limit, slots, noun = None, None, self.result.objects
        if self._last is not None:
            header = self._last.header
            limit = header.environment.client_limits.get(VIRT_CONTROLLER)
            slots = _slots(header)
            environment = header.environment
            ceilings = tuple(
                ceilings_of(
                    header.scenario, environment, trials, bounds, quantity, noun=noun, slots=slots
                )
            )
        self.result = replace(
            self.result,
            last_good=bounds.last_good,
            first_bad=bounds.first_bad,
            conditional=conditional_of(trials, bounds),
            ended=ended,
            bounded_by=bounded_by(trials, bounds, limit, quantity, noun=noun, slots=slots),
            ceilings=ceilings,
        )
        write_search(self._directory, self.result)
        return self.result

    def last_words(self) -> str:
        """What a second Ctrl-C leaves the user with: on a real cluster also what is left there."""
        words = self.running.last_words() if self.running is not None else "stopped at once"
        return f"{words}\n  finished trials are in {self._directory}"


def _slots(header: RunHeader) -> Slots | None:
    """The migrations that may be at once, of a search for them; a real cluster's are not read."""
    simulated = header.environment.simulated
    if not header.scenario.load.actions or simulated is None or not header.environment.nodes:
        return None
    return slots_of(profile_of_target(simulated).migrations, header.environment.nodes)


def trial_words(trial: Trial, quantity: str) -> str:
    """A trial in words."""
    unit = "/s" if quantity == "rate" else " objects"
    why = f" ({', '.join(trial.reasons)})" if trial.reasons else ""
    grown = "" if trial.growth is None else f", latency grows {trial.growth:+.3f} s/s"
    if trial.waiting is not None:
        middle, end = trial.waiting
        grown += f", {end} wait at the end, {middle} in the middle"
    return (
        f"{trial.load:g}{unit}: {trial.outcome.value}{why}; {trial.lost} of {trial.objects} "
        f"lost{grown}"
    )
