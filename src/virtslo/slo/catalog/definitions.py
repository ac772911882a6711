"""The catalog of indicators: what each name means, its unit and its source.

Invariant: every indicator that is printed is here; docs and messages about unknown names are made
from this.
"""

import itertools
from dataclasses import dataclass
from typing import Final

from virtslo.model.vocabulary import TABLE_PHASES
from virtslo.slo.catalog.call_definitions import call_definitions


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


def _machines() -> list[Definition]:
    return [
        Definition(
            "vm_creation_to_accepted_seconds",
            "s",
            "from the release of the VM's create to its answer",
            "operations",
        ),
        Definition(
            "vm_creation_to_vmi_created_seconds",
            "s",
            "from the release of the VM's create to the first observation of its VMI",
            "watch",
        ),
        Definition(
            "vm_creation_to_ready_seconds",
            "s",
            "from the release of the VM's create to the VM being ready",
            "watch",
        ),
        Definition(
            "vm_added_to_vmi_created_seconds",
            "s",
            "from the first observation of a VM to that of its VMI",
            "watch",
        ),
        Definition(
            "vmi_running_to_vm_ready_seconds",
            "s",
            "from the first observation of the VMI Running to that of its VM ready",
            "watch",
        ),
        Definition(
            "pool_time_to_first_vm_seconds",
            "s",
            "from the release of the first pool's create to the first VM created through a pool",
            "watch",
        ),
        Definition(
            "pool_creation_rate",
            "pools/s",
            "pools accepted per second, where there are several: (N - 1) / (last - first)",
            "operations",
        ),
    ]


def _churn() -> list[Definition]:
    return [
        Definition(
            "cycle_recovery_seconds",
            "s",
            "from the intended start of a cycle until its own victims are gone and its own "
            "replacements Running; pools: until the population is whole, null where the next "
            "cycle began before; scaling: from the intended scale-out",
            "watch",
        ),
        Definition(
            "scale_in_seconds",
            "s",
            "from the intended scale-in of a cycle until no more VMIs run than were asked for",
            "watch",
        ),
        Definition(
            "replacement_seconds",
            "s",
            "from the intended time of a replacement until its victim is gone and it is Running",
            "watch",
        ),
        Definition(
            "overlapping_cycles",
            "cycles",
            "cycles that were not over when the next one began",
            "watch",
        ),
        Definition(
            "time_below_capacity_share",
            "share",
            "integral of the VMIs missing from count over the churn stage / (count x duration); "
            "a VMI is there while it is Running and not marked for deletion",
            "watch",
        ),
        Definition(
            "churn_duration_seconds",
            "s",
            "the churn stage: to the last start + max(every, its recovery)",
            "operations",
        ),
        Definition(
            "replaced_objects",
            "objects",
            "objects that the churn stage was to replace, of operations that were accepted",
            "operations",
        ),
    ]


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
            "from the release of the delete to the VMI being gone; churn: to the victim and what "
            "it owns being gone",
            "watch",
        ),
        *_machines(),
        *_churn(),
        *(Definition(*text) for text in call_definitions()),
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
