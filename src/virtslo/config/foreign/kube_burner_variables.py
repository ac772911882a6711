"""`inputVars` of kube-burner: texts, numbers and booleans, and lists and mappings of them.

Invariant: what a template gets is what yaml.v3 would give it, or the value is refused by its path.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from virtslo.base.errors import Problem
from virtslo.base.yaml_reader import GoMapping
from virtslo.base.yaml_scalars import Date
from virtslo.config.problems import found_text


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
            name: _value(value, f"{place}.{name}", found.problems) for name, value in given.items()
        }
    elif given is not None:
        found.problems.append(Problem(place, found_text(given), "a mapping"))
    return found


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
