"""Reading faults, as the command line and a scenario file write them.

Invariant: what is returned is valid; every problem is found, with its place. A fault's text is
`name` or `name:key=value,key=value`.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from virtslo.base.errors import Problem, ScenarioError
from virtslo.base.near_words import did_you_mean
from virtslo.base.units import parse_duration
from virtslo.model.simulated.faults import (
    FAULTS,
    SHARE,
    SPAN,
    STAGES,
    STATUS,
    WHOLE,
    Fault,
    FaultStage,
    parameters_of,
)

_WANTED: Final = {
    SHARE: "a number from 0 to 1",
    SPAN: "a duration such as 90s or 500ms",
    STATUS: "a status code from 500 to 599",
    WHOLE: "a whole number of at least 1",
}
_TIMES: Final = ("at", "for", "every")


def parse_faults(texts: Sequence[str]) -> tuple[Fault, ...]:
    """Read faults as `--fault` gives them. Raises ScenarioError with every problem."""
    problems: list[Problem] = []
    faults = [fault for text in texts if (fault := read_fault(text, problems)) is not None]
    if problems:
        raise ScenarioError("command line", problems)
    return tuple(faults)


def read_fault(text: str, problems: list[Problem], *, place: str = "--fault") -> Fault | None:
    """One fault's text; None, and at least one more problem, if it cannot be understood."""
    before = len(problems)
    name, _, rest = text.partition(":")
    if name not in FAULTS:
        problems.append(
            Problem(place, repr(name), f"one of {', '.join(FAULTS)}", did_you_mean(name, FAULTS))
        )
        return None
    given: dict[str, str] = {}
    for part in filter(None, rest.split(",")):
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if key not in parameters_of(name):
            names = ", ".join(parameters_of(name))
            hint = did_you_mean(key, parameters_of(name))
            problems.append(Problem(f"{place} {name}", repr(key), f"one of {names}", hint))
        elif not equals:
            problems.append(Problem(f"{place} {name}", repr(part), f"{key}=VALUE"))
        else:
            given[key] = value
    fault = _fault(name, text, given, problems, place)
    return fault if len(problems) == before else None


def _fault(
    name: str, text: str, given: Mapping[str, str], problems: list[Problem], place: str
) -> Fault:
    kind = FAULTS[name]
    defaults = {"at": kind.at, "for": kind.lasts or "0s", "every": kind.every}
    if "stage" in given:
        defaults.update({"at": "0s"})
    texts = {key: given.get(key, default) for key, default in defaults.items()}
    kinds = dict.fromkeys(_TIMES, SPAN)
    for key, parameter in kind.parameters.items():
        texts[key] = given.get(key, parameter.default)
        kinds[key] = parameter.kind
    values: dict[str, float] = {}
    for key, value in texts.items():
        try:
            values[key] = _value(value, kinds[key])
        except ValueError:
            wanted = _WANTED[kinds[key]]
            problems.append(Problem(f"{place} {name}:{key}", repr(value), wanted))
    at, lasts, every = (values.pop(key, 0.0) for key in _TIMES)
    if kind.must_end and not lasts and "for" in given:
        problems.append(Problem(f"{place} {name}:for", repr(given["for"]), "more than nothing"))
    if every and not lasts and kind.lasts is not None:
        problems.append(
            Problem(f"{place} {name}:every", repr(texts["every"]), "a fault that ends, with for=")
        )
    elif every and every <= lasts:
        problems.append(
            Problem(f"{place} {name}:every", repr(texts["every"]), f"more than for={texts['for']}")
        )
    return Fault(name, text, values, at, lasts, every, _stage(name, given, problems, place))


def _stage(
    name: str, given: Mapping[str, str], problems: list[Problem], place: str
) -> FaultStage | None:
    stage = given.get("stage")
    if stage is None:
        return None
    for known in STAGES:
        if known == stage.replace("-", "_"):
            return known
    wanted = f"one of {', '.join(STAGES)}"
    hint = did_you_mean(stage, STAGES)
    problems.append(Problem(f"{place} {name}:stage", repr(stage), wanted, hint))
    return None


def _value(text: str, kind: str) -> float:
    if kind == SPAN:
        return parse_duration(text)
    value = float(text)
    if kind == SHARE:
        is_right = 0 <= value <= 1
    elif kind == STATUS:
        is_right = value.is_integer() and 500 <= value <= 599
    else:
        is_right = value.is_integer() and 1 <= value <= 1_000_000
    if not is_right:
        raise ValueError(_WANTED[kind])
    return value
