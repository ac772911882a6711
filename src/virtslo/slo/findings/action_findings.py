"""What a stage of actions has to say: requests that were refused, and machines that did not follow.

Invariant: a machine that did not follow makes the figures of that action prove nothing beyond their
bound, and is reported; a refused request is reported with the server's words.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Final

from virtslo.base.units import format_duration
from virtslo.model.plan.actions import Action
from virtslo.model.run.findings import Finding
from virtslo.slo.catalog.actions import OF_ACTION
from virtslo.slo.record.actions import Acted, acted, shortest_wait
from virtslo.slo.record.measured import Measured
from virtslo.slo.record.refusals import refusals

NAMED: Final = 5


def action_findings(measured: Measured) -> Iterator[Finding]:
    """What was refused and what did not come, action by action."""
    found = acted(measured.record)
    for action in Action:
        of = [each for each in found if each.action is action]
        touches = tuple(definition.name for definition in OF_ACTION[action])
        refused = [each.operation for each in of if each.operation.error is not None]
        if refused:
            yield Finding(
                code="failed_operations",
                detail=f"{len(refused)} of {len(of)} requests to {action.value} a machine failed: "
                f"{refusals(refused)}",
                touches=touches,
                inconclusive=True,
            )
        lost = [each for each in of if each.is_unfinished]
        if lost:
            waited = shortest_wait(lost)
            within = "" if waited is None else f" in {format_duration(round(waited, 1))}"
            yield Finding(
                code="actions_without_effect",
                detail=f"{len(lost)} of {len(of)} requests to {action.value} a machine were "
                f"accepted and had no effect{within}: "
                f"{_names(lost)}",
                touches=touches,
                inconclusive=True,
            )


def _names(lost: list[Acted]) -> str:
    times = Counter(f"{each.operation.namespace}/{each.operation.name}" for each in lost)
    told = ", ".join(sorted(times)[:NAMED])
    more = len(times) - NAMED
    return f"{told} and {more} more" if more > 0 else told
