"""The conditions under which figures and objectives hold, and whether a run kept to them."""

from dataclasses import replace

from virtslo.model.plan.objectives import Promise
from virtslo.model.report.document import Report, RunSummary, Tables
from virtslo.model.report.verdicts import Outcome, Verdict
from virtslo.model.run.environment import Environment
from virtslo.report.definitions import conditions

BURST = RunSummary(
    "run-1", "burst", "vmi", "s", 100, Environment("v1.36.2", "v1.9.0", 2), "runs/1", "complete"
)


def report(*verdicts: Verdict, objectives: str = "o") -> Report:
    run = replace(BURST, objectives=objectives)
    return Report((run,), True, (), Tables({}, {}, {}), (), verdicts)


def verdict(promise: Promise, beyond: str | None = None) -> Verdict:
    return Verdict("r", "o", Outcome.MET, 1.0, 2.0, "s", promise=promise, beyond=beyond)


def test_the_load_that_objectives_are_promised_for_is_said_with_whether_it_was_kept() -> None:
    load = Promise(most_objects=100, most_per_second=20.0, least_nodes=10)
    found = conditions(report(verdict(load), verdict(replace(load, tests=("burst",)))))

    load_of_both = "at most 100 objects, at most 20 arrivals/s, at least 10 nodes"
    assert found[3:] == [f"objectives are promised for {load_of_both}: kept"]


def test_a_load_beyond_the_promise_is_said() -> None:
    beyond = "200 objects, promised for at most 100"

    found = conditions(report(verdict(Promise(most_objects=100), beyond), verdict(Promise())))

    assert found[3:] == [
        f"objectives are promised for at most 100 objects: not kept ({beyond})",
        "objectives are promised for any load: kept",
    ]


def test_without_objectives_nothing_is_promised_in_return() -> None:
    told = conditions(report(objectives=""))[3:]

    assert told == ["no objectives were given: nothing is promised"]
