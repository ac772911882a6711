"""Definitions: VMs and pools, from their creates to their VMIs and to ready.

Invariant: as of the catalog: every such indicator that is printed is here.
"""

from typing import Final

from virtslo.slo.catalog.family import MEAN, OPERATIONS, VALUE, Family

FAMILY: Final = Family()

CREATION_TO_ACCEPTED: Final = FAMILY.latency(
    "vm_creation_to_accepted_seconds",
    "from the release of the VM's create to its answer",
    source=OPERATIONS,
)
CREATION_TO_VMI_CREATED: Final = FAMILY.latency(
    "vm_creation_to_vmi_created_seconds",
    "from the release of the VM's create to the first observation of its VMI",
)
CREATION_TO_READY: Final = FAMILY.latency(
    "vm_creation_to_ready_seconds",
    "from the release of the VM's create to the VM being ready",
)
ADDED_TO_VMI_CREATED: Final = FAMILY.latency(
    "vm_added_to_vmi_created_seconds",
    "from the first observation of a VM to that of its VMI",
)
RUNNING_TO_READY: Final = FAMILY.latency(
    "vmi_running_to_vm_ready_seconds",
    "from the first observation of the VMI Running to that of its VM ready",
)
POOL_TIME_TO_FIRST_VM: Final = FAMILY.value(
    "pool_time_to_first_vm_seconds",
    "s",
    VALUE,
    "from the release of the first pool's create to the first VM created through a pool",
)
POOL_CREATION_RATE: Final = FAMILY.value(
    "pool_creation_rate",
    "pools/s",
    MEAN,
    "throughput of accepted pools, where there are several, defined as that of creation_rate",
    source=OPERATIONS,
)
