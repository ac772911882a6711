"""Profiles: how long things take in a simulated cluster, as data files, with settings over them.

Invariant: a profile is data; it is read strictly, so a misspelt key is an error and not a default.
"""

from collections.abc import Mapping
from functools import cache
from importlib import resources as package_data
from pathlib import Path
from typing import Any, Final

from virtslo.base.errors import Problem, ScenarioError
from virtslo.base.paths import is_file
from virtslo.base.yaml_reader import parse_yaml
from virtslo.config.problems import nearest
from virtslo.config.profiles.profile_file import (
    EXTENDS,
    problems_of,
    profile_of,
    put_over,
    read_profile_document,
)
from virtslo.config.profiles.settings import with_settings
from virtslo.model.simulated.profile import Profile, Setting
from virtslo.model.simulated.target import SimulatedTarget

_FOLDER: Final = package_data.files("virtslo.config.profiles")
_SUFFIXES: Final = (".yaml", ".yml", ".json")


@cache
def profile_names() -> tuple[str, ...]:
    """The built-in profiles."""
    names = (item.name for item in _FOLDER.iterdir() if item.name.endswith(".yaml"))
    return tuple(sorted(name.removesuffix(".yaml") for name in names))


def load_profile(name: str, *, option: str = "--simulate") -> Profile:
    """A built-in profile. Raises ScenarioError with the names there are, for an option."""
    if name not in profile_names():
        raise ScenarioError("command line", [_unknown(name, option)])
    return profile_of(builtin_document(name), name=name, source=f"profile {name}")


@cache
def builtin_document(name: str) -> Mapping[str, Any]:
    """A built-in profile's document; what `extends` names comes first."""
    text = (_FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
    document: dict[str, Any] = parse_yaml(text)
    base = document.pop(EXTENDS, None)
    return document if base is None else put_over(builtin_document(base), document)


def choose_profile(
    given: str, *, base: Path | None = None, option: str = "--simulate"
) -> tuple[str, Mapping[str, Any] | None]:
    """A profile by a built-in name or by a path: its name, and the document of one from a file.

    Raises ScenarioError with every problem of the file.
    """
    if given in profile_names():
        return given, None
    path = (base or Path()) / given
    if not (given.endswith(_SUFFIXES) or "/" in given or is_file(path)):
        raise ScenarioError("command line", [_unknown(given, option)])
    document = read_profile_document(path, builtin_document, profile_names())
    problems = problems_of(document)
    if problems:
        raise ScenarioError(str(path), problems)
    return path.name.removesuffix(path.suffix), document


def _unknown(name: str, option: str) -> Problem:
    expected = f"one of {', '.join(profile_names())}, or the path of a profile's file"
    hint = nearest(name, profile_names()) or "leave it out for the default"
    return Problem(option, repr(name), expected, hint)


def profile_with(
    name: str, document: Mapping[str, Any] | None, settings: Mapping[str, Setting]
) -> Profile:
    """A profile with settings put over it. Raises ScenarioError where they contradict it."""
    if document is None:
        if not settings:
            return load_profile(name)
        document = builtin_document(name)
    whole = with_settings(document, settings)
    return profile_of(whole, name=name, source=f"profile {name} with settings")


def profile_of_target(target: SimulatedTarget) -> Profile:
    """The profile of a simulated cluster. Raises ScenarioError for an unknown name."""
    return profile_with(target.profile, target.document, target.settings)
