"""Profiles: how long things take in a simulated cluster, as data files.

Invariant: a profile is data; it is read strictly, so a misspelt key is an error and not a default.
"""

from difflib import get_close_matches
from importlib import resources as package_data
from typing import Any, Final

import msgspec
import yaml

from virtslo.base.errors import Problem, ScenarioError
from virtslo.model.profile import Profile

_FOLDER: Final = package_data.files("virtslo.hollow.profiles")


def profile_names() -> tuple[str, ...]:
    """The profiles there are."""
    names = (item.name for item in _FOLDER.iterdir() if item.name.endswith(".yaml"))
    return tuple(sorted(name.removesuffix(".yaml") for name in names))


def load_profile(name: str) -> Profile:
    """A profile by its name. Raises ScenarioError with the names there are."""
    names = profile_names()
    if name not in names:
        close = get_close_matches(name, names, n=1)
        hint = f"did you mean {close[0]!r}?" if close else "leave it out for the default"
        problem = Problem("--simulate", repr(name), f"one of {', '.join(names)}", hint)
        raise ScenarioError("command line", [problem])
    document: Any = yaml.safe_load((_FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
    return msgspec.convert({"name": name, **document}, Profile)
