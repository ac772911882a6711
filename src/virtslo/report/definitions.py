"""What the three tables mean, and under which conditions their figures hold.

Invariant: a definition of one test is shown wherever that test was run.
"""

from typing import Final

from virtslo.model.plan.objectives import Promise
from virtslo.model.report.document import Report
from virtslo.report.numbers import number

_ALWAYS: Final = (
    "the cluster is KubeVirt's default configuration but for what is listed under Environment",
    "the load is the one stated: count, arrival, in-flight bound, namespaces",
    "nothing else loaded the cluster meanwhile, or it is listed under Data quality",
)


def conditions(report: Report) -> list[str]:
    """What the user promises, with the load that objectives are promised for and whether the runs
    kept to it; what is promised in return are the objectives."""
    found: dict[tuple[str, str], None] = {}
    for item in report.verdicts:
        found[_load_of(item.promise), item.beyond or ""] = None
    told = [
        f"objectives are promised for {load}: {f'not kept ({beyond})' if beyond else 'kept'}"
        for load, beyond in found
    ]
    if not told and not any(run.objectives for run in report.runs):
        told = ["no objectives were given: nothing is promised"]
    return [*_ALWAYS, *told]


def _load_of(promise: Promise) -> str:
    """The bounds of a load, in words."""
    words = []
    if promise.most_objects is not None:
        words.append(f"at most {number(promise.most_objects)} objects")
    if promise.most_per_second is not None:
        words.append(f"at most {promise.most_per_second:g} arrivals/s")
    if promise.least_nodes is not None:
        words.append(f"at least {number(promise.least_nodes)} nodes")
    return ", ".join(words) or "any load"


TABLE_DEFINITIONS: Final = (
    (
        "rates are throughputs: 0.9 N / (the time by which 90 % of all N intended objects made the "
        "event - the first intended time); of fewer than 20 objects N / (the last - the first "
        "intended time)"
    ),
    "creation rate: objects accepted by the API; VMPool: VMs created through the pool",
    "phase transition rate: VMIs that enter the phase",
    (
        "K8s REST verb: successful requests of virt-api, virt-controller and virt-handler in the "
        "window, on VMIs, VMs, pools, replica sets, pods, events and controllerrevisions"
    ),
    (
        "Burst: everything is requested at once, or as the arrival says; the figures are of the "
        "ramp-up"
    ),
    (
        "Steady State: every cycle replaces a part; the figures are of the churn stage only: a "
        "rate counts from each cycle's own start, N is the mean of a cycle, and the 90 % are of "
        "all cycles' objects"
    ),
    "Constant Churn: replacements arrive at a constant rate; figures of the churn stage only",
    "Replay: a recorded trace is played; figures of the ramp-up, until its last arrival runs",
    "several runs of a test: their geometric mean, with its 95 % interval over runs in brackets",
    "n: how many objects a rate is of, column by column; all cycles, and all runs, together",
)

_ABOUT_TEST: Final = {
    "Burst:": "burst",
    "Steady State:": "steady_state",
    "Constant Churn:": "constant_churn",
    "Replay:": "replay",
}
"""How a definition of one test begins."""


_ALWAYS_IN_WHOLE_TABLES: Final = frozenset({"burst", "steady_state", "constant_churn"})


def table_definitions(report: Report, *, is_whole: bool = False) -> list[str]:
    """The definitions that are about the tests that were run, or those of the tables whole.

    A replay has a row in no table that has none of it, so it is defined only where it was run.
    """
    tests = {run.test for run in report.runs} | (_ALWAYS_IN_WHOLE_TABLES if is_whole else set())
    found = []
    for text in TABLE_DEFINITIONS:
        about = [test for start, test in _ABOUT_TEST.items() if text.startswith(start)]
        if not about or about[0] in tests:
            found.append(text)
    return found
