"""Reading a scenario: from a file or from options, with every problem found at once.

Invariant: what is returned is complete and valid; what is refused is refused with all its
problems, each with its place, and nothing has been touched. What reads objectives and profiles is
loaded where a scenario has them.
"""

import copy
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from virtslo.base.errors import Problem, ScenarioError
from virtslo.config.checks import churn_mode, churn_objects, churn_of, clashes, replacements
from virtslo.config.foreign import kube_burner_workload
from virtslo.config.foreign.kube_burner_workload import PLACES as KUBE_BURNER_PLACES
from virtslo.config.foreign.perfscale_workload import (
    PLACES,
    is_workload,
    reading_of,
    to_document,
)
from virtslo.config.problems import Loc, nearest, place_of, problem_of
from virtslo.config.replayed_workload import (
    main_kind,
    replay_of,
    replayed_templates,
    with_placeholders,
)
from virtslo.config.schema import API_VERSION, EXAMPLE, ChurnModel, ScenarioModel
from virtslo.config.templates.choice import choose_template
from virtslo.config.yaml_document import read_mapping, read_text
from virtslo.model.plan.actions import Action, ActionStep
from virtslo.model.plan.objectives import ObjectiveSet
from virtslo.model.plan.scenario import (
    Arrival,
    ArrivalProcess,
    Churn,
    Deadlines,
    Load,
    Observe,
    Pattern,
    Scenario,
    Template,
    Victims,
    Workload,
)
from virtslo.model.plan.trace import Replay
from virtslo.model.plan.workload import TRAITS, Kind
from virtslo.model.report.indicators import NO_DEFINITIONS, Definitions

_OF_TEMPLATE: Final = tuple(
    f"workload.{key}" for key in ("kind", "template", "dialect", "variables")
)
_RECOGNISED: Final = (
    f"apiVersion: {API_VERSION} (a scenario), or object, type and count (a workload of "
    "perfscale-load-generator), or jobs (a workload of kube-burner)"
)


def read_scenario(path: Path, *, indicators: Definitions = NO_DEFINITIONS) -> Scenario:
    """The scenario that a file describes. Raises ScenarioError with every problem."""
    text = read_text(path, expected="a scenario file")
    if kube_burner_workload.is_workload(text):
        burner = kube_burner_workload.to_document(text, path)
        places = KUBE_BURNER_PLACES
        return scenario_from_mapping(
            burner, source=str(path), base=path.parent, places=places, indicators=indicators
        )
    raw = read_mapping(path, reading=reading_of(text))
    document = _recognise(raw, path)
    places = PLACES if document is not raw else {}
    return scenario_from_mapping(
        document, source=str(path), base=path.parent, places=places, indicators=indicators
    )


def read_document(path: Path, *, user_data: Path | None = None) -> tuple[Mapping[str, Any], Path]:
    """The scenario document that a file holds or stands for, and what its paths are relative to.

    The document is not validated yet: options may be put over it first. `user_data` is a file of
    values for a workload of kube-burner. Raises ScenarioError.
    """
    text = read_text(path, expected="a scenario file")
    if kube_burner_workload.is_workload(text):
        document = kube_burner_workload.to_document(text, path, user_data=user_data)
        return document, path.parent
    if user_data is not None:
        problem = Problem("--user-data", "another file", "a workload of kube-burner (jobs)")
        raise ScenarioError(str(path), [problem])
    raw = read_mapping(path, reading=reading_of(text))
    return _recognise(raw, path), path.parent


def notes_on(path: Path, *, user_data: Path | None = None) -> tuple[str, ...]:
    """What a file of another tool asks for and virtslo does otherwise, in words."""
    text = read_text(path, expected="a scenario file")
    if not kube_burner_workload.is_workload(text):
        return ()
    return kube_burner_workload.notes_of(text, path, user_data=user_data)


def scenario_from_mapping(
    document: Mapping[str, Any],
    *,
    source: str,
    base: Path,
    places: Mapping[str, str] | None = None,
    indicators: Definitions = NO_DEFINITIONS,
) -> Scenario:
    """The scenario that a document describes. Raises ScenarioError with every problem.

    `places` says how the author knows a field: `workload.count` as `--count`. `indicators` are what
    objectives may be about.
    """
    names = places or {}
    document, problems = with_placeholders(document, names)
    broken: list[Loc] = []
    try:
        model: ScenarioModel | None = ScenarioModel.model_validate(document)
    except ValidationError as error:
        errors = error.errors(include_url=False)
        problems += [problem_of(detail, ScenarioModel, names) for detail in errors]
        broken = [detail["loc"] for detail in errors]
        model = _repaired(document, broken)
    template = None
    if model is not None:
        problems += _cross_field_problems(model, broken, names)
        if not any(_touches(field, loc) for field in _OF_TEMPLATE for loc in broken):
            template, found = choose_template(model.workload, base=base, places=names)
            problems += found
    replay: Replay | None = None
    if model is not None and not any(_touches("load", loc) for loc in broken):
        replay, found = replay_of(model.load, base=base, names=names)
        problems += found
    templates: Mapping[Kind, Template] = {}
    if replay is not None and model is not None:
        templates, found = replayed_templates(model.workload, template, replay, names)
        problems += found
    objectives: ObjectiveSet | None = None
    if model is not None and model.objectives is not None:
        from virtslo.config.objectives_file import choose_objectives

        objectives, found = choose_objectives(model.objectives, base=base, indicators=indicators)
        problems += [_renamed(problem, names) for problem in found]
    simulation = None
    if model is not None and model.simulated is not None:
        from virtslo.config.profiles.simulation import choose_simulation

        simulation, found = choose_simulation(model.simulated, base=base)
        problems += found
    if problems or model is None or template is None:
        raise ScenarioError(source, problems)
    scenario = _scenario(model, template, source)
    if replay is not None:
        scenario = _replaying(scenario, replay, templates)
    return replace(scenario, objectives=objectives, simulated=simulation)


def _replaying(scenario: Scenario, replay: Replay, templates: Mapping[Kind, Template]) -> Scenario:
    """The scenario with the kind, the count and the times of its trace."""
    kind = main_kind(replay)
    workload = replace(
        scenario.workload,
        kind=kind,
        count=replay.members,
        groups=len(replay.arrivals) if TRAITS[kind].is_group else 1,
        template=templates[kind],
        templates={other: text for other, text in templates.items() if other is not kind},
    )
    load = replace(scenario.load, arrival=Arrival(ArrivalProcess.RECORDED), replay=replay)
    return replace(scenario, workload=workload, load=load)


def _renamed(problem: Problem, names: Mapping[str, str]) -> Problem:
    """A problem of the field `objectives` itself, at the place its author knows it by."""
    return replace(problem, place=place_of((problem.place,), names))


def _recognise(document: Mapping[str, Any], path: Path) -> Mapping[str, Any]:
    version = document.get("apiVersion")
    if version == API_VERSION:
        return document
    if version is None and is_workload(document):
        return to_document(document, path)
    if version is None and "workload" in document:
        hint = f"add the line apiVersion: {API_VERSION}"
        raise ScenarioError(str(path), [Problem("apiVersion", "nothing", API_VERSION, hint)])
    keys = ", ".join(list(map(str, document))[:5]) or "no keys"
    found = f"{version!r}" if version is not None else f"a file with the keys {keys}"
    hint = nearest(version, [API_VERSION]) if version is not None else ""
    raise ScenarioError(str(path), [Problem("apiVersion", found, _RECOGNISED, hint)])


def _cross_field_problems(
    model: ScenarioModel, broken: list[Loc], places: Mapping[str, str]
) -> list[Problem]:
    problems = []
    for clash in clashes(model):
        if any(_touches(field, loc) for field in clash.fields for loc in broken):
            continue
        place = place_of(tuple(clash.fields[0].split(".")), places)
        problems.append(Problem(place, clash.found, clash.expected, clash.hint))
    return problems


def _touches(field: str, loc: Loc) -> bool:
    """Whether an error at `loc` makes the value of `field` unknown."""
    path = ".".join(str(part) for part in loc)
    return f"{field}.".startswith(f"{path}.") or f"{path}.".startswith(f"{field}.")


def _repaired(document: Mapping[str, Any], broken: list[Loc]) -> ScenarioModel | None:
    """The document without what is wrong with it, so that the rest can be checked too."""
    whole: dict[str, Any] = copy.deepcopy(dict(document))
    for loc in broken:
        _remove(whole, loc)
    for section, keys in (("workload", ("kind", "count")), ("load", ("pattern",))):
        below = whole.setdefault(section, {})
        if isinstance(below, dict):
            for key in keys:
                below.setdefault(key, EXAMPLE[section][key])
    whole.setdefault("apiVersion", API_VERSION)
    whole.setdefault("name", EXAMPLE["name"])
    try:
        return ScenarioModel.model_validate(whole)
    except ValidationError:
        return None


def _remove(document: dict[str, Any], loc: Loc) -> None:
    below: Any = document
    for part in loc[:-1]:
        below = below.get(part) if isinstance(below, dict) else None
    if isinstance(below, dict) and loc:
        below.pop(loc[-1], None)


def _scenario(model: ScenarioModel, template: Template, source: str) -> Scenario:
    workload, deadlines, observe = model.workload, model.deadlines, model.observe
    return Scenario(
        name=model.name,
        workload=Workload(
            kind=workload.kind,
            count=workload.count,
            template=template,
            variables=dict(workload.variables),
            namespaces=workload.namespaces,
            objects_per_namespace=workload.objects_per_namespace,
            namespace=workload.namespace,
            groups=workload.groups,
        ),
        load=_load(model),
        warm_up=model.warm_up.objects,
        deadlines=Deadlines(deadlines.running, deadlines.gone),
        observe=Observe(observe.rest_calls, observe.prometheus, observe.audit_log),
        repeat=model.repeat,
        faults=tuple(model.faults),
        source=source,
    )


def _load(model: ScenarioModel) -> Load:
    load = model.load
    arrival = load.arrival
    churn = churn_of(model) or load.churn  # a burst keeps what it was given, and makes no use of it
    return Load(
        pattern=Pattern(load.pattern),
        arrival=Arrival(
            ArrivalProcess(arrival.process), arrival.rate, arrival.start_rate, arrival.at_once
        ),
        max_in_flight=load.max_in_flight,
        churn=None if churn is None else _churn(model, churn),
        settle=load.settle,
        settle_limit=load.settle_limit,
        hold=load.hold,
        actions=tuple(
            ActionStep(
                Action(step.action),
                step.rate,
                step.at_once,
                force=step.force,
                paused=step.paused,
                wait=step.wait,
                delay=step.delay,
            )
            for step in load.actions
        ),
    )


def _churn(model: ScenarioModel, churn: ChurnModel) -> Churn:
    count = model.workload.count
    objects = churn_objects(churn.objects, count)
    if churn.rate is not None and churn.duration is not None:
        objects = replacements(churn.rate, churn.duration)
    return Churn(
        objects=objects,
        cycles=churn.cycles,
        every=churn.every,
        victims=Victims(churn.victims),
        mode=churn_mode(churn, model.workload.kind),
        rate=churn.rate,
        duration=churn.duration,
    )
