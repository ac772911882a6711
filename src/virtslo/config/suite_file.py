"""A suite from a file or from options: tests x kinds, each a scenario.

Invariant: every part is a valid scenario before the first one is run; a problem that several parts
share is reported once.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from virtslo.base.errors import Problem, ScenarioError
from virtslo.config.churn_ladder import has_ladder, rungs_of
from virtslo.config.problems import nearest
from virtslo.config.scenario_file import scenario_from_mapping
from virtslo.model.plan.scenario import Pattern, Scenario
from virtslo.model.plan.workload import Kind
from virtslo.model.report.indicators import NO_DEFINITIONS, Definitions
from virtslo.model.vocabulary import TABLE_KINDS, TABLE_PATTERNS

TESTS: Final = tuple(pattern.value for pattern in Pattern)
KINDS: Final = tuple(kind.value for kind in Kind)
DEFAULT_TESTS: Final = tuple(pattern.value for pattern in TABLE_PATTERNS)
DEFAULT_KINDS: Final = tuple(kind.value for kind in TABLE_KINDS)
KEYS: Final = ("tests", "kinds")
_OF_CYCLES: Final = ("objects", "cycles", "every")
_OF_CONSTANT: Final = ("rate", "duration", "ladder")


def is_suite_document(document: Mapping[str, Any]) -> bool:
    """Whether a document describes a suite."""
    return "suite" in document


def suite_scenarios(
    document: Mapping[str, Any],
    *,
    source: str,
    base: Path,
    places: Mapping[str, str] | None = None,
    indicators: Definitions = NO_DEFINITIONS,
) -> list[tuple[str, Scenario]]:
    """The scenarios of a suite by key, in the order in which they are run.

    Kind by kind, the burst before the churn. Raises ScenarioError with every problem.
    """
    rest = {key: value for key, value in document.items() if key not in {"suite", "name"}}
    problems = _clashes(rest)
    tests, kinds = _choices(document.get("suite"), problems)
    found: list[tuple[str, Scenario]] = []
    for kind in kinds:
        for test in tests:
            for suffix, part in _rungs(_part(rest, test, kind), problems):
                try:
                    scenario = scenario_from_mapping(
                        part, source=source, base=base, places=places, indicators=indicators
                    )
                except ScenarioError as error:
                    problems += [item for item in error.problems if item not in problems]
                else:
                    found.append((f"{test}-{kind}{suffix}", scenario))
    if problems:
        raise ScenarioError(source, problems)
    return found


def _rungs(
    part: Mapping[str, Any], problems: list[Problem]
) -> Sequence[tuple[str, Mapping[str, Any]]]:
    """The rungs of a part whose churn is a ladder; else the part itself."""
    if not has_ladder(part):
        return [("", part)]
    rungs, found = rungs_of(part)
    problems += [item for item in found if item not in problems]
    return [(f"-{rate}", rung) for rate, rung in rungs]


def _clashes(rest: Mapping[str, Any]) -> list[Problem]:
    """What a suite says of each part itself cannot be said for all."""
    problems = []
    for section, key, where in (
        ("workload", "kind", "suite.kinds"),
        ("load", "pattern", "suite.tests"),
    ):
        below = rest.get(section)
        if isinstance(below, Mapping) and key in below:
            problems.append(Problem(f"{section}.{key}", repr(below[key]), f"it in {where}"))
    return problems


def _choices(given: Any, problems: list[Problem]) -> tuple[Sequence[str], Sequence[str]]:
    if given is None:
        return DEFAULT_TESTS, DEFAULT_KINDS
    if not isinstance(given, Mapping):
        problems.append(Problem("suite", repr(given), "a mapping of tests and kinds"))
        return DEFAULT_TESTS, DEFAULT_KINDS
    for key in given:
        if key not in KEYS:
            hint = nearest(str(key), KEYS)
            problems.append(Problem(f"suite.{key}", "an unknown key", "tests or kinds", hint))
    tests = _listed(given.get("tests", DEFAULT_TESTS), "suite.tests", TESTS, problems)
    kinds = _listed(given.get("kinds", DEFAULT_KINDS), "suite.kinds", KINDS, problems)
    return tests or DEFAULT_TESTS, kinds or DEFAULT_KINDS


def _listed(given: Any, place: str, known: Sequence[str], problems: list[Problem]) -> list[str]:
    expected = f"a list of {', '.join(known)}"
    if not isinstance(given, list | tuple) or not given:
        problems.append(Problem(place, repr(given), expected))
        return []
    chosen: list[str] = []
    for number, item in enumerate(given):
        if item not in known:
            hint = nearest(item, known) if isinstance(item, str) else ""
            problems.append(
                Problem(f"{place}[{number}]", repr(item), f"one of {', '.join(known)}", hint)
            )
        elif item in chosen:
            problems.append(Problem(f"{place}[{number}]", f"{item!r} again", "each one once"))
        else:
            chosen.append(item)
    return chosen


def _part(rest: Mapping[str, Any], test: str, kind: str) -> dict[str, Any]:
    workload, load = rest.get("workload"), rest.get("load")
    given = dict(workload) if isinstance(workload, Mapping) else {}
    pattern = dict(load) if isinstance(load, Mapping) else {}
    churn = pattern.get("churn")
    if isinstance(churn, Mapping):
        others = _OF_CYCLES if test == Pattern.CONSTANT_CHURN else _OF_CONSTANT
        pattern["churn"] = {key: value for key, value in churn.items() if key not in others}
    count = given.get("count")
    return {
        **rest,
        "name": f"{test}-{kind}-{count}" if isinstance(count, int) else f"{test}-{kind}",
        "workload": {**given, "kind": kind},
        "load": {**pattern, "pattern": test},
    }
