"""New runs of both sides of a finding: base and candidate in turn, A B B A.

Invariant: run N of either side has the same seed, one that no run of the history has: a simulated
run with a known seed would only repeat what is there. A run that is not valid is left out and that
is reported.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from virtslo.app.build_report import build_report
from virtslo.app.history.from_report import history_runs
from virtslo.app.history.samples import sample_of
from virtslo.base.errors import Problem, ScenarioError, StoreError
from virtslo.cli.options import TargetOptions
from virtslo.cli.preflight_dialog import look_and_ask
from virtslo.cli.printing import say
from virtslo.cli.progress.live_progress import open_progress
from virtslo.cli.running.run_once import Execution, run_on_cluster, run_simulated
from virtslo.cli.targets import NOTHING_ASKED, describe_simulated, simulated_target
from virtslo.cli.wiring import RealTarget, describe_target, read_record
from virtslo.model.history.changes import HistoryFinding
from virtslo.model.history.comparison import RunSample
from virtslo.model.history.runs import Lineage
from virtslo.model.plan.scenario import Scenario
from virtslo.model.run.record import RunRecord
from virtslo.model.simulated.target import SimulatedTarget
from virtslo.ports.history_store import HistoryStore

RECORDED: Final = "recorded"
SIMULATED: Final = "simulated:"
CONTEXT: Final = "context:"
EXPECTED: Final = f"{RECORDED}, {SIMULATED}PROFILE or {CONTEXT}NAME"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be run, and how often."""

    targets: tuple[str, str]
    """Of base and candidate, as they were named."""
    count: int
    """Runs a side."""
    runs: Path
    kubeconfig: Path | None
    is_agreed: bool


def new_runs(
    store: HistoryStore, lineage: Lineage, finding: HistoryFinding, wanted: Wanted
) -> tuple[Sequence[RunSample], Sequence[RunSample]]:
    """Make the runs. Raises StoreError, ScenarioError, ClusterError."""
    records = [
        _record(store, lineage, index) for index in (finding.last_before, finding.first_after)
    ]
    scenario = replace(records[0].header.scenario, repeat=1)
    targets = [
        _target(option, text, record, scenario, wanted)
        for option, text, record in zip(
            ("--base", "--candidate"), wanted.targets, records, strict=True
        )
    ]
    for target in targets:
        if isinstance(target, RealTarget):
            look_and_ask([scenario], target, is_agreed=wanted.is_agreed, runs=wanted.count)
    progress = open_progress(quiet=True)
    execution = Execution(wanted.runs, tuple(sys.argv[1:]), progress)
    found: tuple[list[RunSample], list[RunSample]] = ([], [])
    first = 1 + max((run.seed for run in lineage.runs if run.seed is not None), default=0)
    try:
        for number in range(wanted.count):
            for side in (0, 1) if number % 2 == 0 else (1, 0):
                name = ("base", "candidate")[side]
                say(f"run {number + 1} of {wanted.count}, {name}", err=True)
                sample = _run(scenario, targets[side], first + number, execution)
                if sample is not None:
                    found[side].append(sample)
    finally:
        progress.close()
    if not all(found):
        raise StoreError("no new run of one side is valid: there is nothing to compare")
    return found


def _record(store: HistoryStore, lineage: Lineage, index: int) -> RunRecord:
    """The record of a run of the history. Raises StoreError where there is none."""
    point = lineage.runs[index]
    run = next(run for run in store.find(point.run_id) if run.job == point.job)
    if run.form != "virtslo":
        raise StoreError(
            f"run {run.run_id} was not made by virtslo: there is no scenario to run again",
            hint="without --make the command says how many runs would settle the finding",
        )
    return read_record(Path(run.origin))


def _target(
    option: str, text: str, record: RunRecord, scenario: Scenario, wanted: Wanted
) -> SimulatedTarget | RealTarget:
    """The cluster that an option names. Raises ScenarioError."""
    if text == RECORDED:
        recorded = record.header.environment.simulated
        if recorded is not None:
            say(f"{option[2:]}: {describe_simulated(recorded)}", err=True)
            return recorded
        problem = Problem(
            option, "recorded, of a run on a real cluster", f"{CONTEXT}NAME", "name a context"
        )
        raise ScenarioError("command line", [problem])
    if text.startswith(SIMULATED) and text != SIMULATED:
        target = simulated_target(
            TargetOptions(profile=text[len(SIMULATED) :]),
            seed=0,
            count=scenario.workload.count,
            faults=scenario.faults,
            asked=scenario.simulated or NOTHING_ASKED,
            option=option,
        )
        say(f"{option[2:]}: {describe_simulated(target)}", err=True)
        return target
    if text.startswith(CONTEXT) and text != CONTEXT:
        real = RealTarget(wanted.kubeconfig, text[len(CONTEXT) :])
        say(f"{option[2:]}: {describe_target(real)}", err=True)
        return real
    raise ScenarioError("command line", [Problem(option, repr(text), EXPECTED)])


def _run(
    scenario: Scenario, target: SimulatedTarget | RealTarget, seed: int, execution: Execution
) -> RunSample | None:
    """A run's figures; None where it is not valid."""
    if isinstance(target, SimulatedTarget):
        record = run_simulated(scenario, replace(target, seed=seed), execution)
    else:
        record = run_on_cluster(scenario, target, execution)
    (run,) = history_runs([record], build_report([record]))
    if run.is_valid:
        return sample_of(run)
    say(f"left out: {run.run_id} is not valid", err=True)
    return None
