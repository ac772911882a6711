"""The scenarios that a command line means: a pattern's name, the suite, or a file, with options.

Invariant: every problem of the request is reported at once; nothing runs before all of it is read.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from virtslo.base.paths import is_file, is_there
from virtslo.cli.options import PLACES, USER_DATA, merged, misplaced, overrides
from virtslo.cli.printing import say

SUITE = "suite"
IDLE = "idle"
"""A burst whose objects are then left alone."""
REPLAY = "replay"
"""A recorded trace, played."""
PATTERNS = ("burst", "steady-state", "constant-churn", IDLE, REPLAY)
HOLD = "load.hold"
DEFAULT_HOLD = "5m"
DEFAULT_COUNT = 100

if TYPE_CHECKING:
    from virtslo.model.plan.scenario import Scenario

Keyed = list[tuple[str, "Scenario"]]
"""Scenarios by the keys they have in a suite."""


def read_scenarios(what: str, options: Mapping[str, Any]) -> tuple[Keyed, str]:
    """Every scenario that is meant, by key, and what they are called together."""
    from virtslo.config.scenario_file import read_document
    from virtslo.config.suite_file import is_suite_document

    _refuse_user_data(what, options)
    if what == SUITE:
        return builtin_suite(options), SUITE
    if what not in PATTERNS:
        _refuse_misspelt(what)
        read, base = read_document(Path(what), user_data=_user_data(options))
        if is_suite_document(read):
            found = suite_of(read, options, source=what, base=base, places={})
            return found, str(read.get("name", SUITE))
    rates = _ladder(what, options)
    if rates:
        return _rungs(what, options, rates)
    scenario = read_scenario(what, options)
    return [(_key(scenario), scenario)], scenario.name


def _refuse_user_data(what: str, options: Mapping[str, Any]) -> None:
    """Refuse values for a template where there is none. Raises ScenarioError."""
    from virtslo.base.errors import Problem, ScenarioError

    if options.get(USER_DATA) is not None and what in {*PATTERNS, SUITE}:
        problem = Problem("--user-data", what, "a workload of kube-burner as the FILE")
        raise ScenarioError("command line", [problem])


def _user_data(options: Mapping[str, Any]) -> Path | None:
    """The file of values for the template of a workload, if one is named."""
    named = options.get(USER_DATA)
    return None if named is None else Path(named)


def _key(scenario: "Scenario") -> str:
    return f"{scenario.load.pattern.value}-{scenario.kind_name}"


def _ladder(what: str, options: Mapping[str, Any]) -> list[str]:
    """The rates of a churn ladder, as they were written; none where there is no ladder.

    Raises ScenarioError for a ladder that is wrong.
    """
    from virtslo.base.errors import ScenarioError
    from virtslo.config.churn_ladder import PLACE, has_ladder, rungs_of
    from virtslo.config.scenario_file import read_document

    pattern = {"load": {"pattern": what}}
    document: Any = pattern
    if what not in PATTERNS:
        document, _ = read_document(Path(what), user_data=_user_data(options))
    document = merged(document, overrides(options, is_constant_churn=what == "constant-churn"))
    if not has_ladder(document):
        return []
    place = "--churn-ladder" if options.get("churn_ladder") is not None else PLACE
    rungs, problems = rungs_of(document, place=place)
    if problems:
        raise ScenarioError("command line" if what in PATTERNS else what, problems)
    return [rung["load"]["churn"]["rate"] for _, rung in rungs]


def _rungs(what: str, options: Mapping[str, Any], rates: list[str]) -> tuple[Keyed, str]:
    """A scenario for each rate of a ladder."""
    from dataclasses import replace

    from virtslo.config.scenario_file import read_document

    opened = None
    if what not in PATTERNS:
        read, base = read_document(Path(what), user_data=_user_data(options))
        churn = {key: value for key, value in read["load"]["churn"].items() if key != "ladder"}
        opened = ({**read, "load": {**read["load"], "churn": churn}}, base)
    found: Keyed = []
    name = SUITE
    for rate in rates:
        rung = read_scenario(what, {**options, "churn_ladder": None, "churn": rate}, opened=opened)
        name = f"{rung.name}-ladder"
        number = f"{rung.load.churn.rate:g}"
        found.append((f"{_key(rung)}-{number}", replace(rung, name=f"{rung.name}-{number}")))
    return found, name


def _refuse_misspelt(what: str) -> None:
    """Refuse what is no file and nearly the name of a pattern. Raises ScenarioError."""
    from virtslo.base.errors import Problem, ScenarioError
    from virtslo.config.problems import nearest

    names = (*PATTERNS, SUITE)
    hint = nearest(what, names)
    if hint and not is_there(Path(what)):
        expected = f"{', '.join(names)}, or a scenario file"
        raise ScenarioError("command line", [Problem("run", repr(what), expected, hint)])


def builtin_suite(options: Mapping[str, Any]) -> Keyed:
    """The suite of the mission: Burst and Steady State of VMI, VM and VMPool."""
    document = {"apiVersion": "virtslo/v1", "workload": {"count": DEFAULT_COUNT}, "suite": {}}
    return suite_of(document, options, source="command line", base=Path.cwd(), places=PLACES)


def suite_of(
    document: Mapping[str, Any],
    options: Mapping[str, Any],
    *,
    source: str,
    base: Path,
    places: Mapping[str, str],
) -> Keyed:
    """The scenarios of a suite's document, with the options put over it; --kind narrows it."""
    from virtslo.config.suite_file import suite_scenarios
    from virtslo.slo.catalog.catalog import CATALOG

    over = overrides(options)
    kind = over.get("workload", {}).pop("kind", None)
    if kind is not None:
        given = document.get("suite")
        chosen = dict(given) if isinstance(given, Mapping) else {}
        document = {**document, "suite": {**chosen, "kinds": [kind]}}
    return suite_scenarios(
        merged(document, over),
        source=source,
        base=base,
        places=places,
        indicators=CATALOG,
    )


def read_scenario(
    what: str,
    options: Mapping[str, Any],
    *,
    opened: tuple[Mapping[str, Any], Path] | None = None,
) -> Any:
    """The scenario that a pattern's name or a file says, with the options put over it.

    `opened` is a file's document, where it was read already, and what its paths are relative to.
    """
    from virtslo.base.errors import ScenarioError
    from virtslo.config.scenario_file import notes_on, read_document, scenario_from_mapping
    from virtslo.slo.catalog.catalog import CATALOG

    if what in PATTERNS:
        said = {**options, "duration": None} if what == IDLE else options
        over = overrides(said, is_constant_churn=what == "constant-churn")
        document: dict[str, Any] = {
            "apiVersion": "virtslo/v1",
            "workload": {"kind": "vmi", "count": DEFAULT_COUNT, "template": "cirros"},
            "load": {"pattern": what},
        }
        if what == IDLE:
            hold = options.get("duration") or DEFAULT_HOLD
            document["load"] = {"pattern": "burst", "hold": hold}
        if what == REPLAY:
            document["workload"] = {"template": "cirros"}
        document = merged(document, over)
        if what == REPLAY:
            document["name"] = REPLAY
        kind = str(document["workload"].get("kind", "vmi")).lower()
        document.setdefault("name", f"{what}-{kind}-{document['workload'].get('count')}")
        problems = misplaced("burst" if what == IDLE else what, said)
        try:
            scenario = scenario_from_mapping(
                document,
                source="command line",
                base=Path.cwd(),
                places={**PLACES, HOLD: "--duration"},
                indicators=CATALOG,
            )
        except ScenarioError as error:
            raise ScenarioError("command line", [*problems, *error.problems]) from error
        if problems:
            raise ScenarioError("command line", problems)
        return scenario
    values = _user_data(options)
    read, base = opened or read_document(Path(what), user_data=values)
    given = read.get("load")
    pattern = given.get("pattern") if isinstance(given, dict) else None
    over = overrides(options, is_constant_churn=pattern == "constant-churn")
    for note in notes_on(Path(what), user_data=values) if opened is None else ():
        say(f"note: {note}", err=True)
    document = merged(read, over)
    if "objectives" in over:
        document["objectives"] = _from_here(over["objectives"], base)
    return scenario_from_mapping(document, source=what, base=base, places={}, indicators=CATALOG)


def _from_here(objectives: Any, base: Path) -> Any:
    """An option's path counts from where virtslo runs, not from the scenario's file."""
    path = Path(str(objectives))
    return str(path.resolve()) if is_file(path) and path.resolve() != base / path else objectives
