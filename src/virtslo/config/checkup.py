"""The ConfigMap of a checkup, in the convention of kiagnose: `spec.timeout` and `spec.param.*`.

Invariant: every problem is found at once, and each is named by the key of the ConfigMap that it is
in; what the parameters say of a scenario is checked where options of a command line are.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from virtslo.base.errors import Problem, ScenarioError
from virtslo.base.units import parse_duration
from virtslo.config.problems import found_text, nearest

TIMEOUT: Final = "spec.timeout"
PARAMETER: Final = "spec.param."
TEST: Final = f"{PARAMETER}test"
STARTED: Final = "status.startTimestamp"
COMPLETED: Final = "status.completionTimestamp"
SUCCEEDED: Final = "status.succeeded"
FAILURE_REASON: Final = "status.failureReason"
RESULT: Final = "status.result."
TESTS: Final = ("burst", "steady-state", "constant-churn")


@dataclass(frozen=True, slots=True)
class Checkup:
    """What a ConfigMap asks for."""

    test: str
    timeout: float
    """Seconds from the start after which the run is ended; clean-up follows."""
    options: Mapping[str, str]
    """Options of the scenario by name, such as `--max-in-flight`, as they were written."""


def parameter_name(option: str) -> str:
    """The parameter that stands for an option: `maxInFlight` for `--max-in-flight`."""
    first, *others = option.lstrip("-").split("-")
    return first + "".join(word.capitalize() for word in others)


def read_checkup(data: Mapping[str, str], options: Iterable[str], *, source: str) -> Checkup:
    """What a ConfigMap's data asks for, with parameters for these options.

    Raises ScenarioError with every problem of its keys.
    """
    names = {parameter_name(option): option for option in options}
    problems = list(_used(data))
    timeout = _timeout(data, problems)
    test = data.get(TEST, "burst")
    if test not in TESTS:
        found = found_text(test)
        problems.append(Problem(TEST, found, f"one of {', '.join(TESTS)}", nearest(test, TESTS)))
    given: dict[str, str] = {}
    for key, value in data.items():
        if not key.startswith(PARAMETER) or key == TEST:
            continue
        name = key.removeprefix(PARAMETER)
        if name not in names:
            known = ("test", *names)
            expected = f"one of {', '.join(f'{PARAMETER}{each}' for each in known)}"
            problems.append(Problem(key, "an unknown parameter", expected, nearest(name, known)))
        else:
            given[names[name]] = value
    if problems:
        raise ScenarioError(source, problems)
    return Checkup(test, timeout, given)


def placed(problem: Problem, options: Iterable[str]) -> Problem:
    """A problem of a command line's option, named by the parameter that stands for it."""
    for option in options:
        if re.match(rf"{re.escape(option)}(?![\w-])", problem.place):
            place = f"{PARAMETER}{parameter_name(option)}{problem.place[len(option) :]}"
            return Problem(place, problem.found, problem.expected, problem.hint)
    return problem


def is_used(data: Mapping[str, str]) -> bool:
    """Whether a checkup ran by this ConfigMap before: it is good for one."""
    return STARTED in data or COMPLETED in data


def _used(data: Mapping[str, str]) -> Iterable[Problem]:
    if is_used(data):
        key = STARTED if STARTED in data else COMPLETED
        hint = "remove its status.* keys, or make a new ConfigMap"
        yield Problem(key, found_text(data[key]), "none: it was used by a checkup before", hint)


def _timeout(data: Mapping[str, str], problems: list[Problem]) -> float:
    text = data.get(TIMEOUT)
    if text is None:
        problems.append(Problem(TIMEOUT, "nothing", "a duration such as 15m"))
        return 0.0
    try:
        seconds = parse_duration(text)
    except ValueError as error:
        problems.append(Problem(TIMEOUT, found_text(text), str(error)))
        return 0.0
    if seconds <= 0:
        problems.append(Problem(TIMEOUT, found_text(text), "a duration longer than 0"))
    return seconds
