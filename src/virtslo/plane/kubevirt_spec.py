"""The spec of a plane's KubeVirt object, from gates and fields as people write them.

Invariant: every option that cannot be read is listed; whether this version has a field is for its
own definition to say, when the object is created.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import yaml

from virtslo.base.errors import Problem, ScenarioError

CONFIGURATION: Final = "configuration"
ENABLED: Final = "featureGates"
DISABLED: Final = "disabledFeatureGates"
OFF: Final = ("off", "false")
ON: Final = ("on", "true")
_FIELD: Final = re.compile(r"[A-Za-z][A-Za-z0-9]*(\.[A-Za-z][A-Za-z0-9]*)*\Z")
_SPEC: Final = "spec."


def spec_of(gates: Sequence[str], fields: Sequence[str]) -> dict[str, Any]:
    """The spec: `NAME` or `NAME=off` of gates, `FIELD=VALUE` of fields. Raises ScenarioError.

    A field is under `spec.configuration`, or anywhere if it begins with `spec.`; a value is YAML.
    """
    spec: dict[str, Any] = {}
    problems: list[Problem] = []
    enabled: list[str] = []
    disabled: list[str] = []
    for text in gates:
        name, _, state = text.partition("=")
        if state and state not in (*ON, *OFF):
            problems.append(Problem(f"--gate {text}", repr(state), "NAME, NAME=on or NAME=off"))
        (disabled if state in OFF else enabled).append(name)
    for key, names in ((ENABLED, enabled), (DISABLED, disabled)):
        if names:
            _put(spec, f"{CONFIGURATION}.developerConfiguration.{key}", names)
    for text in fields:
        problem = _add_field(spec, text)
        if problem is not None:
            problems.append(problem)
    if problems:
        raise ScenarioError("command line", problems)
    return spec


def names_of(gates: Iterable[str]) -> tuple[str, ...]:
    """The gates' names alone."""
    return tuple(text.partition("=")[0] for text in gates)


def _add_field(spec: dict[str, Any], text: str) -> Problem | None:
    name, equals, value = text.partition("=")
    place = f"--config {text}"
    if not equals or not _FIELD.match(name):
        expected = "FIELD=VALUE, such as virtualMachineInstancesPerNode=200"
        return Problem(place, "no field with a value", expected)
    path = name.removeprefix(_SPEC) if name.startswith(_SPEC) else f"{CONFIGURATION}.{name}"
    try:
        read = yaml.safe_load(value)
    except yaml.YAMLError:
        return Problem(place, repr(value), "a value in YAML, such as 20, true or {qps: 20}")
    if not _put(spec, path, read):
        return Problem(place, "a field below a value", "fields that do not contain one another")
    return None


def _put(spec: dict[str, Any], path: str, value: object) -> bool:
    *parents, last = path.split(".")
    for key in parents:
        below = spec.setdefault(key, {})
        if not isinstance(below, dict):
            return False
        spec = below
    old = spec.get(last)
    if isinstance(old, Mapping) and isinstance(value, Mapping):
        spec[last] = {**old, **value}
    else:
        spec[last] = value
    return True
