"""Definitions: what the generator itself says of its operations.

Invariant: as of the catalog: every such indicator that is printed is here.
"""

from typing import Final

from virtslo.model.report.indicators import Definition, Section
from virtslo.slo.catalog.family import COUNT, MEAN, OPERATIONS, VALUE, Family

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

OFFERED_RATE: Final = FAMILY.value(
    "offered_rate",
    "objects/s",
    MEAN,
    "open loop: objects intended per second over the second half of the load: an input",
    source=OPERATIONS,
)
ACCEPTED_RATE: Final = FAMILY.value(
    "accepted_rate",
    "objects/s",
    MEAN,
    "open loop: objects that the API accepted per second over the second half of the load",
    source=OPERATIONS,
)
RUNNING_RATE: Final = FAMILY.value(
    "running_rate",
    "VMIs/s",
    MEAN,
    "open loop: VMIs that came to Running per second over the second half of the load",
)
BACKLOG_SLOPE: Final = FAMILY.value(
    "backlog_slope",
    "VMIs/s",
    MEAN,
    "open loop: offered_rate - running_rate: how fast what is not Running yet grows",
)
KEPT_UP: Final = FAMILY.value(
    "kept_up",
    "yes/no",
    VALUE,
    "open loop: 1 where the backlog grew by at most 10 % of offered_rate, 0 where it surely grew "
    "by more; no data where the load was too short to tell",
)
