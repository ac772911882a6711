"""A profile from a document: checked with every problem at once, and its JSON Schema.

Invariant: a profile that is returned can be simulated; one that says what has no effect is refused.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, Final

import msgspec
import yaml

from virtslo.base.errors import Problem, ScenarioError
from virtslo.config.problems import found_text, nearest
from virtslo.config.profiles.structure import Part, converted
from virtslo.config.yaml_document import read_mapping
from virtslo.model.kubernetes.client_limits import COMPONENT_LIMITS
from virtslo.model.simulated.profile import (
    PARAMETERS,
    SHARED,
    SUPERFLUOUS_CALLS,
    ComponentLimits,
    Distribution,
    Profile,
)

EXTENDS: Final = "extends"
DURATION: Final = r"^(0|(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|ms|s|m|h))+)$"
_VERBS: Final = ("get", "list", "create", "update", "patch", "delete")
ROOT: Final = Part(Profile)

Builtin = Callable[[str], Mapping[str, Any]]
"""The document of a built-in profile, by its name."""


def profile_of(document: Mapping[str, Any], *, name: str, source: str) -> Profile:
    """The profile that a whole document says. Raises ScenarioError with every problem."""
    problems = problems_of(document)
    if problems:
        raise ScenarioError(source, problems)
    return msgspec.convert({"name": name, **_completed(_clean(document))}, Profile)


def problems_of(document: Mapping[str, Any]) -> list[Problem]:
    """Everything that is wrong with a profile's document."""
    problems: list[Problem] = []
    given = {key: value for key, value in document.items() if key != "name"}
    if "name" in document:
        words = "no name: a profile is called as its file is"
        problems.append(Problem("name", repr(document["name"]), words))
    clean = converted(given, ROOT, "", problems)
    problems += _contradictions(_without(clean, {problem.place for problem in problems}))
    return problems


def _without(document: Mapping[str, Any], wrong: Collection[str]) -> dict[str, Any]:
    """A document without the groups, and the parts of groups, in which something is wrong: what is
    left makes no contradiction because of it."""
    parts = {tuple(place.split(".")[:2]) for place in wrong}
    return {
        group: {name: value for name, value in of.items() if (group, name) not in parts}
        for group, of in document.items()
        if isinstance(of, Mapping) and (group,) not in parts
    }


def read_profile_document(path: Path, builtin: Builtin, names: tuple[str, ...]) -> dict[str, Any]:
    """A profile's file, put over the built-in profile that it extends. Raises ScenarioError."""
    document = dict(read_mapping(path, expected="a profile", schema="virtslo profile schema"))
    base = document.pop(EXTENDS, None)
    if base is None:
        return document
    if base not in names:
        hint = nearest(base, names)
        expected = f"a built-in profile: {', '.join(names)}"
        unknown = Problem(EXTENDS, found_text(base), expected, hint)
        raise ScenarioError(str(path), [unknown, *problems_of(document)])
    return put_over(builtin(base), document)


def put_over(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`base` with what `over` says: mappings are added to, a distribution is replaced whole."""
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        is_added = isinstance(value, Mapping) and isinstance(below, Mapping)
        merged[key] = {**below, **value} if is_added and below is not None else value
    return merged


def _clean(document: Mapping[str, Any]) -> dict[str, Any]:
    clean: dict[str, Any] = converted(document, ROOT, "", [])
    return clean


def _completed(document: dict[str, Any]) -> dict[str, Any]:
    """The document with the default of each limit of which only one value is given."""
    limits = document.get("limits")
    if limits:
        document = {**document, "limits": {name: _limit(name, of) for name, of in limits.items()}}
    return document


def _limit(component: str, given: Mapping[str, Any]) -> dict[str, Any]:
    qps, burst = COMPONENT_LIMITS[component]
    return {"qps": qps, "burst": burst, **given}


def _contradictions(document: Mapping[str, Any]) -> Iterator[Problem]:
    """What is well formed and still makes no profile."""
    for group in ("delays", "reconcile"):
        for name, distribution in document.get(group, {}).items():
            yield from _of_distribution(f"{group}.{name}", distribution)
    for name, limits in document.get("limits", {}).items():
        whole = _limit(name, limits)
        if whole["qps"] > 0 and whole["burst"] < 1:
            hint = "0 requests per second turn the limit off"
            yield Problem(f"limits.{name}.burst", "0", "at least 1 where qps is above 0", hint)
    server = document.get("server", {})
    if server.get("serving") == SHARED and not server.get("cores"):
        yield Problem("server.serving", f"{SHARED}, of no cores", "server.cores of 1 at least")
    for place in server.get("webhook", {}):
        verb, _, resource = place.partition(" ")
        if verb not in _VERBS or not resource or " " in resource:
            expected = f"VERB RESOURCE, with one of {', '.join(_VERBS)}"
            yield Problem(f"server.webhook.{place}", repr(place), expected, nearest(verb, _VERBS))


def _of_distribution(place: str, given: Mapping[str, Any]) -> Iterator[Problem]:
    shape = given.get("shape", "constant")
    used = PARAMETERS[shape]
    for name in given:
        if name not in {"shape", "least", *used}:
            expected = f"one of {', '.join((*used, 'least'))}: the distribution is {shape}"
            hint = f"set {place}.shape too"
            found = f"{found_text(given[name])}, without effect"
            yield Problem(f"{place}.{name}", found, expected, hint)
    if shape == "uniform" and given.get("low", 0.0) > given.get("high", 0.0):
        found = f"{given.get('low', 0.0):g} to {given.get('high', 0.0):g} s"
        yield Problem(place, found, "a low of at most high")
    if shape == "lognormal" and not given.get("median", 0.0):
        yield Problem(f"{place}.median", "0", "a median above 0 for lognormal")
    if shape == "quantiles":
        values = given.get("values", ())
        if len(values) < 2 or list(values) != sorted(values):
            expected = "two values at least, none below the one before it"
            yield Problem(f"{place}.values", found_text(values), expected)


def profile_text(profile: Profile) -> str:
    """A profile as a file: what differs from no time at all, in the order of its fields."""
    document = _without_defaults(profile, Profile(profile.name))
    document.pop("name", None)
    text: str = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=100)
    return text


def _without_defaults(value: Any, default: Any) -> dict[str, Any]:
    """The fields of a dataclass that differ from those of another."""
    document: dict[str, Any] = {}
    for field in fields(value):
        own, other = getattr(value, field.name), getattr(default, field.name)
        if own == other:
            continue
        document[field.name] = _plain(own, other)
    return document


def _plain(value: Any, default: Any) -> Any:
    if isinstance(value, Distribution):
        used = {"shape", "least", *PARAMETERS[value.shape]}
        given = _without_defaults(value, Distribution())
        return {key: item for key, item in given.items() if key in used} or {"value": 0.0}
    if isinstance(value, ComponentLimits):
        return {"qps": value.qps, "burst": value.burst}
    if is_dataclass(value):
        return _without_defaults(value, default)
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, Mapping):
        return {key: _plain(item, None) for key, item in value.items()}
    return value


def profile_schema() -> dict[str, Any]:
    """The JSON Schema of a profile's file."""
    schema = msgspec.json.schema(Profile)
    for shape in schema["$defs"].values():
        shape["additionalProperties"] = False
    profile = schema["$defs"]["Profile"]
    properties = profile["properties"]
    del properties["name"]
    del profile["required"]
    for name, below in properties.items():
        part = ROOT.below(name)
        if part is not None and part.keys:
            below["propertyNames"] = {"enum": list(part.keys)}
    schema["$defs"]["ComponentLimits"].pop("required", None)
    properties[EXTENDS] = {
        "type": "string",
        "description": "A built-in profile that this one differs from.",
    }
    properties["extra_calls"]["propertyNames"] = {"enum": list(SUPERFLUOUS_CALLS)}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **_with_durations(schema),
        "title": "virtslo profile",
    }


def _with_durations(schema: Any) -> Any:
    """The schema with durations allowed where a number of seconds is."""
    if isinstance(schema, list):
        return [_with_durations(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("title") == "seconds":
        number = {key: value for key, value in schema.items() if key not in {"title", "default"}}
        text = {"type": "string", "pattern": DURATION}
        default = {"default": schema["default"]} if "default" in schema else {}
        return {"title": "seconds, or a duration", "anyOf": [number, text], **default}
    return {key: _with_durations(value) for key, value in schema.items()}
