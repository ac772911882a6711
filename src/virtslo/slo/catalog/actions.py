"""Definitions: what only a stage of actions has.

Invariant: as of the catalog: every such indicator that is printed is here.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from virtslo.model.plan.actions import Action
from virtslo.model.report.indicators import Definition
from virtslo.slo.catalog.family import OPERATIONS, VALUE, Family

FAMILY: Final = Family()

EFFECTS: Final[Mapping[Action, str]] = {
    Action.START: "a VMI of its name is Running (asked to start paused: and paused)",
    Action.STOP: "its VMI is gone",
    Action.RESTART: "another VMI of its name is Running",
    Action.PAUSE: "its VMI has the condition Paused",
    Action.UNPAUSE: "its VMI has the condition Paused no more",
    Action.MIGRATE: "a live migration of its VMI was completed",
}
"""When a machine is as an action wants it."""


class OfAction(NamedTuple):
    """The indicators of one action."""

    latency: Definition
    accepted: Definition


OF_ACTION: Final[Mapping[Action, OfAction]] = {
    action: OfAction(
        FAMILY.latency(
            f"{action.value}_seconds",
            f"from the release of a request to {action.value} a VM until {effect}, over every "
            "request of the action that was accepted, all steps pooled",
        ),
        FAMILY.value(
            f"{action.value}_success_ratio",
            "share",
            VALUE,
            f"requests to {action.value} a VM that were accepted / sent, all steps pooled",
            source=OPERATIONS,
        ),
    )
    for action, effect in EFFECTS.items()
}
