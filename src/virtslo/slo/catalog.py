"""The catalog of indicators: what each name means, its unit and its source.

Invariant: every indicator that is printed is here; docs and messages about unknown names are made
from this.
"""

import itertools
from dataclasses import dataclass
from typing import Final

from virtslo.model.identifiers import TABLE_PHASES


@dataclass(frozen=True, slots=True)
class Definition:
    """What an indicator measures."""

    name: str
    unit: str
    text: str
    source: str


def _phases() -> list[Definition]:
    found: list[Definition] = []
    for phase in TABLE_PHASES:
        low = phase.lower()
        found += [
            Definition(
                f"phase_rate_{low}",
                "VMIs/s",
                f"VMIs entering {phase} per second: (N - 1) / (last - first)",
                "watch",
            ),
            Definition(
                f"vmi_creation_to_{low}_seconds",
                "s",
                f"from the release of the create to the first observation of {phase}",
                "watch",
            ),
            Definition(
                f"not_seen_{low}",
                "VMIs",
                f"VMIs for which {phase} was never observed",
                "watch",
            ),
        ]
    for earlier, later in itertools.pairwise(TABLE_PHASES):
        found.append(
            Definition(
                f"vmi_{earlier.lower()}_to_{later.lower()}_seconds",
                "s",
                f"from the first observation of {earlier} to that of {later}",
                "watch",
            )
        )
    return found


CATALOG: Final = {
    definition.name: definition
    for definition in (
        Definition(
            "creation_rate",
            "objects/s",
            "objects accepted per second: (N - 1) / (last - first)",
            "operations",
        ),
        *_phases(),
        Definition(
            "time_to_all_running_seconds",
            "s",
            "from the first intended create to the last VMI Running",
            "watch",
        ),
        Definition(
            "vmi_intent_to_running_seconds",
            "s",
            "from the intended time of the create to the first observation of Running",
            "watch",
        ),
        Definition(
            "vmi_deletion_to_gone_seconds",
            "s",
            "from the release of the delete to the VMI being gone",
            "watch",
        ),
        Definition("failed_creates", "operations", "creates that were not accepted", "operations"),
        Definition(
            "lateness_seconds",
            "s",
            "the generator's own delay: sent - released (open loop: sent - intended)",
            "operations",
        ),
        Definition(
            "in_flight_wait_seconds",
            "s",
            "open loop: time an operation waited for the in-flight bound",
            "operations",
        ),
    )
}
