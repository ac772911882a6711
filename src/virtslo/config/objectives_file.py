"""Reading objectives: a built-in catalog or a file, with every problem found at once.

Invariant: what is returned can be judged: its indicators exist, its statistics are theirs, and its
bounds can be kept and can be missed. What cannot is refused, with the nearest names.
"""

from collections.abc import Callable, Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from virtslo.base.errors import Problem, ScenarioError
from virtslo.base.paths import is_file
from virtslo.base.units import parse_duration, parse_rate, parse_share
from virtslo.config.objectives_schema import (
    GrowingBoundModel,
    ObjectiveModel,
    ObjectivesModel,
    PromiseModel,
)
from virtslo.config.problems import found_text, nearest, problem_of
from virtslo.config.yaml_document import read_mapping
from virtslo.model.plan.objectives import Bound, Objective, ObjectiveSet, Promise
from virtslo.model.report.indicators import Definitions
from virtslo.model.vocabulary import LEAST_SAMPLES

BUILT_IN: Final = ("kubevirt-ci", "kubernetes")
_SUFFIXES: Final = (".yaml", ".yml", ".json")
_UNITS: Final[Mapping[str, tuple[str, Callable[[str], float]]]] = {
    "s": ("a duration such as 45s", parse_duration),
    "/s": ("a rate such as 20/s", parse_rate),
    "share": ("a share such as 5%", parse_share),
}


def choose_objectives(
    name: str, *, base: Path, indicators: Definitions
) -> tuple[ObjectiveSet | None, list[Problem]]:
    """The objectives that a name or a path means, or everything that is wrong with them."""
    is_path = "/" in name or name.endswith(_SUFFIXES)
    if not is_path and name not in BUILT_IN and not is_file(base / name):
        expected = f"one of {', '.join(BUILT_IN)}, or a path"
        return None, [Problem("objectives", repr(name), expected, nearest(name, BUILT_IN))]
    try:
        if name in BUILT_IN and not is_path:
            source = Path(str(files("virtslo.config") / "objectives" / f"{name}.yaml"))
        else:
            source = base / name
        return objectives_of(read_mapping(source), source=name, indicators=indicators), []
    except ScenarioError as error:
        return None, list(error.problems)


def objectives_of(
    document: Mapping[str, Any], *, source: str, indicators: Definitions
) -> ObjectiveSet:
    """The objectives that a document describes. Raises ScenarioError with every problem."""
    try:
        model = ObjectivesModel.model_validate(document)
    except ValidationError as error:
        problems = [
            _placed(source, problem_of(detail, ObjectivesModel, {}))
            for detail in _told_once(error.errors(include_url=False))
        ]
        raise ScenarioError(source, [*problems, *_of_the_rest(document, source, indicators)]) from (
            error
        )
    problems = list(_problems(model, source, indicators))
    if problems:
        raise ScenarioError(source, problems)
    made = tuple(_objective(item, model.promised_for, indicators) for item in model.objectives)
    return ObjectiveSet(model.name, made, model.description)


def _told_once(errors: list[Any]) -> Iterator[Any]:
    """Errors with the branches of a bound's union left out of their place, each place once."""
    seen: set[tuple[str | int, ...]] = set()
    for error in errors:
        loc = tuple(part for part in error["loc"] if not _is_branch(part))
        if loc not in seen:
            seen.add(loc)
            yield {**error, "loc": loc}


def _is_branch(part: str | int) -> bool:
    return isinstance(part, str) and (part == "GrowingBoundModel" or "function-before" in part)


def _of_the_rest(
    document: Mapping[str, Any], source: str, indicators: Definitions
) -> Iterator[Problem]:
    """What is wrong with the objectives that are valid by themselves, beside broken ones."""
    items = document.get("objectives")
    for index, item in enumerate(items if isinstance(items, list) else ()):
        try:
            model = ObjectiveModel.model_validate(item)
        except ValidationError:
            continue
        promise = model.promised_for or PromiseModel.model_validate({})
        place = f"{source}: objectives.{index}"
        yield from _objective_problems(model, promise, place, indicators)


def _problems(model: ObjectivesModel, source: str, indicators: Definitions) -> Iterator[Problem]:
    names: dict[str, int] = {}
    for index, item in enumerate(model.objectives):
        place = f"{source}: objectives.{index}"
        yield from _objective_problems(
            item, item.promised_for or model.promised_for, place, indicators
        )
        name = _name(item)
        if name in names:
            hint = f"objectives.{names[name]} has it already"
            yield Problem(f"{place}.name", repr(name), "a name of its own", hint)
        names.setdefault(name, index)


def _objective_problems(
    item: ObjectiveModel, promise: PromiseModel, place: str, indicators: Definitions
) -> Iterator[Problem]:
    for key, name in (("indicator", item.indicator), ("per", item.per)):
        if name is not None and name not in indicators:
            yield Problem(
                f"{place}.{key}",
                repr(name),
                "an indicator (docs/reference/indicators.md lists them)",
                nearest(name, list(indicators)),
            )
    known = indicators.get(item.indicator)
    if known is not None:
        yield from _statistic_problems(item, promise, place, known.statistics)
    if (item.at_most is None) == (item.at_least is None):
        found = "neither" if item.at_most is None else "both"
        hint = "" if item.at_most is None else "make two objectives of it"
        yield Problem(place, f"{found} atMost and atLeast", "one of the two", hint)
    elif known is not None:
        yield from _bound_problems(item, place, _unit(item, indicators))


def _statistic_problems(
    item: ObjectiveModel, promise: PromiseModel, place: str, statistics: tuple[str, ...]
) -> Iterator[Problem]:
    one_of = f"one of {', '.join(statistics)}"
    if item.per is not None:
        if item.statistic not in {None, "count"} or "count" not in statistics:
            yield Problem(f"{place}.per", f"per with {item.indicator!r}", "two counts")
        return
    if item.statistic is None:
        if len(statistics) > 1:
            yield Problem(f"{place}.statistic", "nothing", one_of)
    elif item.statistic not in statistics:
        hint = nearest(item.statistic, statistics)
        yield Problem(f"{place}.statistic", repr(item.statistic), one_of, hint)
    least = LEAST_SAMPLES.get(item.statistic or "", 0)
    if promise.max_objects is not None and promise.max_objects < least:
        yield Problem(
            f"{place}.statistic",
            f"{item.statistic} promised for at most {promise.max_objects} objects",
            f"a promise for {least} objects or more",
            f"{item.statistic} of fewer than {least} objects is no data",
        )


def _bound_problems(item: ObjectiveModel, place: str, unit: str) -> Iterator[Problem]:
    key = "atMost" if item.at_most is not None else "atLeast"
    given = item.at_most if item.at_most is not None else item.at_least
    assert given is not None
    place = f"{place}.{key}"
    if isinstance(given, GrowingBoundModel):
        if unit in {"s", "share"}:
            yield Problem(place, "a bound that grows with objects", _expected(unit))
        return
    try:
        value = _amount(given, unit)
    except ValueError as error:
        yield Problem(place, found_text(given), _expected(unit), str(error))
        return
    if value < 0 or (value == 0 and key == "atLeast"):
        words = "no figure can miss it" if key == "atLeast" else "no figure can keep to it"
        yield Problem(place, found_text(given), f"{_expected(unit)} above 0", words)
    elif value == 0 and unit == "s":
        yield Problem(place, found_text(given), _expected(unit), "nothing takes no time")
    elif unit == "share" and (value > 1 or (value == 1 and key == "atMost")):
        yield Problem(place, found_text(given), _expected(unit), "a share is at most 100%")


def _expected(unit: str) -> str:
    known = _UNITS.get(_unit_kind(unit))
    if known is not None:
        return known[0]
    return f"a number of {unit}" if unit else "a number"


def _unit_kind(unit: str) -> str:
    return "/s" if unit.endswith("/s") else unit


def _amount(given: float | str, unit: str) -> float:
    """A bound in an indicator's unit. Raises ValueError."""
    if not isinstance(given, str):
        if unit == "s":
            raise ValueError(f"with a unit: {given}s")
        return float(given)
    known = _UNITS.get(_unit_kind(unit))
    if known is not None:
        return known[1](given)
    try:
        return float(given)
    except ValueError:
        raise ValueError(f"{unit or 'a ratio'} has no such unit") from None


def _unit(item: ObjectiveModel, indicators: Definitions) -> str:
    """The unit of what is judged; a ratio of two counts has none."""
    return "" if item.per is not None else indicators[item.indicator].unit


def _name(item: ObjectiveModel) -> str:
    if item.name is not None:
        return item.name
    per = f" per {item.per}" if item.per else ""
    return f"{item.indicator} {item.statistic or ''}".strip() + per


def _objective(item: ObjectiveModel, promise: PromiseModel, indicators: Definitions) -> Objective:
    known = indicators[item.indicator]
    unit = _unit(item, indicators)
    is_least = item.at_least is not None
    given = item.at_least if item.at_least is not None else item.at_most
    assert given is not None
    if isinstance(given, GrowingBoundModel):
        bound = Bound(given.plus, given.per_object, is_least)
    else:
        bound = Bound(_amount(given, unit), 0.0, is_least)
    ratio = item.per is not None
    return Objective(
        name=_name(item),
        indicator=item.indicator,
        statistic=item.statistic or ("count" if ratio else known.statistics[0]),
        bound=bound,
        unit=unit,
        per=item.per,
        per_statistic="count" if ratio else "",
        promise=_promise(item.promised_for or promise),
    )


def _promise(model: PromiseModel) -> Promise:
    return Promise(
        tests=tuple(model.tests),
        kinds=tuple(kind.value for kind in model.kinds),
        most_objects=model.max_objects,
        most_per_second=model.max_rate,
        least_nodes=model.min_nodes,
    )


def _placed(source: str, problem: Problem) -> Problem:
    return Problem(f"{source}: {problem.place}", problem.found, problem.expected, problem.hint)
