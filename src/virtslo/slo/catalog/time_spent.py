"""Definitions: where the time from creation to Running goes, and what bounds it.

Invariant: as of the catalog: every such indicator that is printed is here.
"""

from typing import Final

from virtslo.model.identifiers import RUNNING
from virtslo.model.report.indicators import Definition, Section
from virtslo.model.run.rest_calls import COMPONENTS
from virtslo.model.vocabulary import TABLE_PHASES
from virtslo.slo.catalog.family import MEAN, PER_OBJECT, VALUE, WATCH, Family

FAMILY: Final = Family()


def _mean(name: str, text: str) -> Definition:
    return FAMILY.define(Definition(name, "s", MEAN, Section.TIME, text, WATCH))


def _wait(name: str, meaning: str) -> Definition:
    text = f"how long {meaning} in the measured stage, for each VMI"
    return FAMILY.define(Definition(name, "s", PER_OBJECT, Section.TIME, text, COMPONENTS))


TO_PENDING: Final = _mean(
    "mean_seconds_to_pending",
    "from the VMI's creation to the first phase, mean of the VMIs that are Running; "
    "with the means in the phases it adds up to the mean from creation to Running",
)
IN_PHASE: Final = {
    phase: _mean(
        f"mean_seconds_in_{phase.lower()}", f"in phase {phase}, mean of the VMIs that are Running"
    )
    for phase in TABLE_PHASES
    if phase != RUNNING
}

RATE_LIMITER_WAIT: Final = _wait(
    "rate_limiter_wait_seconds", "components waited for their own client's token bucket"
)
API_ANSWER_WAIT: Final = _wait(
    "api_answer_wait_seconds", "components waited for answers of the API server"
)
WORK_QUEUE_WAIT: Final = _wait(
    "work_queue_wait_seconds", "keys waited in virt-controller's work queues"
)
WORK_QUEUE_WORK: Final = _wait(
    "work_queue_work_seconds", "virt-controller's workers worked on keys"
)

CONTROLLER_CALLS: Final = FAMILY.define(
    Definition(
        "controller_calls_per_vmi",
        "requests",
        PER_OBJECT,
        Section.TIME,
        "requests that virt-controller made for each VMI in the measured stage, on every resource "
        "but leases, refused ones too: each takes a token of its client's bucket. Of a burst those "
        "after the last was Running are among them, of churn those of the deletions",
        COMPONENTS,
    )
)
COMPUTED_LEAST: Final = FAMILY.define(
    Definition(
        "computed_least_seconds",
        "s",
        VALUE,
        Section.TIME,
        "the least time until all VMIs of the ramp-up are Running: the calls without which a VMI "
        "does not come to Running, through virt-controller's token bucket: max(0, calls x VMIs - "
        "burst) / qps",
        "KubeVirt's configuration",
    )
)
