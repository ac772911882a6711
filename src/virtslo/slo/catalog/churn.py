"""Definitions: what only a churn stage has.

Invariant: as of the catalog: every such indicator that is printed is here.
"""

from typing import Final

from virtslo.model.report.indicators import Definition, Section
from virtslo.model.vocabulary import QUANTILES
from virtslo.slo.catalog.family import OPERATIONS, VALUE, WATCH, Family

FAMILY: Final = Family()

CYCLE_RECOVERY: Final = FAMILY.define(
    Definition(
        "cycle_recovery_seconds",
        "s",
        QUANTILES,
        Section.LATENCIES,
        "from the intended start of a cycle until its own victims are gone and its own "
        "replacements Running; pools: until the population is whole, null where the next "
        "cycle began before; scaling: from the intended scale-out",
        WATCH,
        numbered="cycle",
    )
)
SCALE_IN: Final = FAMILY.latency(
    "scale_in_seconds",
    "from the intended scale-in of a cycle until no more VMIs run than were asked for",
)
REPLACEMENT: Final = FAMILY.latency(
    "replacement_seconds",
    "from the intended time of a replacement until its victim is gone and it is Running",
)
OVERLAPPING_CYCLES: Final = FAMILY.value(
    "overlapping_cycles", "cycles", VALUE, "cycles that were not over when the next one began"
)
TIME_BELOW_CAPACITY: Final = FAMILY.value(
    "time_below_capacity_share",
    "share",
    VALUE,
    "integral of the VMIs missing from count over the churn stage / (count x duration); "
    "a VMI is there while it is Running and not marked for deletion",
)
DURATION: Final = FAMILY.value(
    "churn_duration_seconds",
    "s",
    VALUE,
    "the churn stage: to the last start + max(every, its recovery)",
)
REPLACED_OBJECTS: Final = FAMILY.value(
    "replaced_objects",
    "objects",
    VALUE,
    "objects that the churn stage was to replace, of operations that were accepted",
    source=OPERATIONS,
)
