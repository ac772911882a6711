"""The simulated cluster that a request asks for: a profile, its nodes, settings over it.

Invariant: what is returned can be simulated; everything that is wrong is found at once.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

from virtslo.base.errors import Problem, ScenarioError
from virtslo.config.profiles import choose_profile, profile_with
from virtslo.config.profiles.settings import read_settings
from virtslo.model.plan.scenario import Simulation
from virtslo.model.simulated.profile import Setting

DEFAULT_PROFILE: Final = "ci"
SET: Final = "--set"


class Asked(Protocol):
    """The section `simulated` of a scenario's file."""

    @property
    def profile(self) -> str | None:
        """A profile's name or path."""
        ...

    @property
    def nodes(self) -> int | None:
        """How many nodes."""
        ...

    @property
    def set(self) -> Mapping[str, Any]:
        """Settings, as written."""
        ...


def choose_simulation(asked: Asked, *, base: Path) -> tuple[Simulation, list[Problem]]:
    """What a scenario's file says of the simulated cluster, and every problem with it."""
    problems: list[Problem] = []
    profile, document = asked.profile, None
    if profile is not None:
        try:
            profile, document = choose_profile(profile, base=base, option="simulated.profile")
        except ScenarioError as error:
            problems += error.placed
            profile = None
    settings = read_settings(asked.set, problems, place="simulated.set.")
    if not problems:
        problems += contradictions(profile or DEFAULT_PROFILE, document, settings)
    return Simulation(profile, document, asked.nodes, settings), problems


def contradictions(
    profile: str, document: Mapping[str, Any] | None, settings: Mapping[str, Setting]
) -> Sequence[Problem]:
    """What is wrong with a profile only when settings are put over it."""
    try:
        profile_with(profile, document, settings)
    except ScenarioError as error:
        return error.problems
    return ()


def read_assignments(texts: Sequence[str], problems: list[Problem]) -> dict[str, Setting]:
    """The settings of `--set NAME=VALUE`; every problem is added."""
    given: dict[str, str] = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign or not name.strip() or not value.strip():
            words = "NAME=VALUE, such as kubevirt.virtController.qps=400"
            problems.append(Problem(SET, repr(text), words))
        elif name.strip() in given:
            problems.append(Problem(f"{SET} {name.strip()}", "it twice", "one value"))
        else:
            given[name.strip()] = value.strip()
    return read_settings(given, problems, place=f"{SET} ")
