"""Records as a calibration sees them: what they say, of which load, on what cluster.

Invariant: a record that judges a calibration is none that it was fitted to.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from math import log, sqrt
from pathlib import Path

from virtslo.app.build_report import build_report
from virtslo.app.calibrate.fit import LEAST_NOISE, Figures, Measured
from virtslo.app.calibrate.shapes import Samples, phase_samples
from virtslo.base.errors import Problem, ScenarioError
from virtslo.base.quantity import read_quantity
from virtslo.cli.records import read_runs
from virtslo.model.plan.scenario import ArrivalProcess, Observe, Pattern, Scenario
from virtslo.model.plan.workload import Kind
from virtslo.model.report.figures import Figure
from virtslo.model.run.environment import Environment
from virtslo.model.run.record import RunRecord, RunStatus
from virtslo.model.simulated.profile import Setting
from virtslo.model.stage_names import CHURN, RAMP_UP
from virtslo.model.whatif.calibration import (
    ALL_RUNNING,
    ANSWERS,
    FITTED,
    LEAST_SECONDS,
    QUANTILE,
    TITLES,
)
from virtslo.slo.record.answer_times import OWN, OWN_CALLS, AnswerTime, answer_times

PATTERNS = (Pattern.BURST, Pattern.CONSTANT_CHURN)
QUANTITIES = ("cpu", "memory")
COUNTS = {"pods": "pods", "devices.kubevirt.io/kvm": "kvm"}
"""What nodes can hold, by resource, as a profile's shape of nodes calls it."""
LEAST_REQUESTS = 20
"""Fewer give no mean time of a request."""
MOST_OWN_ERROR = 0.1
"""The standard error of what our own calls say, as a share: with more the fit would set webhooks by
whatever else of the model is off."""
ANSWER_NOISE = 0.05
"""The deviation of the logarithm of a mean time of requests: of what else is going on at a server
more than of their number."""
MOST_OF_A_NODE = 1_000_000


@dataclass(frozen=True, slots=True)
class Recorded:
    """A record, and its figures."""

    name: str
    scenario: Scenario
    environment: Environment
    figures: Figures
    """Those that are fitted or judged."""
    measured: Measured
    """Those that are fitted, with the noise of each."""
    answered_by: str = ""
    """Where the times of requests are from; empty where there are none."""
    phases: Samples = field(default_factory=dict)
    """Seconds in each phase, by part of a profile, in constant churn and in a burst of VMIs."""


def read_recorded(
    records: Sequence[Path], judges: Sequence[Path], *, command: str
) -> tuple[list[Recorded], list[Recorded]]:
    """The records that are fitted, and those that judge. Raises ScenarioError."""
    problems: list[Problem] = []
    fitted, judging = read_runs(records)[0], read_runs(judges)[0]
    own = [record.host.run_id for record in fitted]
    for record in judging:
        if record.host.run_id in own:
            place = f"--hold-out {Path(record.host.directory).name}"
            problems.append(Problem(place, "a record that is fitted too", "another record"))
    found = recorded_of(fitted, problems), recorded_of(judging, problems)
    if problems:
        raise ScenarioError(command, problems)
    return found


def recorded_of(records: Sequence[RunRecord], problems: list[Problem]) -> list[Recorded]:
    """What these records say; those that say nothing are added to the problems."""
    found = []
    for record in records:
        name = Path(record.host.directory).name
        pattern = record.header.scenario.load.pattern
        if pattern not in PATTERNS:
            problems.append(Problem(name, f"a run of {pattern.value}", "a burst or constant churn"))
        elif record.header.status is not RunStatus.COMPLETE:
            problems.append(Problem(name, "a run that was not completed", "a complete run"))
        elif not (measured := _measured(record)).figures:
            problems.append(Problem(name, "no figure of its VMIs", "a run whose VMIs were seen"))
        else:
            found.append(_recorded(name, record, measured))
    return found


def _recorded(name: str, record: RunRecord, measured: Measured) -> Recorded:
    header = record.header
    scenario = replace(
        header.scenario, objectives=None, faults=(), simulated=None, observe=Observe(), repeat=1
    )
    figures = {
        column: max(float(figure.value), LEAST_SECONDS)
        for column, figure in _figures(record)
        if column in TITLES and figure.value is not None
    }
    answers = {key: value for key, value in measured.figures.items() if key in ANSWERS}
    is_low = header.scenario.load.pattern is Pattern.CONSTANT_CHURN
    shows_shapes = is_low or is_at_once(header.scenario)
    stage = CHURN if is_low else RAMP_UP
    is_of_vmis = header.scenario.workload.kind is Kind.VMI
    phases = phase_samples(record, stage=stage) if shows_shapes and is_of_vmis else {}
    sources = {item.source for item in answer_times(record, CHURN).values()} if answers else set()
    return Recorded(
        name,
        scenario,
        header.environment,
        figures | answers,
        measured,
        answered_by=" and ".join(sorted(sources - {OWN_CALLS} or sources)),
        phases=phases,
    )


def _measured(record: RunRecord) -> Measured:
    """What is fitted of a record; when all were Running, only where the arrival does not set it."""
    sets_time = not is_at_once(record.header.scenario)
    figures, noise = {}, {}
    for column, figure in _figures(record):
        if column not in FITTED or (column == ALL_RUNNING and sets_time):
            continue
        if figure.value is not None:
            figures[column] = max(float(figure.value), LEAST_SECONDS)
            noise[column] = _noise(figure)
    answers = _answers(record) if figures else {}
    for kind, item in answers.items():
        figures[f"answers.{kind}"] = max(item.seconds, LEAST_SECONDS)
        noise[f"answers.{kind}"] = sqrt(ANSWER_NOISE**2 + 2 * item.error**2)
    return Measured(figures, noise)


def _answers(record: RunRecord) -> dict[str, AnswerTime]:
    """How long requests took at a low rate; our own only where no others are known."""
    if record.header.scenario.load.pattern is not Pattern.CONSTANT_CHURN:
        return {}
    found = {
        kind: item
        for kind, item in answer_times(record, CHURN).items()
        if item.requests >= LEAST_REQUESTS
    }
    own = found.pop(OWN, None)
    if found or own is None or own.error > MOST_OWN_ERROR:
        return found
    return {OWN: own}


def is_at_once(scenario: Scenario) -> bool:
    """Whether all objects are asked for at once, so that the cluster sets the time."""
    load = scenario.load
    return load.pattern is Pattern.BURST and load.arrival.process is ArrivalProcess.BURST


def _figures(record: RunRecord) -> Iterator[tuple[str, Figure]]:
    for item in build_report([record]).indicators:
        yield f"{item.name}.{item.statistic}", item.figure


def _noise(figure: Figure) -> float:
    """The standard deviation of a figure's logarithm; the simulation's samples are as many."""
    interval = figure.interval
    if interval is None or not interval.low or not interval.high:
        return LEAST_NOISE
    own = log(interval.high / interval.low) / (2 * QUANTILE)
    return sqrt(2 * own * own + LEAST_NOISE**2)


def nodes_of(recorded: Recorded) -> int:
    """The nodes of a record's cluster; where they were not read, enough for its objects."""
    count = recorded.environment.schedulable_nodes or recorded.environment.nodes
    return count or max(1, -(-recorded.scenario.workload.count // 100))


def settings_of(recorded: Recorded) -> dict[str, Setting]:
    """The client limits and the shape of the nodes of a record's cluster, as settings."""
    settings: dict[str, Setting] = {}
    for component, limit in recorded.environment.client_limits.items():
        settings[f"profile.limits.{component}.qps"] = limit.qps
        settings[f"profile.limits.{component}.burst"] = limit.burst
    shape = recorded.environment.node_shape
    settings |= {f"profile.nodes.{key}": shape[key] for key in QUANTITIES if key in shape}
    for name, key in COUNTS.items():
        if (count := _count_of(shape.get(name))) is not None:
            settings[f"profile.nodes.{key}"] = count
    return settings


def _count_of(value: str | None) -> int | None:
    """A count that is written as a quantity, `1k` for 1000; None where it is none."""
    try:
        count = int(float(read_quantity(value)))
    except ValueError:
        return None
    return count if value is not None and 0 < count <= MOST_OF_A_NODE else None
