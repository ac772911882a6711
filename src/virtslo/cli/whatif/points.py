"""The points that a command line, or a file with a section `sweep`, asks for.

Invariant: a knob is an option of `virtslo run` that stands for a field of a scenario, the profile,
the nodes, or a setting; every problem of every point is found before the first one is run.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from virtslo.app.sweep.grid import knobs_of, make_points, read_knobs
from virtslo.base.errors import Problem, ScenarioError
from virtslo.base.units import whole_number
from virtslo.cli.options import SCENARIO_OPTIONS, TargetOptions, parameter_of
from virtslo.cli.scenarios import PATTERNS, read_scenario
from virtslo.cli.targets import NOTHING_ASKED, simulated_target
from virtslo.config.problems import nearest
from virtslo.config.profiles.settings import ROOTS
from virtslo.config.scenario_file import read_document
from virtslo.model.plan.scenario import Scenario
from virtslo.model.simulated.target import SimulatedTarget
from virtslo.model.whatif.sweep import Knob, SweepRecord, Value

DEFAULT_SEEDS: Final = 5
SECTION: Final = "sweep"
_KEYS: Final = ("vary", "seeds")
_PROFILE: Final = ("simulate", "profile")
_NODES: Final = "nodes"
_FIELDS: Final = {parameter_of(option): path for option, path, _ in SCENARIO_OPTIONS}
_BY_PATH: Final = {path: name for name, path in _FIELDS.items()}
_NOT_VARIED: Final = frozenset({"repeat", "objectives"})


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for."""

    what: str
    vary: Sequence[str]
    scenario: Mapping[str, Any]
    target: TargetOptions
    first_seed: int
    seeds: int | None


def sweep_of(request: Request, *, identity: Callable[[str], str]) -> SweepRecord:
    """The sweep of a request. Raises ScenarioError with every problem."""
    problems: list[Problem] = []
    opened, section = _open(request.what, problems)
    knobs = {knob.name: knob for knob in knobs_of(section.get("vary", {}), problems)}
    knobs |= {knob.name: knob for knob in read_knobs(request.vary, problems)}
    problems += [problem for knob in knobs.values() for problem in _unknown(knob)]
    count = request.seeds or section.get("seeds", DEFAULT_SEEDS)
    seeds = tuple(range(request.first_seed, request.first_seed + count))
    varied = list(knobs.values())
    if problems:
        first = Knob("", ("",))
        problems += _problems_of_one(request, opened, [first])
        raise ScenarioError("sweep", problems)

    def make(values: Mapping[str, Value], seed: int) -> tuple[Scenario, SimulatedTarget]:
        return _point(request, opened, values, seed)

    points = make_points(varied, seeds, make)
    name = points[0].scenario.name if not varied else f"{points[0].scenario.load.pattern.value}"
    return SweepRecord(identity(name), name, tuple(varied), seeds, points)


def _problems_of_one(request: Request, opened: Any, knobs: Sequence[Knob]) -> Sequence[Problem]:
    """What is wrong with the request whatever is varied."""
    try:
        _point(request, opened, {}, request.first_seed)
    except ScenarioError as error:
        return error.problems
    return ()


def _open(
    what: str, problems: list[Problem]
) -> tuple[tuple[Mapping[str, Any], Path] | None, Mapping[str, Any]]:
    """A file's document without its section `sweep`, and that section."""
    if what in PATTERNS:
        return None, {}
    read, base = read_document(Path(what))
    document = dict(read)
    section = document.pop(SECTION, {})
    if not isinstance(section, Mapping):
        problems.append(Problem(SECTION, "no mapping", f"a mapping of {', '.join(_KEYS)}"))
        return (document, base), {}
    for key in section:
        if key not in _KEYS:
            expected = f"one of {', '.join(_KEYS)}"
            problems.append(Problem(f"{SECTION}.{key}", repr(key), expected, nearest(key, _KEYS)))
    return (document, base), _checked(section, problems)


def _checked(section: Mapping[str, Any], problems: list[Problem]) -> Mapping[str, Any]:
    """The section with what is wrong left out."""
    checked: dict[str, Any] = {}
    vary = section.get("vary", {})
    if not isinstance(vary, Mapping):
        problems.append(Problem("sweep.vary", "no mapping", "NAME: [VALUE, ...]"))
        vary = {}
    for name, values in vary.items():
        is_list = isinstance(values, list)
        if not is_list or not all(
            isinstance(value, str | int | float) and not isinstance(value, bool) for value in values
        ):
            problems.append(Problem(f"sweep.vary.{name}", repr(values)[:60], "a list of values"))
        else:
            checked.setdefault("vary", {})[name] = values
    seeds = section.get("seeds", DEFAULT_SEEDS)
    if isinstance(seeds, bool) or not isinstance(seeds, int) or not 1 <= seeds <= 1000:
        problems.append(Problem("sweep.seeds", repr(seeds), "a whole number from 1 to 1000"))
    else:
        checked["seeds"] = seeds
    return checked


def _unknown(knob: Knob) -> Sequence[Problem]:
    """The problem with a name that is no knob."""
    name = _field(knob.name)
    if name in _NOT_VARIED:
        return [Problem(f"--vary {knob.name}", repr(knob.name), "something that a run depends on")]
    if name in _FIELDS or knob.name in {*_PROFILE, _NODES}:
        return ()
    if knob.name.partition(".")[0] in ROOTS and "." in knob.name:
        return ()
    known = (*(field for field in _FIELDS if field not in _NOT_VARIED), _PROFILE[0], _NODES)
    expected = f"one of {', '.join(known)}, or a setting such as kubevirt.virtController.qps"
    return [Problem(f"--vary {knob.name}", repr(knob.name), expected, nearest(knob.name, known))]


def _field(name: str) -> str:
    """The name of a scenario's field: `max-in-flight` and `load.maxInFlight` are one."""
    plain = name.removeprefix("--").replace("-", "_")
    return _BY_PATH.get(name, plain)


def _point(
    request: Request,
    opened: tuple[Mapping[str, Any], Path] | None,
    values: Mapping[str, Value],
    seed: int,
) -> tuple[Scenario, SimulatedTarget]:
    """The scenario and the cluster of a point. Raises ScenarioError with every problem."""
    fields = dict(request.scenario)
    target = request.target
    settings: list[str] = []
    problems: list[Problem] = []
    for name, value in values.items():
        field = _field(name)
        if name in _PROFILE:
            target = replace(target, profile=str(value))
        elif name == _NODES:
            target = replace(target, nodes=_count(value, problems))
        elif field in _FIELDS:
            fields[field] = str(value)
        else:
            settings.append(f"{name}={value}")
    kept = [text for text in target.settings if text.partition("=")[0].strip() not in values]
    target = replace(target, settings=(*kept, *settings))
    scenario: Scenario | None = None
    try:
        scenario = read_scenario(request.what, fields, opened=opened)
    except ScenarioError as error:
        problems += error.problems
    try:
        cluster = simulated_target(
            target,
            seed=seed,
            count=scenario.workload.count if scenario else 0,
            faults=scenario.faults if scenario else (),
            asked=(scenario.simulated if scenario else None) or NOTHING_ASKED,
        )
    except ScenarioError as error:
        problems += error.problems
    if problems:
        raise ScenarioError("sweep", problems)
    assert scenario is not None
    return replace(scenario, repeat=1), cluster


def _count(value: Value, problems: list[Problem]) -> int | None:
    count = whole_number(str(value))
    if count is not None and 1 <= count <= 20_000:
        return count
    problems.append(Problem("--vary nodes", repr(value), "whole numbers from 1 to 20000"))
    return None
