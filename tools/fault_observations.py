"""What complete runs of the swarm under each fault alone said of themselves.

Invariant: these are counts of one command, which `SEEDS` names; no page has others.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, slots=True)
class Runs:
    """Runs under one fault."""

    complete: int
    valid: int
    spoiled_by: Mapping[str, int] = field(default_factory=dict)
    """How many runs each finding made inconclusive."""
    noted: tuple[str, ...] = ()
    """Findings that some of them had and that spoilt nothing."""


SEEDS: Final = "`tools/swarm.py --by-fault --first 350000 --seeds 998`"

SEEN: Final[Mapping[str, Runs]] = {
    "latency": Runs(
        26,
        21,
        {
            "watch_lag": 3,
            "not_recovered": 2,
            "unfinished": 2,
            "failed_operations": 1,
            "not_whole": 1,
        },
        ("watch_lag", "overlap", "withdrawn", "stuck"),
    ),
    "too-many-requests": Runs(
        22,
        17,
        {"failed_operations": 5, "not_recovered": 1},
        ("watch_lag", "not_counted", "deleted_late"),
    ),
    "server-error": Runs(
        47,
        33,
        {
            "failed_operations": 13,
            "not_recovered": 7,
            "unfinished": 3,
            "not_whole": 3,
            "no_room": 2,
        },
        ("not_counted", "deleted_late", "stuck", "overlap", "not_warm", "left_behind", "watch_lag"),
    ),
    "connection-reset": Runs(
        36,
        5,
        {
            "sources_disagree": 27,
            "failed_operations": 4,
            "unfinished": 3,
            "no_room": 2,
            "component_restart": 1,
            "not_recovered": 1,
            "nodes_not_ready": 1,
        },
        (
            "found_by_name",
            "not_counted",
            "not_warm",
            "stuck",
            "overlap",
            "sources_disagree",
            "failed_operations",
            "left_behind",
        ),
    ),
    "slow-webhook": Runs(
        24,
        21,
        {"unfinished": 3, "not_recovered": 2, "watch_lag": 1, "not_whole": 1},
        ("overlap", "stuck"),
    ),
    "dropped-watches": Runs(22, 21, {"unfinished": 1}, ("watch_resumed", "overlap", "withdrawn")),
    "stalled-watches": Runs(
        21,
        17,
        {"not_recovered": 2, "unfinished": 2, "not_whole": 2, "watch_lag": 2},
        ("stuck", "watch_lag"),
    ),
    "compaction": Runs(28, 28, {}, ("watch_relisted", "relist", "overlap", "watch_lag")),
    "api-server-restart": Runs(
        25,
        9,
        {
            "sources_disagree": 14,
            "failed_operations": 3,
            "watch_lag": 3,
            "not_recovered": 2,
            "unfinished": 1,
        },
        ("watch_relisted", "relist", "watch_lag", "watch_resumed", "overlap"),
    ),
    "node-loss": Runs(
        23,
        4,
        {
            "component_restart": 16,
            "nodes_not_ready": 12,
            "unfinished": 11,
            "not_recovered": 4,
            "not_ours": 3,
            "not_whole": 1,
        },
        ("stuck", "not_warm", "overlap", "withdrawn"),
    ),
    "virt-controller-restart": Runs(
        22,
        7,
        {"component_restart": 15, "not_recovered": 2, "unfinished": 2, "not_whole": 2},
        ("overlap", "stuck", "withdrawn"),
    ),
    "leader-change": Runs(19, 8, {"leader_change": 11, "component_restart": 11}, ("overlap",)),
}
