"""Definitions: what the generator itself says of its operations.

Invariant: as of the catalog: every such indicator that is printed is here.
"""

from typing import Final

from virtslo.model.indicators import Definition, Section
from virtslo.slo.catalog.family import COUNT, OPERATIONS, VALUE, Family

FAMILY: Final = Family()

FAILED_CREATES: Final = FAMILY.value(
    "failed_creates", "operations", COUNT, "creates that were not accepted", source=OPERATIONS
)
CREATE_SUCCESS: Final = FAMILY.value(
    "create_success_ratio",
    "share",
    VALUE,
    "creates that were accepted / creates that were sent, in the measured stage",
    source=OPERATIONS,
)
DELETE_SUCCESS: Final = FAMILY.value(
    "delete_success_ratio",
    "share",
    VALUE,
    "deletes that were accepted / deletes that were sent, in the ramp-down or the churn stage; one "
    "of an object that was gone already counts as accepted",
    source=OPERATIONS,
)
LATENESS: Final = FAMILY.latency(
    "lateness_seconds",
    "the generator's own delay: sent - released (open loop: sent - intended)",
    source=OPERATIONS,
)
IN_FLIGHT_WAIT: Final = FAMILY.define(
    Definition(
        "in_flight_wait_seconds",
        "s",
        ("max",),
        Section.LATENCIES,
        "open loop: time an operation waited for the in-flight bound",
        OPERATIONS,
    )
)
