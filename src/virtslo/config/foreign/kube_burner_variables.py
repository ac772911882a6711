"""`inputVars` and user data of kube-burner: texts, numbers, booleans, lists and mappings of them.

Invariant: what a template gets is what yaml.v3 would give it, or the value is refused by its path.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from virtslo.base.errors import Problem, ScenarioError
from virtslo.base.yaml_reader import GoMapping, Reading, YamlProblem, parse_yaml
from virtslo.base.yaml_scalars import Date, Rules
from virtslo.config.problems import found_text
from virtslo.config.yaml_document import read_text


@dataclass(slots=True)
class Variables:
    """The variables of an object, and what is wrong with them."""

    values: dict[str, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def read_variables(given: Any, place: str) -> Variables:
    """The variables at a place of a file; none where nothing is given."""
    found = Variables()
    if isinstance(given, Mapping):
        found.values = {
            name: _value(value, f"{place}.{name}" if place else name, found.problems)
            for name, value in given.items()
        }
    elif given is not None:
        found.problems.append(Problem(place, found_text(given), "a mapping"))
    return found


def read_user_data(path: Path) -> dict[str, Any]:
    """The values of a file of user data, YAML or JSON. Raises ScenarioError."""
    text = read_text(path, expected="a file of user data")
    try:
        given = parse_yaml(text, Reading(rules=Rules.V3))
    except YamlProblem as error:
        problem = Problem(f"line {error.line}", error.found, error.expected, error.hint)
        raise ScenarioError(str(path), [problem]) from error
    if not isinstance(given, Mapping):
        what = "nothing" if given is None else found_text(given)
        raise ScenarioError(str(path), [Problem("", what, "a mapping of names to values")])
    found = read_variables(given, "")
    if found.problems:
        raise ScenarioError(str(path), found.problems)
    return found.values


def _value(value: Any, place: str, problems: list[Problem]) -> Any:
    """A value without what only the reader knows: plain lists and mappings."""
    if isinstance(value, Mapping):
        if isinstance(value, GoMapping) and value.has_other_keys:
            hint = "put the keys in quotes: sprig's functions do not take such a mapping"
            problems.append(Problem(place, "a key that is no text", "texts as keys", hint))
        return {key: _value(below, f"{place}.{key}", problems) for key, below in value.items()}
    if isinstance(value, list):
        return [_value(below, f"{place}[{at}]", problems) for at, below in enumerate(value)]
    if isinstance(value, Date):
        hint = f'a template would get a time: put it in quotes: "{value}"'
        problems.append(Problem(place, f"the date {value}", "a text", hint))
    return value
