"""The scenario of a search's trial, by kind of load and how much of it there is.

Invariant: a trial has enough arrivals, one after another, to say whether latency grows.
"""

from collections.abc import Mapping
from dataclasses import replace
from math import ceil
from typing import TYPE_CHECKING, Any

from virtslo.base.errors import Problem, ScenarioError
from virtslo.cli.options import SCENARIO_OPTIONS, TargetOptions, parameter_of
from virtslo.model.plan.actions import Action, ActionStep
from virtslo.model.plan.workload import TRAITS, Kind
from virtslo.model.whatif.search import MIGRATION

if TYPE_CHECKING:
    from virtslo.model.plan.scenario import Scenario

GROUPS = frozenset({Kind.VMPOOL.value, Kind.VMIRS.value})
MEMBERS = 10
"""Members of a pool or replica set that arrives, where nothing else was asked."""
IN_FLIGHT_REAL = "200"
"""The most that preflight takes for an API server that others use."""
IN_FLIGHT_SIMULATED = "10000"
LEAST_OBJECTS = 80
"""Of a trial: half of them must say whether latency grows."""
LEAST_GROUPS = 20
"""Of a trial whose objects arrive in groups, likewise."""
SHARE_OF_CEILING = 0.25
"""Where a search begins, of the rate that virt-controller's token bucket allows."""
FIRST_COUNT = 20.0
FIRST_MIGRATIONS = 0.1
"""Where a search for migrations begins, per second: five at once may take 50 s each."""


def problems_of_load(options: Mapping[str, Any]) -> list[Problem]:
    """What is wrong with the options that say which load is raised."""
    kind, members = str(options["kind"]).lower(), options.get("members")
    is_rate = options["quantity"] == "rate"
    problems = []
    if members is not None and not (kind in GROUPS and is_rate):
        found = f"{members}, with --kind {options['kind']} --of {options['quantity']}"
        expected = "an arrival rate of vmpool or vmirs"
        problems.append(Problem("--members", found, expected))
    if kind != MIGRATION:
        return problems
    if not is_rate:
        expected = "rate: migrations are asked for one after another"
        problems.append(Problem("--of", repr(options["quantity"]), expected))
    if options.get("arrival") not in {None, "constant"}:
        problems.append(Problem("--arrival", repr(options["arrival"]), "constant, for migrations"))
    return problems


def scenario_of(options: Mapping[str, Any], load: float, duration: float) -> "Scenario":
    """The scenario of a load. Raises ScenarioError."""
    from virtslo.cli.scenarios import read_scenario

    is_migration = str(options["kind"]).lower() == MIGRATION
    fields: dict[str, Any] = {parameter_of(option): None for option, _, _ in SCENARIO_OPTIONS}
    count = objects_at(options, load, duration)
    fields.update(
        kind=Kind.VM.value if is_migration else options["kind"],
        template=options["template"],
        objectives=options["objectives"],
        count=str(count),
    )
    if options["quantity"] == "rate":
        is_real = TargetOptions.of_real(options).is_real
        fields.update(max_in_flight=IN_FLIGHT_REAL if is_real else IN_FLIGHT_SIMULATED)
        if not is_migration:
            rate = load / members_of(options)
            fields.update(arrival=options["arrival"], rate=f"{rate:.6f}/s")
    try:
        scenario: Scenario = read_scenario("burst", fields)
    except ScenarioError as error:
        raise _with_migration(error) from error
    scenario = replace(scenario, repeat=1)
    if is_migration:
        steps = (ActionStep(Action.MIGRATE, rate=load),)
        return replace(scenario, load=replace(scenario.load, actions=steps))
    if options["quantity"] != "rate" or str(options["kind"]).lower() not in GROUPS:
        return scenario
    groups = count // members_of(options)
    return replace(scenario, workload=replace(scenario.workload, groups=groups))


def _with_migration(error: ScenarioError) -> ScenarioError:
    """The same problems; of a kind that does not exist, with the one that a search has besides."""
    problems = [
        replace(problem, expected=f"{problem.expected}, or {MIGRATION}")
        if "kind" in problem.place
        else problem
        for problem in error.problems
    ]
    return ScenarioError(error.source, problems)


def noun_of(kind: str) -> str:
    """What arrives in a search for a kind, as people call one."""
    if kind.lower() == MIGRATION:
        return MIGRATION
    traits = TRAITS.get(Kind(kind.lower())) if kind.lower() in set(Kind) else None
    if traits is None:
        return "object"
    return f"member of a {traits.title}" if traits.is_group else traits.title


def members_of(options: Mapping[str, Any]) -> int:
    """How many objects arrive together: the members of a pool that arrives at a rate, else one."""
    if options["quantity"] != "rate" or str(options["kind"]).lower() not in GROUPS:
        return 1
    return options.get("members") or MEMBERS


def objects_at(options: Mapping[str, Any], load: float, duration: float) -> int:
    """How many objects a trial of a load has; pools and replica sets are whole."""
    if options["quantity"] == "count":
        return ceil(load)
    members = members_of(options)
    least = max(LEAST_OBJECTS, members * LEAST_GROUPS if members > 1 else 0)
    return ceil(max(least, ceil(load * duration)) / members) * members


def first_load(options: Mapping[str, Any], scenario: "Scenario", qps: float) -> float:
    """Where to begin: a share of the rate that virt-controller's client limit allows."""
    from virtslo.model.plan.ceiling import usual_calls

    if options["quantity"] == "count":
        return FIRST_COUNT
    if str(options["kind"]).lower() == MIGRATION:
        return FIRST_MIGRATIONS
    share = SHARE_OF_CEILING * qps / usual_calls(scenario.workload.kind)
    return float(f"{share:.3g}")
