"""Profiles: how long things take in a simulated cluster, as data files.

Invariant: a profile is data; it is read strictly, so a misspelt key is an error and not a default.
"""

from collections.abc import Iterator, Mapping
from dataclasses import fields
from difflib import get_close_matches
from importlib import resources as package_data
from typing import Any, Final

import msgspec
import yaml

from virtslo.base.errors import Problem, ScenarioError
from virtslo.model.profile import (
    SUPERFLUOUS_CALLS,
    ComponentLimits,
    Distribution,
    NodeShape,
    Profile,
    ServerProfile,
)

_FOLDER: Final = package_data.files("virtslo.config.profiles")


def profile_names() -> tuple[str, ...]:
    """The profiles there are."""
    names = (item.name for item in _FOLDER.iterdir() if item.name.endswith(".yaml"))
    return tuple(sorted(name.removesuffix(".yaml") for name in names))


def load_profile(name: str, *, option: str = "--simulate") -> Profile:
    """A profile by its name. Raises ScenarioError with the names there are, for an option."""
    names = profile_names()
    if name not in names:
        close = get_close_matches(name, names, n=1)
        hint = f"did you mean {close[0]!r}?" if close else "leave it out for the default"
        problem = Problem(option, repr(name), f"one of {', '.join(names)}", hint)
        raise ScenarioError("command line", [problem])
    document = {"name": name, **_document(name)}
    _refuse_unknown(name, document)
    return msgspec.convert(document, Profile)


def _document(name: str) -> dict[str, Any]:
    """A profile's file; what `extends` names comes first, and its mappings are added to."""
    document: dict[str, Any] = yaml.safe_load(
        (_FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
    )
    base = document.pop("extends", None)
    if base is None:
        return document
    merged = _document(base)
    for key, value in document.items():
        is_added = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = {**merged[key], **value} if is_added else value
    return merged


def _refuse_unknown(name: str, document: Mapping[str, Any]) -> None:
    """Raise ScenarioError for every key that a profile does not have."""
    problems = [
        Problem(f"profile {name}: {place}{key}", repr(key), f"one of {', '.join(known)}")
        for place, given, known in _parts(document)
        for key in given
        if key not in known
    ]
    if problems:
        raise ScenarioError("profile", problems)


def _parts(
    document: Mapping[str, Any],
) -> Iterator[tuple[str, Mapping[str, Any], tuple[str, ...]]]:
    """Each mapping whose keys are fixed: where it is, what it has, what it may have."""
    yield "", document, _keys_of(Profile)
    yield "nodes.", document.get("nodes", {}), _keys_of(NodeShape)
    yield "server.", document.get("server", {}), _keys_of(ServerProfile)
    yield "extra_calls.", document.get("extra_calls", {}), SUPERFLUOUS_CALLS
    for part in ("delays", "reconcile"):
        for step, distribution in document.get(part, {}).items():
            yield f"{part}.{step}.", distribution, _keys_of(Distribution)
    for component, limits in document.get("limits", {}).items():
        yield f"limits.{component}.", limits, _keys_of(ComponentLimits)


def _keys_of(shape: type[Any]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(shape))
