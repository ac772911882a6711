"""Definitions: how fast VMIs are created, become Running and go.

Invariant: as of the catalog: every such indicator that is printed is here.
"""

import itertools
from typing import Final, NamedTuple

from virtslo.model.identifiers import Phase
from virtslo.model.report.indicators import Definition
from virtslo.model.vocabulary import TABLE_PHASES
from virtslo.slo.catalog.family import COUNT, MEAN, OPERATIONS, VALUE, Family

FAMILY: Final = Family()

CREATION_RATE: Final = FAMILY.value(
    "creation_rate",
    "objects/s",
    MEAN,
    "throughput of creates that the API accepted (a pool's: of VMs created through it): 0.9 N / "
    "(the time by which 90 % of all N intended objects were accepted - the first intended time); "
    "fewer than 20: N / (the last - the first intended time); churn: pooled over cycles. `whose` "
    "says whose rate it is: offered (open loop: an input), accepted by the API (within the bound "
    "of requests in flight), or made by a controller (a pool's, a replica set's)",
    source=OPERATIONS,
)
CONTROLLER_MADE_RATE: Final = FAMILY.value(
    "controller_made_rate",
    "VMIs/s",
    MEAN,
    "throughput of VMIs that a controller made for VMs, pools or replica sets: their first "
    "observations, defined as creation_rate is",
)


class OfPhase(NamedTuple):
    """The indicators of one phase."""

    rate: Definition
    from_creation: Definition
    not_seen: Definition


def _of_phase(phase: Phase) -> OfPhase:
    low = phase.lower()
    return OfPhase(
        rate=FAMILY.value(
            f"phase_rate_{low}",
            "VMIs/s",
            MEAN,
            f"throughput of VMIs entering {phase}, defined as that of creation_rate",
        ),
        from_creation=FAMILY.latency(
            f"vmi_creation_to_{low}_seconds",
            f"from the VMI's creation to the first observation of {phase}; its creation: the "
            "release of its create, or, where a VM, pool or replica set made it, its own first "
            "observation",
        ),
        not_seen=FAMILY.value(
            f"not_seen_{low}", "VMIs", COUNT, f"VMIs for which {phase} was never observed"
        ),
    )


OF_PHASE: Final = {phase: _of_phase(phase) for phase in TABLE_PHASES}

STEPS: Final = {
    (earlier, later): FAMILY.latency(
        f"vmi_{earlier.lower()}_to_{later.lower()}_seconds",
        f"from the first observation of {earlier} to that of {later}",
    )
    for earlier, later in itertools.pairwise(TABLE_PHASES)
}
"""From one phase of table 2 to the next."""

TIME_TO_FIRST_RUNNING: Final = FAMILY.value(
    "time_to_first_running_seconds",
    "s",
    VALUE,
    "from the first intended create to the first VMI Running",
)
TIME_TO_ALL_RUNNING: Final = FAMILY.value(
    "time_to_all_running_seconds",
    "s",
    VALUE,
    "from the first intended create to the last VMI Running",
)
OWNER_CREATION_TO_RUNNING: Final = FAMILY.latency(
    "owner_creation_to_running_seconds",
    "from the release of the create of what owns the VMI (its VM, pool or replica set) to the "
    "first observation of the VMI Running",
)
INTENT_TO_RUNNING: Final = FAMILY.latency(
    "vmi_intent_to_running_seconds",
    "from the intended time of the create, the VMI's or its owner's, to the first observation of "
    "Running",
)
DELETION_TO_GONE: Final = FAMILY.latency(
    "vmi_deletion_to_gone_seconds",
    "from the release of the delete to the VMI being gone; churn: to the victim and what "
    "it owns being gone",
)
