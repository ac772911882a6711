"""Words that several rooms must spell alike: what is counted, the axes of the tables.

Invariant: each has one definition, here or in the module that it is made from; a test refuses a
second one.
"""

from typing import Final, Literal, get_args

from virtslo.model.identifiers import PENDING, RUNNING, SCHEDULED, SCHEDULING
from virtslo.model.kubernetes import resources
from virtslo.model.plan.scenario import Pattern
from virtslo.model.plan.workload import TRAITS, Kind

EVERYONE: Final = "*"
"""In place of a component: all callers together, where a source does not tell them apart."""
EVERY_POD: Final = "*"
"""In place of a pod: all of a component's together."""

COUNTED_RESOURCES: Final = tuple(
    resource.plural
    for resource in (
        resources.VMIS,
        resources.VMS,
        resources.VM_POOLS,
        resources.VMI_REPLICA_SETS,
        resources.PODS,
        resources.EVENTS,
        resources.CONTROLLER_REVISIONS,
    )
)
"""The resources of which requests are counted; those on others are background."""

WATCH: Final = "WATCH"
COUNTED_VERBS: Final = ("CREATE", "GET", "LIST", "PATCH", "UPDATE", "DELETE")
"""The verbs of the indicators of requests, and of the comparison of sources.

Watches are not among them: a client counts a watch when it begins, the API server when it ends.
"""
METRIC_VERBS: Final = (*COUNTED_VERBS, WATCH)
"""Every verb of KubeVirt's own counter of requests, watches too: a perfscale-audit threshold may
name any of them."""

TABLE_PHASES: Final = (PENDING, SCHEDULING, SCHEDULED, RUNNING)
"""The phases of table 2, in its column order (KubeVirt PR 7120)."""
TABLE_VERBS: Final = ("CREATE", "LIST", "PATCH", "UPDATE")
"""The verbs of table 3, in its column order (KubeVirt PR 7120)."""
BESIDE_VERBS: Final = ("GET", "DELETE")
"""The verbs that stand below table 3: its columns are those of KubeVirt PR 7120."""
REFUSED: Final = "refused"
"""Beside them: calls of any verb that were answered with an error."""
TABLE_KINDS: Final = (Kind.VMI, Kind.VM, Kind.VMPOOL)
"""The kinds of the tables, in their order."""
KIND_TITLES: Final = {kind.value: TRAITS[kind].title for kind in TABLE_KINDS}
"""The kinds of the tables, as their headings name them."""
MIXED_TITLE: Final = "several kinds"
"""A replay's kinds, where there are several, as a heading names them."""

OFFERED: Final = "offered"
"""A creation rate of an open-loop load: an input."""
ACCEPTED: Final = "accepted by the API"
"""A creation rate of a closed-loop load: the API's, within the bound of requests in flight."""
MADE: Final = "made by a controller"
"""A creation rate of what no request of the run creates."""

TABLE_PATTERNS: Final = (Pattern.BURST, Pattern.STEADY_STATE)
"""The tests of the tables: these rows are always there."""
TEST_TITLES: Final = {
    Pattern.BURST.key: "Burst",
    Pattern.STEADY_STATE.key: "Steady State",
    Pattern.CONSTANT_CHURN.key: "Constant Churn",
    Pattern.REPLAY.key: "Replay",
}
"""The tests by their key in the JSON document, as the tables name them."""
OF_ARRIVALS: Final = frozenset(pattern.key for pattern in Pattern if not pattern.has_churn)
"""Tests whose figures are of what arrived, until it was Running; of the others, of churn."""

Statistic = Literal[
    "p50",
    "p95",
    "p99",
    "max",
    "mean",
    "value",
    "count",
    "per_object",
    "before",
    "peak",
    "after",
    "per_hour",
    "per_node_hour",
    "per_object_hour",
]
STATISTICS: Final[tuple[str, ...]] = get_args(Statistic)
"""Every statistic that an objective may be about."""
LEAST_SAMPLES: Final = {"p50": 2, "p95": 20, "p99": 100, "max": 1}
"""How many objects a quantile needs (docs/reference/definitions.md)."""
QUANTILES: Final = tuple(LEAST_SAMPLES)
"""The statistics of an indicator with a sample for each object."""
